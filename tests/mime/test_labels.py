"""Sensitivity labels in the header section."""

import pytest

from gateway.mime.labels import header_labels
from gateway.model.finding import EvidenceKind, Place
from gateway.parse import parse_buffer
from tests.build import Label, message
from tests.build.labels import TENANT

ONE = "aaaaaaaa-1111-4111-8111-111111111111"
TWO = "bbbbbbbb-2222-4222-8222-222222222222"
PARTNER = "99999999-9999-4999-8999-999999999999"


def labels(*values: str, name: str = "msip_labels") -> list[tuple[str, str | None]]:
    octets = message("a@x.example", "b@y.example", "s", "t", headers=[(name, value) for value in values])
    return [(found.id, found.tenant) for found in header_labels(parse_buffer(octets).fields)]


def test_a_label_is_its_id_and_the_tenant_it_names() -> None:
    octets = message("a@x.example", "b@y.example", "s", "t", headers=[("msip_labels", Label(ONE.upper()).header_value())])
    (found,) = header_labels(parse_buffer(octets).fields)

    assert (found.kind, found.id, found.tenant) == (EvidenceKind.LABEL, ONE, TENANT)
    assert (found.where, found.place) == ("header field msip_labels", Place.HEADER_FIELD)


def test_labels_of_several_tenants_stand_in_one_field() -> None:
    assert labels("; ".join((Label(ONE).header_value(), Label(TWO, site_id=PARTNER).header_value()))) == [(ONE, TENANT), (TWO, PARTNER)]


@pytest.mark.parametrize("separator", [";", " ;  ", ";\r\n ", ";\r\n\t", "; ;"])
def test_any_blanks_between_the_pairs(separator: str) -> None:
    assert labels(Label(ONE).header_value().replace("; ", separator)) == [(ONE, TENANT)]


@pytest.mark.parametrize("name", ["MSIP_Labels", "msip_labels", "MSIP_LABELS"])
def test_the_name_of_the_field_in_any_case(name: str) -> None:
    assert labels(Label(ONE).header_value(), name=name) == [(ONE, TENANT)]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (f"MSIP_Label_{ONE}_Enabled=True; MSIP_Label_{ONE}_SiteId={TENANT}; Sensitivity=Restricted", [(ONE, TENANT)]),
        (f"MSIP_Label_{ONE}_EnabledV2=true; MSIP_Label_{ONE}_SiteId={{{TENANT.upper()}}}", [(ONE, TENANT)]),
        (f"MSIP_Label_{ONE}_Enabled=true; MSIP_Label_{ONE}_Ref=https://x/?a=b; MSIP_Label_{ONE}_SetBy=a@x.example", [(ONE, None)]),
        (f"MSIP_Label_{ONE}_Enabled=false; MSIP_Label_{ONE}_SiteId={TENANT}", []),
        (f"MSIP_Label_{ONE}_SiteId={TENANT}", []),
        (f"MSIP_Label_{ONE}_Enabled=true; MSIP_Label_{ONE}_Enabled=false; MSIP_Label_{ONE}_SiteId={TENANT}", [(ONE, TENANT)]),
        ("MSIP_Label_x_Enabled=true; =; ;;; nonsense", []),
        ("", []),
    ],
)
def test_attributes_old_odd_and_missing(value: str, found: list[tuple[str, str | None]]) -> None:
    assert labels(value) == found


def test_no_field_no_label() -> None:
    assert labels() == []
