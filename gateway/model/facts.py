"""Everything that rules may ask about one recipient of one message. Equal facts give equal decisions."""

from __future__ import annotations

from enum import Enum


class Missing(Enum):
    """Why a fact has no value (DESIGN section 1.4)."""

    ABSENT = "absent"  # does not apply: list facts of an address that is no list of ours
    UNKNOWN = "unknown"  # should be known and is not: it stops what a bad value would stop


ABSENT = Missing.ABSENT
UNKNOWN = Missing.UNKNOWN
