"""What an element of OpenDocument says in its attributes (OASIS ODF 1.3 part 3): by name, whatever the namespace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.content.xml import local

PARAGRAPHS = ("{*}p", "{*}h")
SAID = ("title", "desc")  # elements whose text is an alternative text

# Attributes that hold words which a person may read; the others hold numbers and names of styles.
_FORMS = {"description", "content-validation-name", "current-value", "label", "help"}
_SAYING = {"string-value", "href", "condition", "formula", *_FORMS}


def attribute(element: Any, name: str) -> str:
    """Whatever its namespace."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def repeated_of(element: Any, name: str) -> int:
    return number_of(attribute(element, name))


def number_of(said: str) -> int:
    return min(int(said), 1 << 20) if said.isdecimal() and len(said) < 9 else 1


def said_in(element: Any) -> Iterator[str]:
    """Words in attributes, and alternative texts."""
    if "form:" in element.tag:
        yield from filter(None, (attribute(element, "value"),))
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] in _SAYING and value.strip() and not value.startswith(("Pictures/", "./Object", "#", "of:=")):
            yield value
    if local(element) in SAID and element.text:
        yield element.text


def hidden_styles(styles: Any) -> Iterator[str]:
    """Section 20.366 (text), 20.271 (tables), 19.471 (slides): what is not displayed."""
    for style in styles.iter("{*}style"):
        for properties in style:
            said = (attribute(properties, "display"), attribute(properties, "visibility"))
            if said[0] in ("none", "false") or said[1] == "hidden":
                yield attribute(style, "name")
