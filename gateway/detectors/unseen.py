"""Where an edge of a page stands that no page has: nothing refers to it, or what does is not shown itself. Pure."""

from __future__ import annotations


class Unseen(str):
    """The name of a page header or footer ("page header") that no program shows to a person who opens the document.

    It is read as one that is shown is, and what is marked there may raise; it never lowers, for nobody has said it to a reader.
    """

    __slots__ = ()


def name_of(where: str, *, is_shown: bool) -> str:
    """The name of an edge, with whether a person sees it."""
    return where if is_shown else Unseen(where)
