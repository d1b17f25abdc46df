"""Where readers of MIME differ about the tree of a message, and how much may be looked at to follow them. Pure.

One reader takes the same way everywhere: so a reading is a number for each of these questions, and not for each place where one comes up.
"""

from __future__ import annotations

from enum import Enum, auto

OCTETS = 64 * 1024 * 1024  # that are always searched, beside ...
MAIN_TIMES = 10  # ... the whole message so many times by the main reading: once for each level of multiparts
FURTHER_TIMES = 3  # ... and by all others together
FIELD_WEIGHT = 16  # reading fields takes as long as searching so many times their octets


class Choice(Enum):
    """What readers differ about."""

    HEADER = auto()  # which lines of a header section are fields, and where it ends
    TYPE = auto()  # which media type is meant
    BOUNDARY = auto()  # which boundary splits
    DELIMITER = auto()  # what may follow a boundary in a delimiter line
    CLOSE = auto()  # whether a closing delimiter is the last
    NESTING = auto()  # whether an inner multipart ends with the outer one


class Spent(Exception):
    """A further reading of a message would take more than all of them may."""
