"""Files as a Mac wraps them: BinHex in a text, AppleSingle and AppleDouble. Each is a member; what is cut is damaged."""

import base64
import gzip
import struct
import time

import pytest

from gateway.content import Budget
from gateway.content.binhex import read_binhex
from gateway.content.reading import Member, Spent
from gateway.model.finding import Readable
from tests.build import docx, noise, prose, zip_of
from tests.build.mac import apple, binhex
from tests.content.reading import look, seen

PERSON = b"NHS number: 485 777 3457\n"


# --- BinHex --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\x90", b"\x90\x90\0\0\0\0\0", bytes(1000), b"a" * 255 + b"b" * 256, noise(5000, "x") + bytes(99)]
)
def test_a_file_comes_out_as_it_went_in(data: bytes) -> None:
    found = list(read_binhex(binhex("a", data, data[::-1]), Spent(Budget())))

    assert [(item.name, item.data) for item in found if isinstance(item, Member)] == [("a", data)] * bool(data)


def test_a_resource_fork_is_words_or_a_file_that_stands_in_it() -> None:
    outer, _ = look(binhex("a", b"x", noise(200, "x") + PERSON * 2), "a.hqx")
    *_, inside = look(binhex("a", b"x", noise(200, "x") + zip_of({"b.txt": PERSON})), "a.hqx")

    assert ("nhs-number", "text") in seen(outer)
    assert ("nhs-number", "text") in seen(inside)


@pytest.mark.parametrize("before", [b"", b"Dear Kim,\r\nhere is the list.\r\n\r\n", b"\xff\xfe ", b"<p>begin</p>"])
@pytest.mark.parametrize("name", ["a.hqx", "a.txt", ""])
def test_a_file_in_a_text_is_a_member(before: bytes, name: str) -> None:
    outer, member = look(before + binhex("list.docx", docx(["x"], header="RESTRICTED")) + b"\r\nKind regards\r\n", name)

    assert "file-in-text" in outer.oddities
    assert member.names == ("list.docx",)
    assert ("restricted", "page_header") in seen(member)


@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_a_file_in_a_body_is_a_member(kind: str) -> None:
    page = b"<pre>%s</pre>" if kind == "text/html" else b"Hello.\r\n\r\n%s"

    *_, member = look(page % binhex("list.txt", PERSON).replace(b"&", b"&amp;" if kind == "text/html" else b"&"), "", kind, is_words=True)

    assert ("nhs-number", "text") in seen(member)


def test_two_files_are_two() -> None:
    assert [file.names for file in look(binhex("a", b"x" * 9) + binhex("b", b"y" * 9), "a.hqx")[1:]] == [("a",), ("b",)]


@pytest.mark.parametrize("kept", [60, 100, 200])
def test_a_file_that_is_cut_is_damaged_and_read_as_far_as_it_goes(kept: int) -> None:
    data = PERSON + noise(200, "x")

    outer, *members = look(binhex("a", data)[: kept + 49], "a.hqx")

    assert outer.readable is Readable.DAMAGED
    assert all(data.startswith(look(binhex("a", data), "a.hqx")[1].sha256 and data[: member.octets]) for member in members)


@pytest.mark.parametrize(
    "text",
    [
        b"It says (This file must be converted with BinHex 4.0)\n: what is that?\n",
        b"It says (This file must be converted with BinHex 4.0)\r\n: " + prose(300).encode(),
        b"It says (This file must be converted with BinHex 4.0), how odd.\n",
        b"(This file must be converted with BinHex 4.0)\n:" + b"fp" * 500,
        binhex("a", b"")[:60],
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.hqx"])
def test_who_only_writes_about_it_has_no_file(text: bytes, name: str) -> None:
    (finding,) = look(text, name)

    assert finding.readable is Readable.YES
    assert not finding.oddities


@pytest.mark.parametrize(
    ("data", "readable"),
    [(b"hello", Readable.YES), (b"Times: 10:30, 11:45\n", Readable.YES), (binhex("a", PERSON).partition(b"\r\n")[2], Readable.UNSUPPORTED)],
)
def test_what_is_only_called_so_is_looked_at(data: bytes, readable: Readable) -> None:
    (finding,) = look(data, "x.hqx")

    assert finding.readable is readable


def test_a_file_with_another_version_or_a_broken_checksum_is_one() -> None:
    whole = b"\1a\0TEXTttxt" + struct.pack(">HII", 0, len(PERSON), 0)
    for head in (whole.replace(b"a\0", b"a\1"), whole):
        (member,) = (item for item in read_binhex(_written(head + b"??" + PERSON + b"??"), Spent(Budget())) if isinstance(item, Member))

        assert member.data == PERSON


@pytest.mark.parametrize("name", [b"list.txt", "R\u00e9sum\u00e9".encode("mac_roman")])
def test_a_file_with_another_version_a_broken_checksum_and_lengths_past_its_end_is_damaged(name: bytes) -> None:
    head = bytes((len(name),)) + name + b"\1TEXTttxt" + struct.pack(">HII", 0, len(PERSON) + 900, 0)

    outer, member = look(_written(head + b"??" + PERSON), "a.hqx")

    assert outer.readable is Readable.DAMAGED
    assert ("nhs-number", "text") in seen(member)


@pytest.mark.parametrize(
    "head",
    [b"\3a:b\1TEXTttxt", b"\3a\0b\1TEXTttxt", b"\0\1TEXTttxt", b"\1a\1TEX\xd4ttxt", b"\1a\1TEXTttx\n", b"\x40" + b"a" * 64 + b"\1TEXTttxt"],
)
def test_what_has_neither_name_nor_kind_of_a_file_is_none(head: bytes) -> None:
    (finding,) = look(_written(head + struct.pack(">HII", 0, 900, 0) + b"??" + PERSON), "a.txt")

    assert finding.readable is Readable.YES
    assert not finding.oddities


def _written(octets: bytes) -> bytes:
    first, letters = binhex("a", b"").splitlines()[0], base64.b64encode(octets).decode().rstrip("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return (
        first
        + b"\r\n:"
        + letters.translate(str.maketrans(alphabet, "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr")).encode()
        + b":"
    )


def test_a_bomb_is_over_budget() -> None:
    assert look(binhex("a", bytes(1_000_000)), "a.hqx", budget=Budget(octets=500_000))[0].readable is Readable.OVER_BUDGET


_LETTERS_OF_REPEATS = b"(This file must be converted with BinHex 4.0)\r\n:" + b"fp" * 500_000 + b":"


def test_the_worst_text_costs_little() -> None:
    """A million octets: of what stands so often, of escapes alone, of beginnings alone."""
    for text in (
        _LETTERS_OF_REPEATS,
        binhex("a", b"\x90" * 370_000),
        binhex("a", b"")[:49] * 20_000,
        b"(This file must be converted with BinHex" * 25_000,
    ):
        started = time.process_time()
        list(read_binhex(text, Spent(Budget())))
        assert time.process_time() - started < 1


# --- AppleSingle, AppleDouble --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("data", [gzip.compress(PERSON), PERSON, docx([PERSON.decode()])], ids=["gzip", "text", "docx"])
def test_the_data_fork_is_a_member(data: bytes, *, single: bool) -> None:
    outer, member, *inside = look(apple({3: b"list", 1: data}, single=single), "a")

    assert (outer.detected_type, outer.readable, member.names) == ("application/applefile", Readable.YES, ("list",))
    assert any(("nhs-number", "text") in seen(file) for file in (member, *inside))


def test_the_comment_beside_a_file_is_words() -> None:
    assert ("nhs-number", "text") in seen(look(apple({9: bytes(32), 4: PERSON}), "._a.docx")[0])


def test_what_a_mac_keeps_beside_every_file_is_nothing() -> None:
    (finding,) = look(apple({9: bytes(32), 2: noise(300, "x")}), "._a.docx")

    assert (finding.readable, finding.evidence) == (Readable.YES, ())


@pytest.mark.parametrize("cut", [20, 30, 60])
def test_one_that_is_cut_is_damaged(cut: int) -> None:
    assert look(apple({3: b"list", 1: PERSON * 4})[:cut], "a")[0].readable is (Readable.YES if cut == 20 else Readable.DAMAGED)
