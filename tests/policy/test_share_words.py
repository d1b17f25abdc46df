"""The words that stand where files stood: whole, in every language, whatever files are called."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.edges.packs import read_pack
from gateway.errors import BadPack
from gateway.mime.block import Kind, as_html, as_text
from gateway.model.share import Offer, SharedFile
from gateway.policy.guidance import SHARE_PLACEHOLDERS, parse_guidance
from gateway.policy.parse_pack import load_pack
from gateway.policy.share_texts import ENGLISH
from gateway.policy.share_words import LISTED, Given, blocks, known_languages, share_texts
from tests.deliveries import HOUSE, policy

MB = 1_048_576
UNTIL = datetime(2026, 12, 10, 14, 6, tzinfo=UTC)
LINK = "https://share.own.example/#AbCdEfGh"
OFFER = Offer("b@else.example", LINK, UNTIL, "own", {"access_key": "AbCd-EfGh"})
REPORT = SharedFile("2", "Report.pdf", "application/pdf", int(24.3 * MB), "")
GIVEN = Given(OFFER, (REPORT,), "ann@own.example", shows_names=False)
LONDON = replace(HOUSE, timezone=ZoneInfo("Europe/London"))


def starter():
    return load_pack(read_pack(Path("rules/starter")), ("own.example",))


def test_the_words_in_plain_text():
    (block,) = blocks(GIVEN, "en", policy(), LONDON)

    assert as_text(block).replace("\r\n", "\n") == (
        "These files are not in this email. You can fetch them by a link of your\nown.\n\n"
        "- File 1: PDF, 24.3 MB\n\n"
        f"Open the files:\n{LINK}\n"
        "Access key, if the page asks for it: AbCd-EfGh\n\n"
        "Until 10 December 2026, 14:06 GMT. The page sends a code to\nb@else.example, and opens when you enter it. "
        "The link works for nobody\nelse: do not pass it on.\n\n"
        "This is how Own Council sends files that should not travel in an email.\nQuestions about them: ann@own.example.\n"
    )


def test_the_words_in_html():
    (block,) = blocks(GIVEN, "en", policy(), LONDON)
    page = as_html(block).decode().replace("\r\n", " ")

    assert page.startswith('<div lang="en" dir="ltr"')
    assert "<strong>These files are not in this email." in page
    assert "<li>File 1: PDF, 24.3 MB</li>" in page
    assert f'<a href="{LINK}"' in page
    assert max(map(len, as_html(block).split(b"\r\n"))) <= 200


@pytest.mark.parametrize(
    ("language", "says"),
    [
        (
            "cy",
            ("Nid yw'r ffeiliau hyn yn yr e-bost hwn.", "- Ffeil 1: PDF, 24.3 MB", "Agor y ffeiliau:", "Tan 10 Rhagfyr 2026, 14:06 GMT."),
        ),
        (
            "es",
            (
                "Estos archivos no están en este mensaje.",
                "- Archivo 1: PDF, 24.3 MB",
                "Abrir los archivos:",
                "Hasta el 10 de diciembre de 2026, 14:06 GMT.",
            ),
        ),
        ("ar", ("هذه الملفات ليست في هذه الرسالة.", "- الملف 1: PDF, 24.3 MB", "افتح الملفات:", "حتى 10 ديسمبر 2026, 14:06 GMT")),
    ],
)
def test_the_starter_pack_says_it_in_other_languages(language, says):
    block, english = blocks(GIVEN, language, starter(), LONDON)
    text = as_text(block)

    assert block.language == language
    assert block.is_rtl == (language == "ar")
    assert all(one in text for one in (*says, LINK, "AbCd-EfGh", "b@else.example", "ann@own.example"))
    assert english.language == "en"


@pytest.mark.parametrize("pack", ["starter", "uk-government", "connecticut-state", "derbyshire-council"])
def test_every_text_of_a_pack_says_what_where_and_until_when(pack):
    found = load_pack(read_pack(Path("rules") / pack), ("own.example",))
    said = {name: f"the {name}" for name in SHARE_PLACEHOLDERS}
    for id_, language in share_texts(found):
        if id_.startswith("share-receipt"):
            continue
        how = id_.removeprefix("share-")
        given = replace(GIVEN, offer=replace(OFFER, how=how, said=said))
        text = as_text(blocks(given, language, found, LONDON)[0])

        assert "PDF, 24.3 MB" in text, (id_, language)
        assert "2026, 14:06 GMT" in text, (id_, language)
        assert "ann@own.example" in text, (id_, language)
        assert LINK in text or "the folder" in text, (id_, language)


def test_every_language_is_known_by_words_of_its_own():
    known = known_languages(starter())

    assert set(known) == {"en", "cy", "es", "ar"}
    assert len({word for words in known.values() for word in words}) > 0.9 * sum(map(len, known.values()))


def test_names_stand_there_only_where_they_may():
    named = replace(GIVEN, shows_names=True)

    assert "Report" not in as_text(blocks(GIVEN, "en", policy(), HOUSE)[0])
    assert "- File 1: Report.pdf, 24.3 MB" in as_text(blocks(named, "en", policy(), HOUSE)[0])


@pytest.mark.parametrize(
    "name", ["a\r\n\r\n[click](https://evil.example)", "**x**", "{sender}", "<script>", "\u202egpj.exe", "--b", "x" * 500]
)
def test_a_file_name_is_only_a_name(name):
    block = blocks(replace(GIVEN, files=(replace(REPORT, name=name),), shows_names=True), "en", policy(), HOUSE)[0]
    rows = [row for rows in block.paragraphs for row in rows]

    assert [row.kind for row in rows if row.address] == [Kind.LINK]
    assert len([row for row in rows if row.kind is Kind.HEADING]) == 1
    assert "\u202e" not in as_text(block)
    assert b"<script>" not in as_html(block)
    assert not any(line.startswith("--") for line in as_text(block).split("\r\n"))


def test_many_files_are_listed_together_behind_the_first_twenty():
    many = tuple(replace(REPORT, id=str(number), octets=MB) for number in range(50))
    text = as_text(blocks(replace(GIVEN, files=many), "en", policy(), HOUSE)[0])

    assert f"- File {LISTED}: PDF, 1 MB" in text
    assert f"- File {LISTED + 1}-50: 30 MB" in text


@pytest.mark.parametrize(("count", "says"), [(1, "- File 1: 1 MB"), (50, "- File 1-50: 50 MB")])
def test_where_room_is_scarce_the_files_are_one_line(count, says):
    """Found: none was named, under a heading that speaks of them."""
    many = tuple(replace(REPORT, id=str(number), octets=MB) for number in range(count))
    text = as_text(blocks(replace(GIVEN, files=many, is_short=True), "en", policy(), HOUSE)[0])

    assert [line for line in text.split("\r\n") if line.startswith("- ")] == [says]


@pytest.mark.parametrize("pack", ["starter", "uk-government", "connecticut-state", "derbyshire-council"])
def test_no_text_says_that_other_files_are_not_there(pack):
    """Found: `The files are not in this email` stood above a message in which a harmless attachment had stayed."""
    found = load_pack(read_pack(Path("rules") / pack), ("own.example",))
    these = {"en": "These files", "cy": "ffeiliau hyn", "es": "Estos archivos", "ar": "هذه الملفات"}
    for (id_, language), text in share_texts(found).items():
        if not id_.startswith("share-receipt"):
            heading, items = text.body.splitlines()[0], text.body.splitlines()[2]
            assert these[language] in heading, (id_, language)
            assert items.startswith("- ")
            assert "{number}" in items


def test_what_a_place_does_not_say_is_left_out():
    text = as_text(blocks(replace(GIVEN, offer=replace(OFFER, link="", said={})), "en", policy(), HOUSE)[0])

    assert "Access key" not in text
    assert "Open the files" not in text
    assert "Until" in text


def test_a_pack_has_the_last_word():
    own = b"---\ntitle: x\n---\nFetch it: {link}\n"
    changed = policy(guidance_files={"guidance/share-own.en.md": own})

    assert as_text(blocks(GIVEN, "en", changed, HOUSE)[0]) == f"Fetch it: {LINK}\r\n"
    assert ("share-sftp", "en") in share_texts(changed)


def test_our_own_texts_are_as_a_pack_would_have_to_write_them():
    assert all(parse_guidance(f"guidance/{id_}.en.md", text.encode()) for id_, text in ENGLISH.items())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"---\ntitle: x\nmonths: January, February\n---\nx", "`months:` names 2, with commas between them; there are twelve"),
        (b"---\ntitle: x\n---\n{token}", "unknown placeholder `{token}`"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(text, says):
    with pytest.raises(BadPack, match=says):
        parse_guidance("guidance/share-own.en.md", text)
    with pytest.raises(BadPack, match="unknown placeholder"):
        parse_guidance("guidance/too-large.en.md", b"---\ntitle: x\n---\n{link}")
