"""Whether a shape of a slide, a layout or a master is one that a person sees (ECMA-376-1 sections 19.3 and 20.1.7).

In: a shape and the size of the slide. Out: whether it is shown: no element that only a program looks at holds it, neither it nor a group
that it is in is hidden, and it stands on the slide.

Limits: shapes in front of it, its colours and its own turning are not looked at. In a group that moves or stretches what is in it, where
a shape stands is not known, and it is taken for one that nobody sees.
"""

from __future__ import annotations

import re
from typing import Any

_SPACES = ("http://schemas.openxmlformats.org/presentationml/2006/main", "http://purl.oclc.org/ooxml/presentationml/main")
_DRAWING = ("http://schemas.openxmlformats.org/drawingml/2006/main", "http://purl.oclc.org/ooxml/drawingml/main")
_GROUP, _TREE, _ABOVE = (tuple(f"{{{space}}}{name}" for space in _SPACES) for name in ("grpSp", "spTree", "cSld"))
_FRAME = tuple(f"{{{space}}}xfrm" for space in (*_SPACES, *_DRAWING))
_OF_SHAPE = tuple(f"{{{space}}}{name}" for space in _SPACES for name in ("spPr", "grpSpPr"))
_DEEP = 8  # groups in groups; no header or footer stands deeper
_EMU = re.compile(r"-?[0-9]{1,12}")

_Box = tuple[int, int, int, int]  # left, top, width, height


def is_seen(shape: Any, size: tuple[int, int], *, is_placeholder: bool) -> bool:
    """A placeholder may leave it to the layout where it stands (section 19.3.1.36)."""
    if _is_hidden(shape):
        return False
    holder = shape.getparent()
    for _ in range(_DEEP):
        if holder is None or holder.tag not in _GROUP:
            break
        if _is_hidden_itself(holder) or _moves(holder):
            return False
        holder = holder.getparent()
    if holder is None or holder.tag not in _TREE or holder.getparent() is None or holder.getparent().tag not in _ABOVE:
        return False
    frame = _frame(shape)
    return is_placeholder if frame is None else _is_within(_box(frame, "off", "ext"), size)


def _is_hidden(shape: Any) -> bool:
    return any(_says_hidden(mark) for mark in shape.iter("{*}cNvPr"))


def _is_hidden_itself(group: Any) -> bool:
    return any(_says_hidden(mark) for own in group.iterchildren("{*}nvGrpSpPr") for mark in own.iterchildren("{*}cNvPr"))


def _says_hidden(mark: Any) -> bool:
    return mark.get("hidden", "").strip().lower() in ("1", "true", "on")


def _moves(group: Any) -> bool:
    """Whether what is in a group stands elsewhere than it says itself."""
    frame = _frame(group)
    return frame is not None and _box(frame, "off", "ext") != _box(frame, "chOff", "chExt")


def _frame(shape: Any) -> Any:
    """The element that says where it stands: its own, or the one of its properties."""
    holders = (shape, *shape.iterchildren(*_OF_SHAPE))
    return next((frame for holder in holders for frame in holder.iterchildren(*_FRAME)), None)


def _box(frame: Any, corner: str, extent: str) -> _Box | None:
    """None when a corner is not given."""
    said = {
        name: next((mark for space in _DRAWING for mark in frame.iterchildren(f"{{{space}}}{name}")), None) for name in (corner, extent)
    }
    left, top = _numbers(said[corner], "x", "y") or (None, None)
    width, height = _numbers(said[extent], "cx", "cy") or (0, 0)
    return None if left is None or top is None else (left, top, width, height)


def _numbers(mark: Any, *names: str) -> tuple[int, ...] | None:
    said = [mark.get(name, "") for name in names] if mark is not None else [""]
    return tuple(map(int, said)) if all(map(_EMU.fullmatch, said)) else None


def _is_within(box: _Box | None, size: tuple[int, int]) -> bool:
    """Whether the corner at which words begin, and the middle, are on the slide."""
    if box is None:
        return False
    left, top, width, height = box
    return all(0 <= at < end for at, end in zip((left, top, left + width // 2, top + height // 2), size * 2, strict=True))
