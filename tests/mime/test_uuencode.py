"""Files in the middle of text."""

import binascii

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.mime.uuencode import files_in_text, files_shown, has_file_in_text, has_file_shown


def uuencoded(octets: bytes, name: bytes = b"a.bin", end: bytes = b"`\nend\n") -> bytes:
    lines = b"".join(binascii.b2a_uu(octets[at : at + 45]) for at in range(0, len(octets), 45))
    return b"begin 644 " + name + b"\n" + lines + end


def yencoded(octets: bytes, name: bytes = b"a.bin") -> bytes:
    text = b"".join(_yenc(octet) for octet in octets)
    return b"=ybegin line=128 size=%d name=%b\r\n%b\r\n=yend size=%d\r\n" % (len(octets), name, text, len(octets))


def _yenc(octet: int) -> bytes:
    shifted = (octet + 42) % 256
    return b"=" + bytes(((shifted + 64) % 256,)) if shifted in b"\0\r\n=" else bytes((shifted,))


@given(st.binary(min_size=1, max_size=300) | st.binary(min_size=1, max_size=8).map(lambda octets: octets.ljust(200, b"\0")))
@example(octets=bytes(4))
@example(octets=bytes(45))
@example(octets=bytes(300))
def test_uuencode_comes_back(octets: bytes) -> None:
    ((name, found),) = files_in_text(b"words\r\n" + uuencoded(octets).replace(b"\n", b"\r\n") + b"more words\r\n")

    assert (name, found) == (b"a.bin", octets)


def test_an_image_that_begins_with_zeros_is_found_when_its_blanks_are_cut_off() -> None:
    octets = bytes(45 * 700) + b"CD001" * 20
    lines = [line.rstrip() for line in uuencoded(octets).splitlines()]

    ((name, found),) = files_in_text(b"\r\n".join(lines))

    assert (name, found) == (b"a.bin", octets)


@given(st.binary(min_size=1, max_size=300))
def test_yenc_comes_back(octets: bytes) -> None:
    ((name, found),) = files_in_text(b"words\r\n" + yencoded(octets))

    assert (name, found) == (b"a.bin", octets)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (uuencoded(b"one", b"a.txt") + uuencoded(b"two", b"b.txt"), [b"a.txt", b"b.txt"]),
        (uuencoded(b"one", b"my file.txt "), [b"my file.txt"]),
        (uuencoded(b"one", end=b""), [b"a.bin"]),
        (uuencoded(b"one" * 30).replace(b"\n", b" \n"), [b"a.bin"]),
        (uuencoded(b"one").replace(b"644", b"0644"), [b"a.bin"]),
        (uuencoded(b"one") + yencoded(b"two", b"b.bin"), [b"a.bin", b"b.bin"]),
        (b"begin-base64 644 a.txt\naGVsbG8=\n====\n", [b"a.txt"]),
        (b"=ybegin line=128 size=5 name=\n\x92\x8f\x96\x96\x99\n", [b""]),
        (b"We begin 644 metres from here.\n", []),
        (b"begin 100 metres from here\nand go on to the old mill, then turn left\n", []),
        (b"begin 644 a.txt\n\nhello\n", []),
        (b"begin 644 a.txt\n`\nend\n", []),
        (b" " + uuencoded(b"one"), [b"a.bin"]),
        (b"".join(b"> " + line for line in uuencoded(b"one" * 30).splitlines(keepends=True)), [b"a.bin"]),
        (uuencoded(b"one" * 30).replace(b"\n", b"\r"), [b"a.bin"]),
        (uuencoded(b"one" * 30).replace(b"\n", b"\n\n"), [b"a.bin"]),
        (uuencoded(b"one" * 30).replace(b"a.bin\n", b"a.bin\nthis is it\n"), [b"a.bin"]),
        (b"".join(b"| " + line for line in yencoded(b"two", b"b.bin").splitlines(keepends=True)), [b"b.bin"]),
        (b"begin 644 a.txt\n1O4\n+\nend\n", []),
        (b"begin 644 a.txt\n1PqtZ\n+\nend\n", [b"a.txt"]),
        (b"begin 644 a.txt\nhappy\nend\n", []),
        (b"- begin 644 metres from here\n- GO ON TO THE OLD MILL\n- turn left\n", []),
        (b"the beginning", []),
    ],
)
def test_what_is_a_file(text: bytes, names: list[bytes]) -> None:
    assert [found.name for found in files_in_text(text)] == names


@pytest.mark.parametrize(
    "text",
    [
        "begin 644 a.bin\n#;VYE\n`\nend\n",
        "be\u200bgin 644 a.bin\n#;VYE\n`\nend\n",
        "be\xadgin 644 a.bin\n#;VYE\n`\nend\n",
        "begin\xa0644\xa0a.bin\n#;VYE\n`\nend\n",
        "\u2060 begin 644 a.bin\n #;VYE\n `\n end\n",
        "begin 644 a.bin\n1PqtZ\n+\nend\n",
    ],
)
def test_what_is_shown_is_a_file_however_it_is_written(text: str) -> None:
    assert has_file_shown(text)
    assert {found.octets for found in files_shown(text)} == {b"one"}


@given(st.binary(min_size=1, max_size=300), st.sampled_from(["latin-1", "cp1252"]))
def test_yenc_comes_back_from_the_characters_that_its_octets_are_shown_as(octets: bytes, codec: str) -> None:
    shown = yencoded(octets).decode(codec, "surrogateescape")

    if not any("\udc80" <= sign <= "\udcff" for sign in shown):  # five octets are no character of windows-1252
        assert octets in {found.octets for found in files_shown(shown)}


def test_a_text_of_nothing_but_beginnings_takes_no_longer_than_others() -> None:
    text = b"begin 644 a\n#86)C\n" * 100_000

    assert has_file_in_text(text)
    assert len(list(files_in_text(text))) == 1000
