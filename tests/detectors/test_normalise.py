"""Text as it is seen: every spelling of a marking that a person would read as it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detectors.lookalikes import LOOKALIKES
from gateway.detectors.normalise import normalise

# ruff: noqa: RUF001 - letters that look like others are what this is about


@pytest.mark.parametrize(
    "written",
    [
        "RESTRICTED",
        "ＲＥＳＴＲＩＣＴＥＤ",  # full width
        "𝐑𝐄𝐒𝐓𝐑𝐈𝐂𝐓𝐄𝐃",  # mathematical
        "ⓇⒺⓈⓉⓇⒾⒸⓉⒺⒹ",
        "🅁🄴🅂🅃🅁🄸🄲🅃🄴🄳",
        "🆁🅴🆂🆃🆁🅸🅲🆃🅴🅳",
        "RЕSТRІСТЕD",  # Cyrillic
        "RΕSΤRΙCΤΕD",  # Greek
        "ꓣꓰꓢꓔꓣꓲꓚꓔꓰꓓ",  # Lisu
        "RⲈSⲦRⲒⲤⲦⲈD",  # Coptic
        "ᎡᎬᏕᎢᎡⅠᏟᎢᎬᎠ",  # Cherokee
        "ᖇEᔕTᖇICTEᗪ".replace("ᔕ", "S"),  # Canadian syllabics
        "R𐊆𐊖𐊗R𐊊C𐊗𐊆D",  # Lycian
        "RⴹST𖼵ᛁ𐌂T𑢦ᗞ",
        "RE\u00adSTRIC\u00adTED",  # soft hyphens
        "R\u200bE\u200bS\u200bT\u200bR\u200bI\u200bC\u200bT\u200bE\u200bD",
        "R\ufe0fESTRICTED",
        "R\u0336E\u0336S\u0336T\u0336R\u0336I\u0336C\u0336T\u0336E\u0336D\u0336",  # struck through
        "\u202eRESTRICTED\u202c",  # a direction
        "RE\u2060STRICTED\ufeff",
    ],
)
def test_what_looks_like_the_word_is_the_word(written: str) -> None:
    assert normalise(written) == "RESTRICTED"


@pytest.mark.parametrize("letters", ["restricted", "ʀᴇsᴛʀɪᴄᴛᴇᴅ", "ꭱꭼꮥꭲꭱiꮯꭲꭼꭰ", "rⲉsⲧrⲓⲥⲧⲉd"])
def test_small_letters_and_small_capitals(letters: str) -> None:
    assert normalise(letters).casefold() == "restricted"


@pytest.mark.parametrize("text", ["café", "naïve", "Zürich", "Łódź", "ñandú", "東京", "한국어", "ภาษาไทย", "עברית"])
def test_words_of_other_languages_stay_what_they_are(text: str) -> None:
    assert normalise(text) == text


def test_dashes_blanks_and_digits_are_plain() -> None:
    assert normalise("943\u00a0476\u20115919 \u0669\u06f4\uff13") == "943 476-5919 943"
    assert normalise("943\u2800476\u16805919") == "943 476 5919"


@pytest.mark.parametrize("first", [0x2460, 0x2474, 0x2488, 0x24F5, 0x2776, 0x2780, 0x278A, 0x1F102])
def test_digits_in_circles_brackets_and_with_full_stops(first: int) -> None:
    assert normalise("".join(chr(first + number) for number in range(9))) == "123456789"


def test_nought_and_ten_in_circles() -> None:
    assert normalise("⓪⓿🄋🄌 ⑩❿➉➓") == "0000 10101010"


@given(st.text(max_size=300))
def test_lines_stay_lines(text: str) -> None:
    ends = text.count("\n") + sum(text.count(end) for end in "\x85\u2028\u2029")
    assert normalise(text).count("\n") == ends


@given(st.text(st.sampled_from([*map(chr, LOOKALIKES), "a", "E", "\u0301", "\u0336", "\u200b", "\n"])))
def test_once_is_enough(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(st.text(max_size=200), st.text(max_size=200))
def test_ascii_between_keeps_two_texts_apart(one: str, other: str) -> None:
    assert normalise(f"{one}\n-{other}") == f"{normalise(one)}\n-{normalise(other)}" or other[:1] > "\x7f"


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_is_returned_as_it_is(text: str) -> None:
    assert normalise(text) is text


@pytest.mark.slow
@pytest.mark.parametrize("sign", ["\u00bd", "\u00dd\u00bd", "\u0431", "\u4e00", "\uff9b", "e\u0301", "\u212b\u200b"])
def test_a_long_text_without_a_letter_of_ascii_costs_little(sign: str) -> None:
    text = sign * (500_000 // len(sign))
    started = time.process_time()
    normalise(text)

    assert time.process_time() - started < 2
