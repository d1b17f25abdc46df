"""Octets to message: structure, header fields, and what is odd. Each message is written out as it stands on the wire."""

import mmap
import tempfile
from datetime import UTC, datetime

import pytest

from gateway.mime.headers import WINDOW_OCTETS
from gateway.model.envelope import Address, Envelope, Peer
from gateway.model.message import Arrival, Defect, DefectName, Encoding, Message, Role
from gateway.parse import parse, parse_buffer
from tests.build import message, noise, png
from tests.mime.wire import names, outline, wire
from tests.stages.reading import Spooled


def test_parse_understands_an_arrival_and_keeps_its_defects() -> None:
    octets = message("a@x.example", "b@y.example", "hello", "words")
    envelope = Envelope(Address("a@x.example", "a", "x.example"), ())
    bare = Defect(DefectName.BARE_LINE_END)
    peer = Peer("127.0.0.1", 1, "x.example")
    at = datetime(2026, 1, 5, tzinfo=UTC)

    parsed = parse(Arrival("1", "in", "ESMTP", peer, envelope, Spooled(octets), at, 1.0, (bare,)))

    assert (parsed.subject, parsed.octets, parsed.defects) == ("hello", len(octets), (bare,))


def test_a_mapped_file_is_read_like_octets_and_let_go() -> None:
    octets = message("a@x.example", "b@y.example", "s", "t", "<p>", [("a.bin", noise(1_000_000), "application/octet-stream")])
    with tempfile.TemporaryFile() as spool:
        spool.write(octets)
        spool.flush()
        mapped = mmap.mmap(spool.fileno(), 0, access=mmap.ACCESS_READ)
        parsed = parse_buffer(mapped)
        mapped.close()  # would raise if a part of it were still held

    assert parsed == parse_buffer(octets)
    assert outline(parsed)[-1] == "2 application/octet-stream file"


# --- header fields ----------------------------------------------------------------------------------------------------


def test_header_fields_are_read_as_a_person_reads_them() -> None:
    octets = wire("""
        Received: from a by b
        \twith SMTP; Mon, 05 Jan 2026 09:00:00 +0000
        From: =?utf-8?q?J=C3=BCrgen?= <J@X.Example>
        Sender: "Office, the" <office@x.example>
        To: b@y.example, =?utf-8?q?=2C_evil=40z=2Eexample?= <c@y.example>
        Cc: Team: d@y.example;
        Subject:  =?utf-8?q?RESTRICTED=3A?=
         =?utf-8?q?_Smith?=
        Message-ID: <m1@x.example>
        X-Empty:

        body
        """)
    parsed = parse_buffer(octets)

    assert parsed.field("received") == "from a by b\twith SMTP; Mon, 05 Jan 2026 09:00:00 +0000"
    assert parsed.field("from") == "Jürgen <J@X.Example>"
    assert parsed.subject == "RESTRICTED: Smith"
    assert parsed.message_id == "m1@x.example"
    assert parsed.field("x-empty") == ""
    assert parsed.field("bcc") is None
    assert octets[parsed.header.end : parsed.header.end + 2] == b"\r\n"


def test_a_fields_span_is_the_whole_field_with_its_line_end() -> None:
    octets = b"A: 1\r\nB: 2\r\n\tmore\r\nC : 3\r\n\r\nbody"
    parsed = parse_buffer(octets)

    assert [(field.name, octets[field.span.start : field.span.end]) for field in parsed.fields] == [
        ("A", b"A: 1\r\n"),
        ("B", b"B: 2\r\n\tmore\r\n"),
        ("C", b"C : 3\r\n"),
    ]
    assert octets[parsed.parts[0].body.start : parsed.parts[0].body.end] == b"body"


@pytest.mark.parametrize(
    ("octets", "fields", "body", "defects"),
    [
        (b"", [], b"", set()),
        (b"\r\nbody", [], b"body", set()),
        (b"no field at all\r\nA: 1\r\n\r\nbody", [], b"no field at all\r\nA: 1\r\n\r\nbody", {DefectName.NO_HEADER}),
        (b"A: 1\r\nodd line\r\nB: 2\r\n\r\nbody", ["A", "B"], b"body", {DefectName.ODD_HEADER}),
        (b"A: 1\r\nodd line and no empty one", ["A"], b"odd line and no empty one", {DefectName.ODD_HEADER}),
        (b"From a@x Mon Jan 5\r\nA: 1\r\n\r\nbody", ["A"], b"body", {DefectName.ODD_HEADER}),
        (b" stray\r\nA: 1\r\n\r\nbody", ["A"], b"body", {DefectName.ODD_HEADER}),
        (b"A: 1", ["A"], b"", set()),
        (b"A: 1\r\n", ["A"], b"", set()),
        (b"A: 1\r\n\r\n", ["A"], b"", set()),
        (b": 1\r\n\r\nbody", [], b": 1\r\n\r\nbody", {DefectName.NO_HEADER}),
        (b"A: " + b"x" * 70_000 + b"\r\nB: 2\r\n\r\nbody", ["A"], b"body", {DefectName.HEADER_TOO_LARGE}),
        (b"A: 1\r\n" * 1001 + b"\r\nbody", ["A"] * 1000, b"body", {DefectName.HEADER_TOO_LARGE}),
    ],
)
def test_odd_header_sections(octets: bytes, fields: list[str], body: bytes, defects: set[DefectName]) -> None:
    parsed = parse_buffer(octets)
    (part,) = parsed.parts

    assert [field.name for field in parsed.fields] == fields
    assert octets[part.body.start : part.body.end] == body
    assert names(parsed) == defects


# --- structure --------------------------------------------------------------------------------------------------------


def multipart(body: str, kind: str = "mixed", boundary: str = "b") -> tuple[Message, bytes]:
    octets = wire(f"""
        MIME-Version: 1.0
        Content-Type: multipart/{kind}; boundary="{boundary}"

        """) + wire(body)
    return parse_buffer(octets), octets


def bodies(parsed: Message, octets: bytes) -> list[bytes]:
    return [octets[part.body.start : part.body.end] for part in parsed.parts if part.role is not Role.CONTAINER]


def test_a_plain_message_is_one_part() -> None:
    parsed = parse_buffer(b"Subject: x\r\n\r\nwords\r\n")
    (part,) = parsed.parts

    assert outline(parsed) == ["1 text/plain body"]
    assert (part.charset, part.encoding, part.names, part.parent) == (None, Encoding.IDENTITY, (), None)
    assert parsed.defects == ()


def test_parts_are_counted_as_imap_counts() -> None:
    octets = message(
        "a@x.example",
        "b@y.example",
        "s",
        "t",
        "<img src='cid:i1'>",
        [("a.pdf", b"%PDF", "application/pdf")],
        [("i1", "i.png", png(), "image/png")],
    )

    assert outline(parse_buffer(octets)) == [
        "0 multipart/mixed container",
        "1 multipart/alternative container",
        "1.1 text/plain body",
        "1.2 multipart/related container",
        "1.2.1 text/html body",
        "1.2.2 image/png inline",
        "2 application/pdf file",
    ]


def test_preamble_epilogue_blanks_and_empty_parts() -> None:
    parsed, octets = multipart("""
        preamble
        --b \t

        one
        --b
        --b

        --b
        X: y

        four

        --b-- \t
        epilogue
        """)

    assert bodies(parsed, octets) == [b"one", b"", b"", b"four\r\n"]
    assert names(parsed) == {DefectName.ODD_DELIMITER}  # not every reader lets blanks follow


def test_a_boundary_that_begins_another_one() -> None:
    parsed, octets = multipart("""
        --b
        Content-Type: multipart/mixed; boundary="bb"

        --bb

        inner
        --bb--
        --b

        --b--x is text
        --b2 is text
        --b--
        """)

    assert outline(parsed) == ["0 multipart/mixed container", "1 multipart/mixed container", "1.1 text/plain body", "2 text/plain body"]
    assert bodies(parsed, octets) == [b"inner", b"--b--x is text\r\n--b2 is text"]


def test_an_outer_delimiter_ends_an_inner_multipart() -> None:
    parsed, octets = multipart("""
        --b
        Content-Type: multipart/mixed; boundary=inner

        --inner

        one
        --b

        two
        --b--
        """)

    assert bodies(parsed, octets) == [b"one", b"two"]
    assert parsed.defects == (Defect(DefectName.BOUNDARY_UNCLOSED, "1"),)


def test_a_missing_closing_delimiter() -> None:
    parsed, octets = multipart("--b\n\none\n--b\n\ntwo\n")

    assert bodies(parsed, octets) == [b"one", b"two\r\n"]
    assert names(parsed) == {DefectName.BOUNDARY_UNCLOSED}


@pytest.mark.parametrize("body", ["no delimiter\n", "--b--\n", "--x\n\ntext\n--x--\n", ""])
def test_a_multipart_without_its_delimiter_is_one_file(body: str) -> None:
    parsed, octets = multipart(body)

    assert outline(parsed) == ["1 multipart/mixed file"]
    assert bodies(parsed, octets) == [wire(body)]
    assert names(parsed) == {DefectName.BOUNDARY_MISSING}


def test_parts_behind_the_closing_delimiter_are_named() -> None:
    parsed, octets = multipart("--b\n\none\n--b--\n--b\n\nhidden\n--b--\n")

    assert bodies(parsed, octets) == [b"one"]
    assert [octets[part.body.start : part.body.end] for part in parsed.otherwise] == [b"hidden"]
    assert names(parsed) == {DefectName.PART_OUTSIDE}


def test_an_attached_message_has_its_own_parts() -> None:
    parsed, _ = multipart("""
        --b

        words
        --b
        Content-Type: message/rfc822
        Content-Disposition: attachment; filename="old.eml"

        Subject: inner
        Content-Type: multipart/mixed; boundary=c

        --c

        inner words
        --c
        Content-Type: message/rfc822

        Subject: innermost

        innermost words
        --c--
        --b--
        """)

    assert outline(parsed) == [
        "0 multipart/mixed container",
        "1 text/plain body",
        "2 message/rfc822 file",
        "2.0 multipart/mixed container",
        "2.1 text/plain body",
        "2.2 message/rfc822 file",
        "2.2.1 text/plain body",
    ]
    assert [part.parent for part in parsed.parts] == [None, "0", "0", "2", "2.0", "2.0", "2.2"]


def test_the_members_of_a_digest_are_messages() -> None:
    parsed, _ = multipart("--b\n\nSubject: one\n\nwords\n--b--\n", "digest")

    assert outline(parsed) == ["0 multipart/digest container", "1 message/rfc822 file", "1.1 text/plain body"]


# --- where readers may differ -----------------------------------------------------------------------------------------


def part(fields: str, body: str = "QUJD\n") -> Message:
    return parse_buffer(wire(f"MIME-Version: 1.0\n{fields}\n\n{body}"))


@pytest.mark.parametrize(
    ("value", "encoding", "is_odd"),
    [
        ("base64", Encoding.BASE64, False),
        ("BASE64", Encoding.BASE64, False),
        ("base64  ", Encoding.BASE64, False),
        ("\n base64", Encoding.BASE64, False),
        ("base64;", Encoding.BASE64, True),
        ("base64 (really)", Encoding.BASE64, True),
        ('"base64"', Encoding.BASE64, True),
        ("Quoted-Printable", Encoding.QUOTED_PRINTABLE, False),
        ("x-uuencode", Encoding.UUENCODE, False),
        ("8bit", Encoding.IDENTITY, False),
        ("binary", Encoding.IDENTITY, False),
        ("base 64", Encoding.UNKNOWN, True),
        ("utf-8", Encoding.UNKNOWN, True),
        ("", Encoding.UNKNOWN, True),
    ],
)
def test_encoding_tokens(value: str, encoding: Encoding, *, is_odd: bool) -> None:
    parsed = part(f"Content-Type: application/pdf\nContent-Transfer-Encoding: {value}")

    assert parsed.parts[0].encoding is encoding
    # Who does not know a token takes the file as it stands; one that nobody knows is decoded in every way under one id.
    assert [other.encoding for other in parsed.otherwise] == ([Encoding.IDENTITY] if is_odd and encoding is not Encoding.UNKNOWN else [])
    assert names(parsed) == ({DefectName.ODD_ENCODING, DefectName.READINGS_DISAGREE} if is_odd else set())


def test_two_encodings_are_an_unknown_one() -> None:
    parsed = part("Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64")

    assert parsed.parts[0].encoding is Encoding.UNKNOWN
    assert names(parsed) == {DefectName.DUPLICATE_HEADER, DefectName.CONFLICTING_HEADER}


def test_two_content_types() -> None:
    parsed = part("Content-Type: text/plain\nContent-Type: application/zip; name=a.zip")

    assert parsed.parts[0].media_type == "text/plain"
    assert parsed.parts[0].names == ("a.zip",)
    assert parsed.parts[0].role is Role.FILE  # the name alone makes it one
    assert [other.media_type for other in parsed.otherwise] == ["application/zip"]
    assert names(parsed) == {DefectName.DUPLICATE_HEADER, DefectName.CONFLICTING_HEADER}


def test_the_same_field_twice_is_named_too() -> None:
    assert names(part("Content-Type: text/plain\nContent-Type: text/plain")) == {DefectName.DUPLICATE_HEADER}


def test_two_boundaries_that_both_split() -> None:
    octets = wire("""
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary=one; boundary=two

        --one

        words
        --two
        Content-Type: application/zip

        zip
        --two--
        --one--
        """)

    assert DefectName.READINGS_DISAGREE in names(parse_buffer(octets))


@pytest.mark.parametrize(
    ("value", "media_type"),
    [
        ("TEXT/HTML", "text/html"),
        ("text/html (a comment); charset=x", "text/html"),
        ('"text/html"', "text/html"),
        ("text", "text/plain"),
        ("", "text/plain"),
        ("text/", "text/plain"),
        ("a/b/c", "text/plain"),
    ],
)
def test_media_types(value: str, media_type: str) -> None:
    assert part(f"Content-Type: {value}").parts[0].media_type == media_type


def test_every_candidate_of_a_name_from_both_fields() -> None:
    parsed = part("Content-Type: application/zip; name=b.zip\nContent-Disposition: attachment; filename=a.txt; filename*=utf-8''c%2Eexe")

    assert parsed.parts[0].names == ("c.exe", "a.txt", "b.zip")


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "x-strange"])
def test_an_encoded_message_is_a_file_to_be_read_as_a_whole(encoding: str) -> None:
    parsed = part(f"Content-Type: message/rfc822\nContent-Transfer-Encoding: {encoding}")

    assert outline(parsed) == ["1 message/rfc822 file"]
    assert DefectName.ENCODED_COMPOSITE in names(parsed)


def test_an_encoded_multipart_is_a_file_unless_its_delimiters_stand_there_in_clear() -> None:
    fields = "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64"
    hidden, clear = part(fields, "LS1iDQoNCg==\n"), part(fields, "--b\n\nwords\n--b--\n")

    assert outline(hidden) == ["1 multipart/mixed file"]
    assert outline(clear) == ["0 multipart/mixed container", "1 text/plain body"]
    assert names(hidden) == names(clear) == {DefectName.ENCODED_COMPOSITE}


def test_a_message_without_mime_version() -> None:
    assert names(parse_buffer(b"Content-Type: text/html\r\n\r\nx")) == {DefectName.MIME_VERSION_MISSING}


# --- limits -----------------------------------------------------------------------------------------------------------


def test_too_many_parts_are_one_file_from_there_on() -> None:
    parsed, octets = multipart("--b\n\nx\n" * 5000 + "--b--\n")
    last = parsed.parts[-1]

    assert len(parsed.parts) <= 1001
    assert last.role is Role.FILE
    assert octets[last.body.start : last.body.end].count(b"--b\r\n") > 3900
    assert names(parsed) == {DefectName.TOO_MANY_PARTS}


def test_too_many_parts_in_many_multiparts() -> None:
    inner = "--b\nContent-Type: multipart/mixed; boundary=c\n\n" + "--c\n\nx\n" * 400 + "--c--\n"
    parsed, octets = multipart(inner * 5 + "--b--\n")

    assert len(parsed.parts) <= 1010
    assert parsed.parts[-1].role is Role.FILE
    assert parsed.parts[-1].body.end == len(octets)
    assert DefectName.TOO_MANY_PARTS in names(parsed)


@pytest.mark.parametrize("kind", ["multipart", "message"])
def test_too_deep_is_one_file(kind: str) -> None:
    levels = range(200)
    if kind == "message":
        octets = b"MIME-Version: 1.0\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 200 + b"\r\nwords"
    else:
        octets = b"MIME-Version: 1.0\r\n" + b"".join(
            b"Content-Type: multipart/mixed; boundary=b%dx\r\n\r\n--b%dx\r\n" % (at, at) for at in levels
        )
    parsed = parse_buffer(octets)

    assert len(parsed.parts) == 31
    assert parsed.parts[-1].role is Role.FILE
    assert DefectName.TOO_DEEP in names(parsed)


def test_lines_that_only_look_like_a_delimiter_are_counted() -> None:
    parsed, octets = multipart("--b\n\nwords\n" + "--bx\n" * 20_000 + "--b\n\nlast\n--b--\n")

    assert DefectName.TOO_MANY_PARTS in names(parsed)
    assert parsed.parts[-1].role is Role.FILE
    assert parsed.parts[-1].body.end == len(octets)


def test_delimiters_far_apart_are_found() -> None:
    far = "x" * 76 + "\n"
    parsed, octets = multipart("--b\n\n" + far * 12_000 + "-\n--b\n\n" + far * 9_000 + "--b--\n")

    assert [len(body) for body in bodies(parsed, octets)] == [12_000 * 78 + 1, 9_000 * 78 - 2]


def test_a_delimiter_cut_by_the_border_of_a_window_is_found() -> None:
    before = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=border\r\n\r\n--border\r\n\r\n"
    for cut in range(14):
        # The search goes on behind the first delimiter line, at its line end.
        words = b"x" * (WINDOW_OCTETS - 2 - cut)
        octets = before + words + b"\r\n--border\r\n\r\n" + b"y" * WINDOW_OCTETS + b"\r\n--border--\r\n"

        assert [len(body) for body in bodies(parse_buffer(octets), octets)] == [len(words), WINDOW_OCTETS]


def test_an_empty_line_cut_by_the_border_of_a_window_is_found() -> None:
    for cut in range(8):
        field = b"A: " + b"x" * (8 * 1024 - 3 - cut)
        octets = field + b"\r\n\r\nwords\r\n\r\nmore"

        assert bodies(parse_buffer(octets), octets) == [b"words\r\n\r\nmore"]
