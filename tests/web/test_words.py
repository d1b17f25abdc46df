"""What the pages say: every language says all of it, with the same things filled in, and pages ask for nothing else."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.web.portal.words import choose, read_words

WORDS = read_words()
WEB = Path(__file__).resolve().parents[2] / "gateway" / "web"


def flat(tag: str) -> dict[str, str]:
    texts = WORDS[tag].texts
    return {f"{section}.{name}": str(text) for section, found in texts.items() if isinstance(found, dict) for name, text in found.items()}


def filled(text: str) -> list[str]:
    return sorted(re.findall(r"{(\w+)}", text))


@pytest.mark.parametrize("tag", WORDS)
def test_every_language_says_all_of_it(tag: str) -> None:
    english, other = flat("en"), flat(tag)

    assert other.keys() == english.keys()
    assert {key: filled(text) for key, text in other.items()} == {key: filled(text) for key, text in english.items()}
    assert all(text.strip() for text in other.values())
    assert not any("<" in text or "&" in text for text in other.values())
    assert WORDS[tag].direction in ("ltr", "rtl")
    assert len(WORDS[tag].texts["dates"]["months"]) == 12


def test_nothing_is_written_twice_over_from_english() -> None:
    """A text that was left as it was has not been translated."""
    same_on_purpose = {"files.all_size", "units.kb", "units.mb", "units.gb", "units.decimal", "dates.form", "units.octets", "page.error"}
    for tag in WORDS.keys() - {"en"}:
        assert {key for key, text in flat(tag).items() if text == flat("en")[key]} <= same_on_purpose


def test_pages_say_only_what_there_is_and_all_of_it() -> None:
    asked = set()
    for path in [*(WEB / "templates").glob("*.html"), *(WEB / "portal").glob("*.py")]:
        asked |= set(re.findall(r'"([a-z]+\.[a-z_0-9]+)"', path.read_text(encoding="utf-8"))) & flat("en").keys()
    said = {"asked", "closed", "ended", "over", "limited", "spent", "missing", "refused", "range", "large", "broken", "stopped"}
    asked |= {key for key in flat("en") if key.split(".")[0] in (*said, "units", "dates")}

    assert flat("en").keys() - asked == set()


@pytest.mark.parametrize(
    ("octets", "said"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1 KB"), (1536, "1.5 KB"), (26_214_400, "25 MB"), (5 * 2**30 + 2**29, "5.5 GB")],
)
def test_sizes(octets: int, said: str) -> None:
    assert WORDS["en"].size(octets) == said


def test_dates_are_of_the_organisation_and_the_language() -> None:
    moment = datetime(2027, 1, 31, 23, 30, tzinfo=UTC)
    assert WORDS["en"].date(moment, ZoneInfo("Europe/London")) == "31 January 2027, 23:30 GMT"
    assert WORDS["es"].date(moment, ZoneInfo("Europe/Madrid")) == "1 de febrero de 2027, 00:30 CET"


@pytest.mark.parametrize(
    ("chosen", "accepted", "others", "tag"),
    [
        ("", "", (), "en"),
        ("ar", "es", ("cy",), "ar"),
        ("xx", "es", ("cy",), "es"),
        ("", "fr-CH, fr;q=0.9", ("cy-GB",), "cy"),
        ("", "fr;q=1, es;q=0.5, ar;q=0.6", (), "ar"),
        ("", "es;q=0, ar;q=x", (), "en"),
        ("", "," * 5000 + "es", (), "en"),
        ("../en", "\x00", ("",), "en"),
    ],
)
def test_the_language_of_a_page(chosen: str, accepted: str, others: tuple[str, ...], tag: str) -> None:
    assert choose(WORDS, chosen, accepted, *others).tag == tag
