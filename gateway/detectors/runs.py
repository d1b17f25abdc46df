"""Plain runs of digits in octets, many at a time. Pure.

A table of numbers holds a candidate every few octets, and to look at each one by one is most of the cost of a scan. So a whole stretch is
cut at once: one table turns what ends a number into blanks and what makes it part of something longer into a sign, and what is left between
the blanks is counted by its length.
"""

from __future__ import annotations

from collections import defaultdict

_ENDS = b" \t\r\n\v\f\0,;:|\"'()<>[]{}=*#!?&~`^$%@"
_JOINS = b"/.-+\\"  # a number beside one of these is part of a date, a path, an amount; at its end they may close a sentence


def _class_of(octet: int) -> int:
    if 48 <= octet < 58:
        return octet
    if octet in _ENDS or octet >= 128:  # beyond ASCII: a typographic quotation mark, a dash
        return 32
    return ord(".") if octet in _JOINS else ord("x")


_CLASSES = bytes(map(_class_of, range(256)))


def digit_runs(stretch: bytes, shortest: int = 1) -> dict[int, list[bytes]]:
    """The runs of so many digits that stand by themselves, in order, by their length. The stretch must not begin or end inside a run."""
    classes = stretch.translate(_CLASSES) + b" "
    while b". " in classes:  # the end of a sentence
        classes = classes.replace(b". ", b"  ")
    found: defaultdict[int, list[bytes]] = defaultdict(list)
    for run in [some for some in classes.split() if len(some) >= shortest and some.isdigit()]:
        found[len(run)].append(run)
    return found


def places(data: bytes, start: int, end: int, runs: list[bytes]) -> list[int]:
    """Where each of these runs, in order, begins in the data."""
    found: list[int] = []
    at = start
    for run in runs:
        at = data.find(run, at, end)
        while at > 0 and (data[at - 1 : at].isalnum() or data[at + len(run) : at + len(run) + 1].isalnum()):
            at = data.find(run, at + 1, end)
        if at < 0:  # INVARIANT: digit_runs saw it
            return found
        found.append(at)
        at += len(run)
    return found
