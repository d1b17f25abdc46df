"""Names in a ZIP archive: every reading that some program takes, the same for archives and for office packages."""

import pytest

from gateway.content.package import Package
from gateway.content.reading import Budget, Spent
from gateway.content.zip_fields import UNICODE_PATH, UTF8, names_of
from gateway.content.zip_index import find_entries
from gateway.content.zips import Archive
from tests.build.zips import Lie, lying_zip


@pytest.mark.parametrize(
    ("raw", "flags", "extras", "names"),
    [
        (b"plan.docx", 0, {}, ("plan.docx",)),
        (b"plan.docx", UTF8, {}, ("plan.docx",)),
        ("plän.docx".encode(), UTF8, {}, ("plän.docx",)),
        ("plän.docx".encode(), 0, {}, ("plän.docx", "pl├ñn.docx")),
        (b"pl\x84n.docx", 0, {}, ("plän.docx",)),
        (b"pl\x84n.docx", UTF8, {}, ("pl\ufffdn.docx", "plän.docx")),
        (b"list.txt", 0, {UNICODE_PATH: b"\1crc_plan.docx"}, ("plan.docx", "list.txt")),
        (b"a.txt\0.docx", 0, {}, ("a.txt", "a.txt.docx")),
    ],
)
def test_every_reading_of_a_name(raw: bytes, flags: int, extras: dict[int, bytes], names: tuple[str, ...]) -> None:
    assert names_of(raw, flags, extras) == names


@pytest.mark.parametrize("flags", [0, UTF8])
def test_office_packages_and_archives_read_names_alike(flags: int) -> None:
    data = lying_zip([Lie("häder.xml", b"<a/>", local={"flags": flags}, central={"flags": flags})])

    (listed,) = Archive(data).entries
    (found,) = find_entries(data, Spent(Budget())).entries

    assert listed.names == found.names
    assert listed.names[0] == "häder.xml"
    assert ("h├ñder.xml" in listed.names) is (not flags)


def test_a_part_is_found_under_each_reading_of_its_name() -> None:
    package = Package(lying_zip([Lie("häder.xml", b"<a/>"), Lie("other.xml", b"<b/>")]), Spent(Budget()))

    assert [entry.octets for entry in package.find("Häder.xml")] == [entry.octets for entry in package.find("h├ñder.xml")] != []
    assert not package.has_duplicates


def test_two_parts_that_one_program_calls_the_same_are_duplicates() -> None:
    assert Package(lying_zip([Lie("ä.xml", b"<a/>"), Lie("├ñ.xml", b"<b/>")]), Spent(Budget())).has_duplicates
