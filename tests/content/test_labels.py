"""Sensitivity labels in files: both places, their precedence, and what is no label."""

import pytest

from gateway.content.labels import from_pairs
from gateway.model.finding import EvidenceKind
from tests.build import Label, docx, pdf, pptx, xlsx
from tests.content.reading import look
from tests.content.test_documents import rebuilt

ONE, TWO = "aaaaaaaa-1111-4222-8333-444444444444", "bbbbbbbb-1111-4222-8333-444444444444"
OTHER_TENANT = "99999999-2222-4333-8444-555555555555"


def labels(data: bytes) -> list[tuple[str, str | None, str]]:
    evidence = look(data)[0].evidence
    return [(item.id, item.tenant, item.where) for item in evidence if item.kind is EvidenceKind.LABEL]


def ids(data: bytes) -> list[str]:
    return [label for label, _, _ in labels(data)]


@pytest.mark.parametrize("place", ["custom", "labelinfo", "both"])
def test_a_label_is_found_once_in_either_place(place) -> None:
    where = "docProps/custom.xml" if place == "custom" else "docMetadata/LabelInfo.xml"
    for make in (lambda label: docx(["x"], label=label, label_place=place), lambda label: xlsx([["x"]], label=label, label_place=place)):
        assert labels(make(Label(ONE.upper()))) == [(ONE, Label(ONE).site_id, where)]
    assert ids(pptx(["x"], label=Label(ONE), label_place=place)) == [ONE]


def test_label_info_comes_before_custom_properties_of_the_same_tenant() -> None:
    assert ids(docx(["x"], label=[Label(ONE, place="custom"), Label(TWO, place="labelinfo")])) == [TWO]


def test_custom_properties_count_for_a_tenant_without_a_label_element() -> None:
    assert ids(docx(["x"], label=[Label(ONE, place="custom", site_id=OTHER_TENANT), Label(TWO, place="labelinfo")])) == [TWO, ONE]


def test_a_removed_label_is_none_and_silences_the_custom_properties_of_its_tenant() -> None:
    assert ids(docx(["x"], label=[Label(ONE, place="custom"), Label(ONE, place="labelinfo", removed=True)])) == []


@pytest.mark.parametrize("place", ["custom", "labelinfo"])
def test_a_label_that_is_not_enabled_is_none(place) -> None:
    assert ids(docx(["x"], label=Label(ONE, enabled=False), label_place=place)) == []


def test_label_info_without_its_relationship_is_no_label() -> None:
    info = f'<l:labelList xmlns:l="urn:l"><l:label id="{{{ONE}}}" enabled="1" siteId="{{{OTHER_TENANT}}}" removed="0"/></l:labelList>'

    assert ids(rebuilt(docx(["x"]), {"docMetadata/LabelInfo.xml": info.encode()})) == []


def test_the_name_of_a_label_is_no_marking() -> None:
    (finding,) = look(docx(["x"], label=Label(ONE, name="OFFICIAL-SENSITIVE"), label_place="custom"))

    assert [item.kind for item in finding.evidence] == [EvidenceKind.LABEL]


def test_a_label_in_the_document_information_of_a_pdf() -> None:
    info = {f"MSIP_Label_{ONE}_Enabled": "true", f"MSIP_Label_{ONE}_SiteId": OTHER_TENANT, f"MSIP_Label_{TWO}_Enabled": "false"}

    assert labels(pdf(["x"], info=info)) == [(ONE, OTHER_TENANT, "document information")]


@pytest.mark.parametrize("value", ["true", "True", "1"])
def test_enabled_in_any_spelling(value: str) -> None:
    (label,) = from_pairs([(f"MSIP_Label_{ONE}_enabled", value), (f"MSIP_Label_{ONE}_SiteId", f"{{{OTHER_TENANT.upper()}}}")], "here")

    assert (label.id, label.tenant) == (ONE, OTHER_TENANT)


def test_other_properties_are_no_labels() -> None:
    assert from_pairs([("Release status", "approved"), (f"MSIP_Label_{ONE}_Name", "x"), ("MSIP_Label_x_Enabled", "true")], "here") == ()
