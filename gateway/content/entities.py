"""Entities that an XML text declares itself (XML 1.0 section 4.2.1), put in the place of their references: within bounds.

In: a text. Out: what stands behind its declarations, as a browser shows an SVG or an XML. Limits: parameter and external entities.
"""

from __future__ import annotations

import html
import re
from itertools import islice

from gateway.content.reading import Unreadable
from gateway.model.finding import Readable

_MARK = "<!ENTITY"
_DECLARATION = re.compile(r"""<!ENTITY\s+([\w.:\-]+)\s+(?:"([^"]*)"|'([^']*)')\s*>""")
_DECLARATIONS = 20_000
_REFERENCE = re.compile(r"&([A-Za-z_][\w.:\-]{0,100});")
_CHARACTER = re.compile(r"&#(?:[xX][0-9a-fA-F]{1,6}|[0-9]{1,7});")
_DEEPEST = 40  # entities in entities
_MOST = 8_388_608  # characters, of all that is put in


def declares_entities(text: str) -> bool:
    """Quick."""
    return _MARK in text


def resolved(text: str) -> str:
    """The text behind its declarations, its entities replaced.

    Raises:
        Unreadable: over budget, as "a billion laughs" is.
    """
    found = list(islice(_DECLARATION.finditer(text), _DECLARATIONS))
    if not found:
        return text
    entities = _Entities({one[1]: one[2] if one[2] is not None else one[3] for one in reversed(found)})  # the first declaration counts
    return entities.put_into(text[text.find("]", found[-1].end()) + 1 :].removeprefix(">"))


class _Entities:
    """Values by name, each resolved once."""

    __slots__ = ("_declared", "_depth", "_left", "_resolved")

    def __init__(self, declared: dict[str, str]) -> None:
        self._declared = declared
        self._resolved: dict[str, str] = {}
        self._depth = 0
        self._left = _MOST

    def put_into(self, text: str) -> str:
        return _REFERENCE.sub(self._value, text)

    def _value(self, reference: re.Match[str]) -> str:
        """One of HTML or XML stays what it is, and so does one that stands in itself."""
        name = reference[1]
        if name not in self._declared or self._depth >= _DEEPEST:
            return reference[0]
        if name not in self._resolved:
            self._resolved[name] = reference[0]
            self._depth += 1
            self._resolved[name] = self.put_into(_CHARACTER.sub(lambda character: html.unescape(character[0]), self._declared[name]))
            self._depth -= 1
        value = self._resolved[name]
        self._left -= len(value)
        if self._left < 0:
            raise Unreadable(Readable.OVER_BUDGET)
        return value
