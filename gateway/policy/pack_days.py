"""Days and times of a pack against one another: nothing begins after its end, nobody is asked longer than the mail is kept. Pure."""

from __future__ import annotations

from datetime import timedelta

from gateway.policy.pack_asks import RulePart
from gateway.policy.pack_yaml import Path, Sheet

_MODES = ("watch", "advise", "enforce")


def check_days(sheet: Sheet, part: RulePart, path: Path) -> None:
    """From when until when a rule is in force, and when it becomes stricter."""
    if part.from_ is not None and part.until is not None and part.from_ > part.until:
        _wrong(sheet, (*path, "until"), f"`{part.until}` is before `from: {part.from_}`: the rule would never be in force")
    mode = part.mode
    for day, after in sorted((day, mode) for mode, day in part.becomes.items()):
        if _MODES.index(after) <= _MODES.index(mode):
            says = f"`{after}` on {day} comes after `{mode}`: a rule goes from watch to advise to enforce"
            _wrong(sheet, (*path, "becomes", after), says)
        if part.until is not None and day > part.until:
            _wrong(sheet, (*path, "becomes", after), f"{day} is after `until: {part.until}`")
        mode = after


def check_within(sheet: Sheet, path: Path, within: timedelta | None, keep: timedelta | None, then: str | None) -> None:
    """A notice says until when somebody has time, and until when the mail is kept."""
    if within is None or keep is None:
        return
    if within > keep:
        _wrong(sheet, (*path, "within"), "is longer than `keep:`, so the mail would be deleted while they still have time; keep it longer")
    elif within == keep and then is not None:
        _wrong(sheet, (*path, "within"), f"is as long as `keep:`, so nothing would be left for `{then}` to decide; keep the mail longer")


def _wrong(sheet: Sheet, path: Path, says: str) -> None:
    sheet.problems.append(sheet.at(path, says))
