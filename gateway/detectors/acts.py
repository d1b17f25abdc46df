"""What is done about each pattern that occurs in a stretch of text: judge, count, note where it stood.

An act is made once for each pattern of a pack. It takes what a scan has found so far and adds to it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import re2

from gateway.detectors import cells, marking
from gateway.detectors.detector import AFTER, BEFORE, LOOSE_AFTER, LOOSE_BEFORE, Detector, Found
from gateway.detectors.links import LINKS, is_approved
from gateway.detectors.marking import Marking
from gateway.detectors.named import named_values
from gateway.detectors.runs import places
from gateway.detectors.seen import ENOUGH, RUNNING, SUBJECTS, Finds, Tally, Text
from gateway.detectors.stretches import OVERLAP, options, whole
from gateway.model.finding import Place

Act: TypeAlias = Callable[[Finds, Text, int, int], None]  # on the text from one octet to another
RunsAct: TypeAlias = Callable[[Finds, Text, int, int, dict[int, list[bytes]], bool], None]  # runs by length; a telling word is among them

_WINDOW = 64  # octets that a judge may see
_WORDS = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
_PARTS = (b"/", b".", b"_", b"-", b"+", b"\\")


def identify(number: int, detector: Detector) -> Act:
    """The act of a detector: judge every candidate that begins in this stretch of the text."""
    candidates = _owned(detector) if detector.own else _candidates(detector)
    words = _telling(detector)

    def act(finds: Finds, text: Text, start: int, end: int) -> None:
        tally, data = finds.tally(number), text.data
        telling: list[int] | None = None  # where telling words begin, once somebody asked
        for at, stop in candidates(data, start, end):
            tally.looked += 1
            if detector.own:
                shown = data[at:stop].decode("utf-8", "replace")
                found = detector.judge(shown, len(shown))
            else:
                found = detector.judge(data[at : max(stop, at + _WINDOW)].decode("ascii", "replace"), stop - at)
            if found is None or len(tally.sure) >= ENOUGH:
                continue
            sure = found.sure or found.value in tally.sure
            if not sure and detector.near:
                if telling is None:
                    telling = telling_words(words, text.data, start, end)
                sure = _is_near(telling, at, stop) and not detector.otherwise(data, at, stop)
            tally.add(found.value, sure=sure, text=text, at=at)

    return act


def loosen(number: int, detector: Detector) -> Act:
    """The act of forms that could be anything: beside each telling word, and under a heading everywhere."""
    forms, words = re2.compile(detector.loose.encode(), options()), _telling(detector)

    def act(finds: Finds, text: Text, start: int, end: int) -> None:
        tally, data = finds.tally(number), text.data
        if tally.headed:
            for at, _, found in _judged(detector, forms, data, start, end):
                tally.looked += 1
                tally.add(found.value, sure=found.sure, text=text, at=at)
        last = 0
        for word in words.finditer(data, start, min(len(data), end + OVERLAP)):
            # From where the surroundings of the word before end: what stands between two words is judged once.
            first, last = max(last, word.start() - LOOSE_BEFORE), min(len(data), word.end() + LOOSE_AFTER)
            for at, stop, found in _judged(detector, forms, data, first, last):
                if len(tally.sure) < ENOUGH and not detector.otherwise(data, at, stop):
                    tally.add(found.value, sure=True, text=text, at=at)

    return act


def name(number: int, detector: Detector) -> Act:
    """The act of values right behind the words that name them, however they are written."""
    values = named_values(detector.called, detector.spelled)

    def act(finds: Finds, text: Text, start: int, end: int) -> None:
        for at, stop in values(text.data, start, end):
            found = detector.judge(text.data[at:stop].decode("ascii", "replace"), stop - at)
            if found is None or len(finds.tally(number).sure) >= ENOUGH:
                continue
            if not detector.otherwise(text.data, at, stop):
                finds.tally(number).add(found.value, sure=True, text=text, at=at)

    return act


def count_runs(number: int, detector: Detector) -> RunsAct:
    """The act of plain runs of digits, all of a stretch together."""
    words = _telling(detector)

    def act(finds: Finds, text: Text, start: int, end: int, runs: dict[int, list[bytes]], is_near: bool) -> None:
        for length in detector.runs:
            tally, same = finds.tally(number), runs.get(length, ())
            valid = list(detector.valid(same)) if same and detector.valid is not None else []
            tally.looked += len(same)
            if not valid or len(tally.sure) >= ENOUGH:
                continue
            if is_near:
                telling = telling_words(words, text.data, start, end)
                for run, at in zip(valid, places(text.data, start, end, valid), strict=False):
                    sure = _is_near(telling, at, at + length) and not detector.otherwise(text.data, at, at + length)
                    tally.add(run.decode(), sure=sure, text=text, at=at)
                continue
            if tally.place is None or not (detector.near or tally.sure):
                tally.add(valid[0].decode(), sure=not detector.near, text=text, at=places(text.data, start, end, valid[:1])[0])
            (tally.unsure if detector.near else tally.sure).update(dict.fromkeys([run.decode() for run in valid]))

    return act


def link(pattern: str, approved: frozenset[str]) -> Act:
    """The act of links to file sharing: those in quoted earlier text are somebody else's, and counted apart."""
    finder = re2.compile(pattern.encode(), options())

    def act(finds: Finds, text: Text, start: int, end: int) -> None:
        for match in finder.finditer(text.data, whole(text.data, max(0, start - 4)), min(len(text.data), end + OVERLAP)):
            at, host = match.start(1), match[1].decode("ascii").lower()
            if start <= at < end and not is_approved(host, approved):
                tally = finds.links.setdefault(LINKS[text.place_of(at) is Place.QUOTED], Tally())
                if len(tally.sure) < ENOUGH:
                    tally.add(f"{host}/{match[2].decode('utf-8', 'replace')}", sure=True, text=text, at=at)

    return act


def mark(made: Marking) -> Act:
    """The act of a marking in running text: a body, a document, or a subject."""

    def act(finds: Finds, text: Text, start: int, end: int) -> None:
        if text.place not in RUNNING and text.place not in SUBJECTS:
            return
        shared = -1  # where one stood that shares its line with other words, as all do that follow on that line
        for match in made.finder.finditer(text.data, whole(text.data, max(0, start - 4)), min(len(text.data), end + OVERLAP)):
            at, stop = match.span(1)
            if not start <= at < end:
                continue
            place = text.place_of(at)
            counts = place in made.pattern.where or (place is Place.QUOTED and Place.TEXT in made.pattern.where)
            if not counts or finds.has_enough(made.pattern, place) or text.is_judged(made.pattern.id, at, stop):
                continue
            if not made.pattern.whole_line or _is_apart(finds, text, at, stop, made, place, shared):
                finds.saw_at(made.pattern, place, text, at)
            else:
                shared = at

    return act


def _is_apart(finds: Finds, text: Text, at: int, stop: int, made: Marking, place: Place, shared: int) -> bool:
    """Whether a marking of a whole line stands by itself: on its line, in its cell, in the brackets of a subject."""
    if place is Place.SUBJECT:
        return marking.is_bracketed(text.data, at, stop, made) or cells.in_subject(text.data, at, stop, made)
    is_new = shared < 0 or b"\n" in text.data[shared:stop]
    return (is_new and marking.stands_alone(text.data, at, stop, made)) or cells.in_text(finds, text, at, stop, made)


# --- where values may stand -------------------------------------------------------------------------------------------


_Candidates: TypeAlias = Callable[[bytes, int, int], Iterator[tuple[int, int]]]


def _candidates(detector: Detector) -> _Candidates:
    """Where the forms of a detector of the house stand."""
    forms = re2.compile((detector.written or detector.candidate).encode(), options())  # ten times as fast as re where little is found
    behind = re.compile(detector.behind.encode()) if detector.behind else None

    def candidates(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        for match in forms.finditer(data, start, min(len(data), end + OVERLAP)):
            at = match.start()
            if at >= end:
                return
            if behind is not None:
                before = behind.search(data[max(0, at - _WINDOW) : at])
                if before is None:
                    continue
                at -= len(before[0])
            if not (at and data[at - 1 : at] in _PARTS):  # part of something longer, which begins with a sign
                yield at, match.end()

    return candidates


def _owned(detector: Detector) -> _Candidates:
    """Where the forms of a pack's own detector stand; what ends one may begin the next."""
    forms = re2.compile(detector.candidate.encode(), options())

    def candidates(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        at, last = whole(data, max(0, start - 4)), min(len(data), end + OVERLAP)
        while (match := forms.search(data, at, last)) is not None:
            first, stop = match.span(1) if forms.groups else _within(data, *match.span())
            if first >= end:
                return
            if first >= start:
                yield first, stop
            at = max(at + 1, stop)

    return candidates


def _within(data: bytes, start: int, end: int) -> tuple[int, int]:
    """The words of a match, without the signs on both sides: to have re2 tell them apart costs much with thousands of words."""
    shown = data[start:end].decode("utf-8", "replace")
    words = _WORDS.search(shown)
    if words is None:
        return start, end
    first = start + len(shown[: words.start()].encode())
    return first, first + len(words[0].encode())


def _judged(detector: Detector, forms: Any, data: bytes, start: int, end: int) -> Iterator[tuple[int, int, Found]]:
    """The valid values that begin in a stretch, and where they end."""
    for match in forms.finditer(data, start, min(len(data), end + _WINDOW)):
        at, stop = match.span()
        if at >= end:
            return
        if not (at and data[at - 1 : at] in _PARTS):  # part of something longer, which begins with a sign
            found = detector.judge(data[at : max(stop, at + _WINDOW)].decode("ascii", "replace"), stop - at)
            if found is not None:
                yield at, stop, found


def _telling(detector: Detector) -> Any:
    """Its telling words, compiled; without any, what never occurs."""
    return re2.compile(f"(?i){detector.near or marking.NEVER}".encode(), options())


def telling_words(words: Any, data: bytes, start: int, end: int) -> list[int]:
    """Where telling words begin, in and around a stretch."""
    first, last = whole(data, max(0, start - BEFORE)), min(len(data), end + OVERLAP)
    return [word.start() for word in words.finditer(data, first, last)]


def _is_near(telling: list[int], at: int, end: int) -> bool:
    return bisect_left(telling, at - BEFORE) < bisect_left(telling, end + AFTER)
