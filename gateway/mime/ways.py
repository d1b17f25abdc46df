"""Where readers of MIME differ about the tree of a message, and how much may be looked at to follow them. Pure.

One reader takes the same way everywhere: so a reading is a number for each of these questions, and not for each place where one comes up.
"""

from __future__ import annotations

from enum import Enum, auto

OCTETS = 64 * 1024 * 1024  # searched by all further readings of a message together, beside ...
TIMES = 8  # ... the whole message so many times
FIELD_WEIGHT = 16  # reading a field takes as long as searching so many times its octets


class Choice(Enum):
    """What readers differ about."""

    HEADER = auto()  # which lines of a header section are fields, and where it ends
    TYPE = auto()  # which media type is meant
    BOUNDARY = auto()  # which boundary splits
    DELIMITER = auto()  # what may follow a boundary in a delimiter line
    CLOSE = auto()  # whether a closing delimiter is the last
    NESTING = auto()  # whether an inner multipart ends with the outer one


class Spent(Exception):
    """The further readings of a message took more than they may."""


class Allowance:
    """What further readings may still look at."""

    __slots__ = ("_left",)

    def __init__(self, size: int) -> None:
        self._left = OCTETS + TIMES * size

    def octets(self, number: int) -> None:
        """Raises Spent."""
        self._left -= number
        if self._left < 0:
            raise Spent

    def fields(self, octets: int) -> None:
        """Raises Spent."""
        self.octets(FIELD_WEIGHT * octets)
