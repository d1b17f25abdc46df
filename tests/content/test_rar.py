"""RAR: read, or said why not. Names of encrypted files are read."""

import pytest

from gateway.content import Budget
from gateway.content.rar import _look
from gateway.content.rar_comments import RAR5, of_rar4, read_comments
from gateway.content.reading import Spent
from gateway.model.finding import Place, Readable
from tests.build import noise
from tests.build.rar import rar4, rar5
from tests.content.reading import look, seen

FILES = {"a.txt": b"RESTRICTED\n", "Überblick/b.txt": b"RESTRICTED\n" + noise(9000, "x").hex().encode()}
PACKERS = pytest.mark.parametrize("pack", [rar4, rar5])


@PACKERS
def test_every_file_is_read(pack) -> None:
    outer, *members = look(pack(FILES), "a.rar")

    assert (outer.readable, outer.detected_type, outer.oddities) == (Readable.YES, "application/vnd.rar", ())
    assert [seen(member) for member in members] == [{("restricted", "first_line")}] * 2
    assert {member.names[0].rpartition("/")[2] for member in members} == {"a.txt", "b.txt"}


@PACKERS
def test_of_an_encrypted_file_the_name_is_read(pack) -> None:
    outer, member = look(pack({"OFFICIAL-SENSITIVE.txt": noise(64, "x")}, encrypted=True), "a.rar")

    assert (outer.readable, member.readable) == (Readable.ENCRYPTED, Readable.ENCRYPTED)
    assert ("sensitive", "file_name") in seen(member)


@PACKERS
def test_under_hidden_headers_nothing_is_seen(pack) -> None:
    (outer,) = look(pack({"a.txt": noise(64, "x")}, hidden=True), "a.rar")

    assert outer.readable is Readable.ENCRYPTED


@PACKERS
def test_no_cut_is_clean(pack) -> None:
    data = pack(FILES)

    for cut in range(8, len(data) - 40, len(data) // 40):
        found = look(data[:cut], "a.rar")
        assert any(file.readable is not Readable.YES for file in found), cut


@PACKERS
def test_every_bent_octet_is_answered(pack) -> None:
    data = pack({"a.txt": b"RESTRICTED\n" * 4})

    for at in range(len(data)):
        look(data[:at] + bytes((data[at] ^ 0x44,)) + data[at + 1 :], "a.rar")


@PACKERS
def test_the_comment_is_words(pack) -> None:
    outer, _ = look(pack({"a.txt": b"x"}, comment=b"NHS number: 485 777 3457\nOFFICIAL-SENSITIVE\n"), "a.rar")

    assert (outer.readable, seen(outer)) == (Readable.YES, {("nhs-number", "text"), ("sensitive", "text")})
    assert {item.where for item in outer.evidence} == {"archive comment"}


def test_a_comment_of_windows_is_utf_16() -> None:
    assert ("sensitive", "text") in seen(look(rar4({"a.txt": b"x"}, comment="OFFICIAL-SENSITIVE".encode("utf-16-le")), "a.rar")[0])


@PACKERS
def test_a_comment_that_is_packed_is_unpacked_as_a_file(pack) -> None:
    """There is no free program that packs: so the archive that is made for it has a comment that is not packed."""
    data = pack({"a.txt": b"x"}, comment=b"OFFICIAL-SENSITIVE")
    (comment,) = _look(data, Spent(Budget()))[2] if data.startswith(RAR5) else of_rar4(data, Spent(Budget()))

    assert list(read_comments([comment._replace(packed=b"", is_stored=False)], Spent(Budget()))) == [
        (Place.TEXT, "archive comment", "OFFICIAL-SENSITIVE")
    ]


@pytest.mark.parametrize(
    "data", [rar4({"a.txt": b"x"}, comment=noise(60, "x"), method=0x35), rar5({"a.txt": b"x"}, comment=noise(60, "x"), method=3)]
)
def test_a_comment_that_cannot_be_unpacked_is_not_clean(data: bytes) -> None:
    assert look(data, "a.rar")[0].readable is Readable.UNSUPPORTED


@PACKERS
def test_a_comment_under_a_password_is_not_clean(pack) -> None:
    assert look(pack({"a.txt": noise(64, "x")}, encrypted=True, comment=noise(64, "y")), "a.rar")[0].readable is Readable.ENCRYPTED


def test_one_of_several_volumes_is_not_clean() -> None:
    assert look(rar4(FILES, volume=True), "a.part1.rar")[0].readable is not Readable.YES


@PACKERS
def test_behind_a_picture_it_is_found(pack) -> None:
    outer, *members = look(b"\xff\xd8\xff\xe0\0\x10JFIF\0" + noise(500, "x") + pack(FILES), "a.jpg")

    assert outer.oddities == ("polyglot",)
    assert len(members) == 2
