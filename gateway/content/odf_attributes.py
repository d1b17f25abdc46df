"""What an element of OpenDocument says in its attributes (OASIS ODF 1.3 part 3): by name, whatever the namespace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.content.number_formats import is_word
from gateway.content.xml import local

PARAGRAPHS = ("{*}p", "{*}h")
SAID = ("title", "desc")  # elements whose text is an alternative text

# Attributes that hold words which a person may read; the others hold numbers and names of styles.
_FORMS = {"description", "content-validation-name", "current-value", "label", "help", "title"}
_SHEETS = {"comment", "expression", "grand-total", "source-field-name", "dde-item", "dde-topic"}
_SAYING = {"string-value", "href", "condition", "formula", *_FORMS, *_SHEETS}
# Elements that people name, or that say what is looked for, and where.
_NAMED = {
    "named-expression": "name",
    "named-range": "name",
    "database-range": "name",
    "data-pilot-table": "name",
    "data-pilot-field": "display-name",
    "data-pilot-member": "name",
    "frame": "name",
    "custom-shape": "name",
    "filter-condition": "value",
    "filter-set-item": "value",
}
FORMATS = ("number-style", "currency-style", "percentage-style", "date-style", "time-style", "boolean-style", "text-style")


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
    name = local(element)
    if name in _NAMED:
        yield from filter(None, (attribute(element, _NAMED[name]),))
    if name in SAID and element.text:
        yield element.text


def words_of_format(style: Any) -> Iterator[str]:
    """What a number format says whatever the value is (section 16.29), cut where the value or a part of it stands."""
    said = (part.text or "" if local(part) in ("text", "currency-symbol") else "\n" for part in style)
    inside = (part.text or "" for part in style.iter("{*}embedded-text"))
    yield from (line.strip() for line in ("".join(said) + "\n" + "\n".join(inside)).split("\n") if is_word(line))


def hidden_styles(styles: Any) -> Iterator[str]:
    """Section 20.366 (text), 20.271 (tables), 19.471 (slides): what is not displayed."""
    for style in styles.iter("{*}style"):
        for properties in style:
            said = (attribute(properties, "display"), attribute(properties, "visibility"))
            if said[0] in ("none", "false") or said[1] == "hidden":
                yield attribute(style, "name")
