"""Files out, words in: everything else is what it was, and whoever reads the mail sees the words first."""

import base64
import email
import html
import re
from binascii import b2a_qp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mime.block import Block, Kind, Row
from gateway.mime.decode import decode
from gateway.mime.edited import Edited
from gateway.mime.replace import Edit, edit_of, may_take, read_bodies
from gateway.mime.sizes import BLOCK_OCTETS
from gateway.model.message import Role
from gateway.parse import parse_buffer
from tests.doubles import Octets

LINK = "https://share.own.example/#" + "Ab-_" * 11
ENGLISH = Block(
    "en",
    (
        (Row(Kind.HEADING, "Files by link"),),
        (
            Row(Kind.ITEM, "File 1: PDF, 24.3 MB"),
            Row(Kind.ITEM, "File 2: <b> & -- so on, a long name that goes on and on over the line's end"),
        ),
        (Row(Kind.LINK, "Open the files", LINK),),
        (Row(Kind.WORDS, "Yours until 10 December 2026."),),
    ),
)
SPANISH = Block("es", ((Row(Kind.LINK, "Abra los archivos aquí", LINK),), (Row(Kind.WORDS, "Código: él lo tendrá."),)))
ARABIC = Block("ar", ((Row(Kind.ITEM, "الملف 1: PDF, 24.3 MB"),), (Row(Kind.LINK, "افتح الملفات", LINK),)))


def edited(octets: bytes, files, blocks=(ENGLISH,)) -> bytes | None:
    edit = edit_of(octets, parse_buffer(octets), files)
    if edit is None:
        return None
    splices = edit.splices(blocks)
    assert splices is not None
    assert list(splices) == sorted(splices)
    return Edited(Octets(octets), splices).read(0, 1 << 30)


def files_of(octets: bytes) -> list[str]:
    return [part.id for part in parse_buffer(octets).parts if part.role is Role.FILE]


def decoded(octets: bytes) -> list[tuple[str, bytes]]:
    """The leaves as the standard library has them."""
    return [
        (part.get_content_type(), part.get_payload(decode=True))
        for part in email.message_from_bytes(octets).walk()
        if not part.is_multipart()
    ]


def mail(body: bytes, *more: bytes, kind=b"mixed") -> bytes:
    parts = b"".join(b"--b\r\n" + part + b"\r\n" for part in (body, *more))
    return b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/%s; boundary=b\r\n\r\n%s--b--\r\n" % (kind, parts)


def text(words: bytes, charset=b"utf-8", encoding=b"7bit", kind=b"plain", more=b"") -> bytes:
    return b"Content-Type: text/%s; charset=%s%s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s" % (kind, charset, more, encoding, words)


FILE = b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(b"%PDF" * 30).replace(
    b"\n", b"\r\n"
)


# --- as people see it -------------------------------------------------------------------------------------------------


def test_a_plain_mail_with_a_file():
    octets = mail(text(b"Dear Ms Smith,\r\n\r\nhere it is.\r\n"), FILE)
    words = (
        "Files by link\r\n\r\n"
        "- File 1: PDF, 24.3 MB\r\n- File 2: <b> & -- so on, a long name that goes on and on over the\r\n  line's end\r\n\r\n"
        f"Open the files:\r\n{LINK}\r\n\r\nYours until 10 December 2026.\r\n\r\n* * *\r\n\r\n"
    )

    assert edited(octets, ["2"]) == mail(text(words.encode() + b"Dear Ms Smith,\r\n\r\nhere it is.\r\n"))


def test_html_has_the_words_behind_the_body_tag_and_keeps_its_head():
    page = b"<!DOCTYPE html>\r\n<html><head><style>p{}</style><!-- <body> --></head><body lang=EN-GB>\r\n<p>Dear</p></body></html>"
    found = edited(mail(text(page, kind=b"html"), FILE), ["2"])

    before, _, after = found.partition(b"<body lang=EN-GB>")
    assert before.endswith(b"<!-- <body> --></head>")
    assert after.lstrip().startswith(b'<div lang="en" dir="ltr"')
    assert b"&lt;b&gt; &amp; -- so on" in after
    assert b'href="%s"' % LINK.encode() in after.replace(b"\r\n", b" ")
    assert after.partition(b"</div>\r\n")[2].startswith(b"\r\n<p>Dear</p></body></html>")


@pytest.mark.parametrize(
    ("page", "where"),
    [
        (b"<p>Dear</p>", 0),
        (b"Dear", 0),
        (b"<html><p>Dear", 6),
        (b"<head><script>'<body>'</script></head>Dear", 38),
        (b"<!--[if mso]><body><![endif]--><body\r\nclass='a>b'><p>x", 50),
        (b"<meta charset=x><div><body>", 16),
        (b"<!-- nothing -->\r\n", 16),
    ],
)
def test_where_a_page_begins(page, where):
    octets = mail(text(page, kind=b"html"), FILE)
    message = parse_buffer(octets)
    edit = edit_of(octets, message, ["2"])

    assert edit.gaps[0].gap.start == where


@pytest.mark.parametrize(
    "page",
    [
        b"<!--><textarea> --> <body>x",
        b"<!-- --!><textarea> -->x",
        b'<meta a=x"y><textarea>z">',
        b"<meta<textarea>",
        b"<meta\x0b><textarea>",
        b"<xml><div hidden></xml>",
        b"<template><template></template>x",
        b"<noscript><textarea></noscript>",
    ],
)
def test_what_two_browsers_end_in_two_places_does_not_swallow_the_words(page):
    octets = mail(text(b"<head><title>t</title>" + page, kind=b"html"), FILE)

    assert edit_of(octets, parse_buffer(octets), ["2"]).gaps[0].gap.start == len(b"<head><title>t</title>")


@pytest.mark.parametrize(
    "page", [b"<style></style-x>", b"<script><!--<script></script>", b"<title></titles>", b"<style>", b"<!-- never closed", b"<title>"]
)
def test_a_page_that_is_all_head_leaves_the_words_a_part_of_their_own(page):
    assert [kind for kind, _ in decoded(edited(mail(text(page, kind=b"html"), FILE), ["2"]))] == ["text/html", "text/plain", "text/html"]


def test_letters_of_two_octets_under_the_name_of_others_are_not_entered():
    octets = mail(text("Dear".encode("utf-16-le"), b"x-ucs2", b"8bit"), FILE)

    assert edit_of(octets, parse_buffer(octets), ["2"]).gaps == ()


def test_both_alternatives_have_the_words_and_nothing_else_has():
    octets = mail(
        mail(text(b"Dear\r\n"), text(b"<p>Dear</p>\r\n", kind=b"html"), kind=b"alternative")
        .replace(b"--b", b"--a")
        .replace(b"=b", b"=a")
        .partition(b"1.0\r\n")[2],
        FILE,
        text(b"a footer of a list\r\n"),
    )
    found = decoded(edited(octets, ["2"]))

    assert [(kind, LINK.encode() in words) for kind, words in found] == [("text/plain", True), ("text/html", True), ("text/plain", False)]


def test_whichever_part_is_the_root_has_the_words():
    octets = mail(
        text(b"decoy\r\n"), text(b"<p>Dear</p>\r\n", kind=b"html", more=b"\r\nContent-ID: <root>"), FILE, kind=b'related; start="<root>"'
    )

    assert [LINK.encode() in words for _, words in decoded(edited(octets, ["3"]))] == [True, True]


def test_flowed_text_goes_on_over_its_line_ends():
    octets = mail(text(b"Dear \r\nMs Smith\r\n", more=b"; format=flowed"), FILE)

    assert b"on over the \r\nline's end\r\n" in edited(octets, ["2"])


def test_a_message_that_is_one_file_becomes_the_words():
    octets = b"Subject: Scan\r\nMIME-Version: 1.0\r\n" + FILE.replace(
        b"application/pdf; name=a.pdf", b"application/pdf; name=a.pdf\r\nContent-Disposition: attachment"
    )
    found = edited(octets, ["1"])

    assert [kind for kind, _ in decoded(found)] == ["text/plain", "text/html"]
    assert found.startswith(b"Subject: Scan\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative;")
    assert b"application/pdf" not in found


def test_a_message_without_a_body_has_the_words_in_the_place_of_the_first_file():
    found = edited(mail(FILE, FILE, FILE), ["1", "3"])

    assert [kind for kind, _ in decoded(found)] == ["text/plain", "text/html", "application/pdf"]


def within(name: bytes, *parts: bytes, kind=b"mixed") -> bytes:
    members = b"".join(b"--%s\r\n%s\r\n" % (name, part) for part in parts)
    return b"Content-Type: multipart/%s; boundary=%s\r\n\r\n%s--%s--\r\n" % (kind, name, members, name)


@pytest.mark.parametrize(
    ("octets", "stays"),
    [
        (mail(text(b"Hi"), within(b"c", FILE)), ["text/plain"]),
        (mail(within(b"c", FILE), text(b"Hi")), ["text/plain"]),
        (mail(text(b"Hi"), within(b"c", within(b"d", FILE), FILE), text(b"Bye")), ["text/plain", "text/plain"]),
        (mail(text(b"Hi"), within(b"c", FILE, text(b"Bye"))), ["text/plain", "text/plain"]),
        (mail(text(b"Hi"), within(b"c", FILE), kind=b"alternative"), ["text/plain"]),
        (mail(FILE, within(b"c", FILE), FILE), ["text/plain", "text/html"]),
        (mail(FILE, within(b"c", FILE, kind=b"alternative")), ["text/plain", "text/html"]),
        (mail(within(b"c", within(b"d", FILE), FILE)), ["text/plain", "text/html"]),
    ],
)
def test_no_empty_part_stays_where_files_were_in_a_multipart_of_their_own(octets: bytes, stays: list[str]):
    """Found by fuzzing: a nested multipart that had lost all its files stayed, with an empty text that programs show as an attachment."""
    found = edited(octets, files_of(octets))

    assert [kind for kind, _ in decoded(found)] == stays
    assert all(octets for _, octets in decoded(found))
    assert b"application/pdf" not in found


def test_an_empty_body_has_no_line_below_the_words():
    for body in (text(b""), b"Content-Type: text/plain\r\n", b""):
        found = edited(mail(body, FILE), ["2"])
        assert LINK.encode() in decoded(found)[0][1]
        assert b"* * *" not in found
        assert len(decoded(found)) == 1


# --- charsets and languages -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("charset", "encoding", "body", "says"),
    [
        ("utf-8", "8bit", "Adiós", "Abra los archivos aquí"),
        ("iso-8859-1", "8bit", "Adiós", "Abra los archivos aquí"),
        ("iso-8859-15", "quoted-printable", "hola", "Abra los archivos aquí"),
        ("utf-8", "base64", "hola", "Abra los archivos aquí"),
        ("us-ascii", "7bit", "hola", "Abra los archivos aqui"),
        ("utf-8", "7bit", "hola", "Abra los archivos aqui"),  # a message of seven bits stays one
        ("iso-8859-7", "8bit", "γεια", "Abra los archivos aqui"),
        ("x-unknown", "8bit", "hola", "Abra los archivos aqui"),
    ],
)
def test_words_are_said_in_the_charset_of_the_body(charset, encoding, body, says):
    octets = body.encode("utf-8" if charset == "x-unknown" else charset)
    written = {"quoted-printable": b2a_qp, "base64": base64.encodebytes}.get(encoding, bytes)(octets)
    found = edited(mail(text(written, charset.encode(), encoding.encode()), FILE), ["2"], (SPANISH, ENGLISH))

    words = decoded(found)[0][1].decode("ascii" if charset == "x-unknown" else charset)
    assert f"{says}:\r\n{LINK}\r\n" in words
    assert words.rstrip("\r\n").endswith(body)


def test_words_stand_behind_a_byte_order_mark():
    found = edited(mail(text(base64.encodebytes(b"\xef\xbb\xbfhola"), encoding=b"base64"), FILE), ["2"])

    assert decoded(found)[0][1].startswith(b"\xef\xbb\xbfFiles by link")


def test_no_line_of_ours_can_be_a_delimiter():
    sly = Block("en", ((Row(Kind.WORDS, "--b"), Row(Kind.ITEM, "x" * 69 + " --b--"), Row(Kind.WORDS, "y" * 75 + "--b")),))
    for encoding in (b"7bit", b"quoted-printable"):
        for kind in (b"plain", b"html"):
            found = edited(mail(text(b"<p>x</p>", encoding=encoding, kind=kind), FILE), ["2"], (sly,))
            assert [one for one, _ in decoded(found)] == ["text/" + kind.decode()]


def test_what_a_charset_cannot_say_is_said_in_the_next_language():
    found = edited(mail(text(b"x", b"us-ascii"), FILE), ["2"], (ARABIC, ENGLISH))

    assert decoded(found)[0][1].startswith(b"Files by link")


def test_html_says_everything_in_any_charset_and_names_its_direction():
    found = edited(mail(text(b"<p>x", b"us-ascii", kind=b"html"), FILE), ["2"], (ARABIC,))

    assert found.isascii()
    page = html.unescape(decoded(found)[0][1].decode())
    assert '<div lang="ar" dir="rtl"' in page
    assert 'الملف <bdi dir="ltr">1: PDF, 24.3 MB</bdi>' in page


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "hz"])
def test_a_charset_without_ascii_leaves_the_words_a_part_of_their_own(charset):
    octets = mail(text(base64.encodebytes("Dear".encode(charset)), charset.encode(), b"base64"), FILE)

    assert [kind for kind, _ in decoded(edited(octets, ["2"]))] == ["text/plain", "text/plain", "text/html"]


# --- what cannot be done ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "octets",
    [
        mail(
            mail(text(b"x"), FILE).partition(b"1.0\r\n")[2].replace(b"--b", b"--c").replace(b"=b", b"=c"),
            b"Content-Type: application/pkcs7-signature\r\n\r\nsig",
            kind=b"signed",
        ),
        mail(text(b"x"), FILE).replace(b"boundary=b", b"boundary=b; boundary=c").replace(b"%PDF", b"\r\n--c\r\n\r\n%PDF"),
        mail(text(b"x"), FILE.replace(b"base64\r\n", b"base64\r\nContent-Transfer-Encoding: quoted-printable\r\n")),
    ],
    ids=["signed", "two boundaries", "two encodings"],
)
def test_what_would_be_broken_or_is_in_doubt_is_left_alone(octets):
    files = files_of(octets)
    assert files
    assert edited(octets, files[:1]) is None


def test_only_files_of_the_message_itself_can_be_taken():
    octets = mail(
        text(b"x"), b"Content-Type: message/rfc822\r\n\r\n" + mail(text(b"y"), FILE).replace(b"--b", b"--c").replace(b"=b", b"=c")
    )
    message = parse_buffer(octets)

    assert [part.id for part in message.parts if part.role is Role.FILE] == ["2", "2.2"]
    assert may_take(message, ["2"])
    assert not may_take(message, ["2.2"])
    assert not may_take(message, ["1"])  # the words
    assert not may_take(message, ["9"])
    assert not may_take(message, [])


def test_words_that_are_more_than_a_message_may_gain_are_not_put_in():
    octets = mail(text(b"x"), FILE)
    edit = edit_of(octets, parse_buffer(octets), ["2"])
    long = Block("en", ((Row(Kind.WORDS, "words " * BLOCK_OCTETS),),))

    assert isinstance(edit, Edit)
    assert edit.splices((long,)) is None


# --- the law ----------------------------------------------------------------------------------------------------------

CHARSETS = ("us-ascii", "utf-8", "iso-8859-1", "iso-8859-6", "windows-1256", "iso-2022-jp", "utf-16", "x-none")
WORDS = ("Dear Ms Smith,", "Größe — 5 €", "صباح الخير", "お元気ですか", "a=b --b .x", "From here ", "\t", "", "> quoted", "x" * 990)
HEADS = (
    "",
    "<html><head><title>t</title></head><body>",
    "<!DOCTYPE html>\r\n<!-- <p> -->",
    "<style>p{}</style>",
    "<body dir=rtl>",
    "<p>",
    "\r\n <html>\r\n",
)


@st.composite
def bodies(draw):
    charset = draw(st.sampled_from(CHARSETS))
    kind = draw(st.sampled_from(["plain", "plain", "html", "enriched"]))
    lines = "\r\n".join(draw(st.lists(st.sampled_from(WORDS), max_size=6)))
    head = draw(st.sampled_from(HEADS)) if kind == "html" else ""
    octets = (head + lines).encode("utf-8" if charset == "x-none" else charset, "ignore")
    wide = charset == "utf-16"
    encoding = draw(st.sampled_from(["base64"] if wide else ["base64", "quoted-printable", "7bit" if octets.isascii() else "8bit"]))
    mark = draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"])) if charset == "utf-8" and encoding != "7bit" else b""
    octets = mark + octets
    if encoding == "base64":
        width = draw(st.sampled_from([76, 60, 61, 10_000]))
        letters = base64.b64encode(octets)
        written = b"\r\n".join(letters[at : at + width] for at in range(0, len(letters), width))
    elif encoding == "quoted-printable":
        written = b2a_qp(octets.replace(b"\r\n", b"\n"), istext=True).replace(b"\n", b"\r\n")
    else:
        written = octets
    flowed = draw(st.sampled_from(["", "; format=flowed", "; format=flowed; delsp=yes"]))
    fields = f"Content-Type: text/{kind}; charset={charset}{flowed}\r\nContent-Transfer-Encoding: {encoding}\r\n"
    return fields.encode() + b"\r\n" + written


@st.composite
def attachments(draw):
    """Each with a secret that no edited message may hold."""
    number = draw(st.integers(0, 10**9))
    secret = b"secret-%d-" % number * draw(st.integers(1, 12))
    encoding = draw(st.sampled_from(["base64", "7bit", "quoted-printable"]))
    written = base64.encodebytes(secret).replace(b"\n", b"\r\n") if encoding == "base64" else secret
    kind = draw(st.sampled_from(["application/pdf", "text/plain", "message/rfc822", "image/png"]))
    if kind == "message/rfc822":
        encoding, written = "7bit", b"Subject: " + secret + b"\r\n\r\n" + secret
    fields = f"Content-Type: {kind}; name=secret-{number}.x\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: {encoding}\r\n"
    return fields.encode() + b"\r\n" + written


@st.composite
def composed(draw, kind, members, called=""):
    name = f"{called or kind}-{draw(st.integers(0, 10**6))}"
    preamble = draw(st.sampled_from([b"", b"for old readers\r\n"]))
    epilogue = draw(st.sampled_from([b"", b"\r\n", b"behind"]))
    between = b"".join(b"--%s\r\n%s\r\n" % (name.encode(), member) for member in members)
    end = b"--%s--" % name.encode() + (b"\r\n" + epilogue if epilogue else b"")
    return f"Content-Type: multipart/{kind}; boundary={name}\r\n".encode() + b"\r\n" + preamble + between + end


@st.composite
def messages(draw):
    body = draw(bodies())
    shape = draw(st.sampled_from(["plain", "alternative", "apple", "related", "none"]))
    if shape == "alternative":
        body = draw(composed("alternative", draw(st.lists(bodies(), min_size=1, max_size=3))))
    if shape == "apple":  # a second body of words behind a file, inside of one alternative
        members = [draw(bodies()), draw(attachments()), draw(bodies())]
        body = draw(composed("alternative", [body, draw(composed("mixed", members))]))
    if shape == "related":
        body = draw(composed("related", [body, draw(attachments())]))
    if shape == "none":
        entity = draw(st.one_of(attachments(), composed("mixed", draw(st.lists(attachments(), min_size=1, max_size=3)))))
    else:
        members = draw(st.lists(st.one_of(attachments(), bodies()), min_size=1, max_size=4))
        if draw(st.booleans()):
            files = draw(st.lists(attachments(), min_size=1, max_size=2))
            members.append(draw(composed(draw(st.sampled_from(["mixed", "alternative"])), files, called="within")))
        entity = draw(composed("mixed", draw(st.permutations([body, *members])) if shape == "plain" else [body, *members]))
    return b"From: a@own.example\r\nMIME-Version: 1.0\r\n" + entity


@given(messages(), st.data(), st.sampled_from([(ENGLISH,), (SPANISH, ENGLISH), (ARABIC, ENGLISH)]))
def test_all_that_is_not_taken_is_there_octet_for_octet_and_nothing_of_what_is_taken(octets, data, blocks):
    before = parse_buffer(octets)
    files = [part.id for part in before.parts if part.role is Role.FILE and may_take(before, [part.id])]
    if not files:
        return
    taken = data.draw(st.lists(st.sampled_from(files), min_size=1, unique=True))
    found = edited(octets, taken, blocks)
    assert found is not None
    after = parse_buffer(found)

    kept = [part for part in before.parts if part.role is not Role.CONTAINER and not _is_in(part, taken, before)]
    left = [part for part in after.parts if part.role is not Role.CONTAINER]
    shown = {part.id for part in read_bodies(before, taken)}
    if len(left) > len(kept):  # the words are a part of their own, as text and as HTML
        shown.clear()
        first = next(at for at, part in enumerate(left) if LINK.encode() in _decoded(found, part))
        del left[first : first + 2]
    for part, same in zip(kept, left, strict=True):
        assert _header(found, same) == _header(octets, part)
        if part.id in shown:
            _is_longer(_decoded(octets, part), _decoded(found, same))
        else:
            assert _body(found, same) == _body(octets, part)
    for name in taken:
        part = next(one for one in before.parts if one.id == name)
        number = re.search(rb"secret-(\d+)\.x", _header(octets, part))[1]
        others = b"".join(_header(octets, one) + _body(octets, one) for one in kept)
        if b"secret-" + number not in others:
            assert b"secret-" + number not in found
            assert base64.b64encode(b"secret-" + number + b"-secret")[:16] not in found
    assert len(found) <= len(octets) + BLOCK_OCTETS
    assert not {defect.name for defect in after.defects} - {defect.name for defect in before.defects}
    for part in read_bodies(after) if shown else ():
        assert LINK in html.unescape(_decoded(found, part).decode("latin-1"))
        assert _decoded(found, part) == _as_others_have_it(found, part)


def _is_in(part, taken, message) -> bool:
    parents = {one.id: one.parent for one in message.parts}
    at = part.id
    while at is not None:
        if at in taken:
            return True
        at = parents[at]
    return False


def _header(octets, part):
    return octets[part.header.start : part.header.end]


def _body(octets, part):
    return octets[part.body.start : part.body.end]


def _as_others_have_it(octets, part):
    """The standard library reads base64 up to the first padding, and no further."""
    return email.message_from_bytes(_header(octets, part) + b"\r\n" + _body(octets, part)).get_payload(decode=True)


def _decoded(octets, part):
    return b"".join(decode(octets, part.body, part.encoding))


def _is_longer(before: bytes, after: bytes) -> None:
    """All of it is there, with something in one place."""
    same = next((at for at, (one, two) in enumerate(zip(before, after, strict=False)) if one != two), min(len(before), len(after)))
    assert after.endswith(before[same:])
    assert len(after) > len(before)


def test_a_multipart_that_could_not_be_split_is_not_taken() -> None:
    """Found by fuzzing: without its delimiters the parts around it were read in another way."""
    text, plain = b"--b\r\nContent-Type: text/plain\r\n\r\nHi\r\n", b"--b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n"
    broken = b"--b\r\nContent-Type: multipart/mixed\r\n\r\nx\r\n"
    octets = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + text + plain + broken + b"--b--\r\n"
    message = parse_buffer(octets)

    assert [part.role for part in message.parts[1:]] == [Role.BODY, Role.FILE, Role.FILE]
    assert may_take(message, ["2"])
    assert not may_take(message, ["3"])
