"""Sensitivity labels in office packages and in name-value pairs.

Standards: "MIP SDK: Metadata"; [MS-OFFCRYPTO] 2.6.3 and 2.6.4; [MS-OI29500] (one LabelInfo part, found by relationship). LabelInfo is read
first; custom properties count only for a tenant of which LabelInfo says nothing. Removed or not enabled: not labelled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from gateway.content.ole_properties import properties_in
from gateway.content.package import Package
from gateway.content.reading import Item, Oddity
from gateway.content.xml import local
from gateway.model.finding import Evidence, EvidenceKind, Place

PREFIX = "MSIP_Label_"
_KEY = re.compile(r"MSIP_Label_([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})_([A-Za-z]+)")
_TRUE = ("true", "1")


def find_labels(package: Package) -> Iterator[Item]:
    """The labels of an OOXML package, as Office finds them."""
    links = package.relationships
    info = [part for link in links if link.type == "classificationlabels" for part in package.find(link.target)]
    if len(info) > 1:
        yield Oddity("duplicate-labels")
    spoken: set[str | None] = set()  # tenants of which LabelInfo speaks, even to say "removed"
    for part in info:
        for evidence, tenant in label_info(package.elements(part, "{*}label"), part.name):
            spoken.add(tenant)
            if evidence is not None:
                yield evidence
    for link in links:
        for part in package.find(link.target) if link.type in ("custom-properties", "customproperties") else ():
            pairs = ((element.get("name", ""), _value(element)) for element in package.elements(part, "{*}property"))
            yield from (label for label in from_pairs(pairs, part.name) if label.tenant not in spoken)


def property_lines(pairs: Iterable[tuple[str, str]]) -> str:
    """Properties as text: of each a line with its value, and one with its name before it. Labels are no words of the author."""
    lines: list[str] = []
    for name, value in pairs:
        if value.strip() and not name.startswith(PREFIX):
            lines.extend((value, f"{name}: {value}") if name else (value,))
    return "\n".join(lines)


def label_info(found: Iterable[Any], where: str) -> Iterator[tuple[Evidence | None, str | None]]:
    """Each label element of a LabelInfo part or stream: its evidence, None when it was removed or is not enabled, and its tenant."""
    for element in found:
        tenant = _guid(element.get("siteId"))
        off = element.get("removed", "").lower() in _TRUE or element.get("enabled", "true").lower() not in _TRUE
        label = _guid(element.get("id"))
        yield (None if off or label is None else _evidence(label, tenant, where)), tenant


def from_pairs(pairs: Iterable[tuple[str, str]], where: str) -> tuple[Evidence, ...]:
    """Labels from `MSIP_Label_<guid>_<Attribute>` names and their values. Without an Enabled that is true there is no label."""
    found: dict[str, dict[str, str]] = {}
    for name, value in pairs:
        key = _KEY.fullmatch(name.strip())
        if key is not None:
            found.setdefault(key[1].lower(), {}).setdefault(key[2].lower(), value.strip())
    return tuple(
        _evidence(label, _guid(said.get("siteid")), where, said.get("name", ""))
        for label, said in found.items()
        if said.get("enabled", "").lower() in _TRUE
    )


def from_property_set(stream: bytes, where: str) -> Iterator[Item]:
    """Labels, and what else the properties of an OLE file say."""
    pairs = tuple(properties_in(stream))
    yield from from_pairs(pairs, where)
    yield Place.PROPERTIES, where, property_lines(pairs)


def _value(element: Any) -> str:
    return "".join(child.text or "" for child in element if local(child))


def _guid(text: str | None) -> str | None:
    return text[:64].strip().strip("{}").lower() or None if text else None


def _evidence(label: str, tenant: str | None, where: str, name: str = "") -> Evidence:
    return Evidence(EvidenceKind.LABEL, label, 1, where, name, tenant)
