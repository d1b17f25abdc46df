"""Style sheets to rules: what stands before a pair of braces, and the declarations between them. Pure, linear in the length.

Standards: CSS Syntax 3 (strings, escapes, comments, addresses without quotes), CSS Nesting. What is not closed ends with its sheet.
Limits: which medium a rule is for, and whether it is supported, is not asked; `&` is no selector of its own (selectors.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_STRING = r""""(?:[^"\\\n\r\f]|\\.)*+"?|'(?:[^'\\\n\r\f]|\\.)*+'?"""
_COMMENT = r"/\*.*?(?:\*/|\Z)"
_ADDRESS = r"""[uU][rR][lL]\(\s*+(?!["'])(?:[^)\\]|\\.)*+\)?"""
_PART = re.compile(rf"""((?:[^"'\\/uU{{}};]++|{_STRING}|{_COMMENT}|{_ADDRESS}|\\.|[^{{}};])*+)(?:([{{}}]|;[;\s]*+)|\Z)""", re.DOTALL)
_KEPT = re.compile(rf"({_STRING}|\\.)|{_COMMENT}|<!--|-->", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|\n|(.))", re.DOTALL)


class Rule(NamedTuple):
    """As it is written, without its comments."""

    selectors: str
    declarations: tuple[str, ...]

    def said(self) -> Iterator[tuple[str, str]]:
        """Properties and their values, the last of which counts."""
        for declaration in self.declarations:
            name, _, value = declaration.partition(":")
            yield unescaped(name).strip().lower(), value


def rules_of(sheet: str) -> Iterator[Rule]:
    """Those with a selector, from the first to the last; in `@media` and its like, and inside of others too."""
    around: list[str] = []  # before the braces that are open
    declarations: list[str] = []
    for said, sign in _parts(sheet):
        if said and sign != "{" and around:
            declarations.append(said)
        if sign != ";" and declarations:
            if not around[-1].startswith("@"):
                yield Rule(around[-1], tuple(declarations))
            declarations.clear()
        if sign == "{":
            around.append(around[-1] if around and said.startswith("@") else said)
        elif sign == "}" and around:
            around.pop()


def unescaped(css: str) -> str:
    """CSS 2.1 section 4.1.3."""
    return _ESCAPE.sub(_unescaped, css) if "\\" in css else css


def _parts(sheet: str) -> Iterator[tuple[str, str]]:
    """What stands before each brace and semicolon that is no part of a string, and which it is; the end is none."""
    for found in _PART.finditer(sheet):
        said = found[1].strip()
        if "/*" in said or "--" in said:
            said = _KEPT.sub(_kept, said).strip()
        yield said, (found[2] or "")[:1]


def _kept(found: re.Match[str]) -> str:
    return found[1] or " "


def _unescaped(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] else 0
    return chr(code) if 0 < code < 0x110000 else found[2] or ""
