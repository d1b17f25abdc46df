"""Macros of a document: their source is read, and what only has their name is a file."""

import io
import zipfile

import pytest

from gateway.content.macros import decompressed
from gateway.content.reading import Budget, Spent
from tests.build import docx, zip_of
from tests.content.compound import compound
from tests.content.reading import look, seen

# The examples of [MS-OVBA] 3.2.1 to 3.2.3.
PLAIN = bytes.fromhex("0119b000616263646566676800696a6b6c6d6e6f70007172737475762e")
USUAL = bytes.fromhex("012fb00023616161626364658266007061676869 6a0138 08616b6c00306d6e6f70067102700410727374757610777879 7a003c")
REPEATED = bytes.fromhex("0103b002614500")


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        (PLAIN, b"abcdefghijklmnopqrstuv."),
        (USUAL, b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"),
        (REPEATED, b"a" * 73),
        (b"", b""),
        (b"\x01", b""),
        (b"\x01\x19\x00", b""),
        (b"\x02" + PLAIN[1:], b""),
    ],
)
def test_the_examples_of_the_standard(packed: bytes, text: bytes) -> None:
    assert decompressed(packed, 0, Spent(Budget())) == text


def stored(text: bytes) -> bytes:
    """A container in which every character stands as it is."""
    chunk = b"".join(b"\0" + text[at : at + 8] for at in range(0, len(text), 8))
    return b"\x01" + (0xB000 | len(chunk) - 1).to_bytes(2, "little") + chunk


def with_macros(octets: bytes) -> bytes:
    target = io.BytesIO(docx(["A plan."]))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("word/vbaProject.bin", octets)
    return target.getvalue()


@pytest.mark.parametrize(
    "streams",
    [
        {"VBA/Module1": bytes(40) + stored(b"Attribute VB_Name\r\n' OFFICIAL-SENSITIVE\r\n")},
        {
            "VBA/dir": stored(b"\x31\x00\x04\x00\x00\x00" + (40).to_bytes(4, "little")),
            "VBA/Module1": bytes(40) + stored(b"' OFFICIAL-SENSITIVE\r\n"),
        },
        {"VBA/Module1": b"OFFICIAL-SENSITIVE"},
    ],
)
def test_the_source_of_macros_is_read(streams: dict[str, bytes]) -> None:
    (document,) = look(with_macros(compound(streams)), "plan.docm")

    assert "macros" in document.oddities
    assert ("sensitive", "text") in seen(document)


@pytest.mark.parametrize("octets", [b"OFFICIAL-SENSITIVE", zip_of({"a.txt": b"OFFICIAL-SENSITIVE"}), docx(["OFFICIAL-SENSITIVE"])])
def test_what_is_only_called_macros_reached_outsiders_in_clear(octets: bytes) -> None:
    document, *members = look(with_macros(octets), "plan.docm")

    assert "macros" in document.oddities
    assert "sensitive" in {name for member in members for name, _ in seen(member)}
