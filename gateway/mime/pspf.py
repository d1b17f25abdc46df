"""Protective markings of the Australian Government: the field X-Protective-Marking and the form `[SEC=...]` in a subject. Pure.

Standard: Email Protective Marking Standard of the Protective Security Policy Framework (VER 2012.3 to 2025.1), read leniently: any order of
parts, any case, classifications of all years. Field and subject are both kept; where they say different things, that is evidence too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from gateway.model.finding import Evidence, EvidenceKind, Place
from gateway.model.message import Field

NAMESPACE = "gov.au"  # what stands for a tenant
DISAGREE = "DISAGREE"
_FIELD = "x-protective-marking"
_PARTS = re.compile(r"((?:[^,\\]|\\.){1,300})(?:,|$)")
_SUBJECT = re.compile(r"\[\s*((?:SEC|DLM)\s*=[^\[\]]{1,400})\]", re.IGNORECASE)
_AROUND = re.compile(r" ?([:/]) ?")  # OFFICIAL: Sensitive
_KEYS = ("SEC", "DLM", "CAVEAT", "ACCESS")


def protective_markings(fields: Iterable[Field], subjects: Iterable[str]) -> tuple[Evidence, ...]:
    """One piece of evidence for each classification, caveat and kind of access that is named, and one when the classifications differ."""
    found = [
        *(one for field in fields if len(field.name) == len(_FIELD) and field.name.lower() == _FIELD for one in _of_field(field.value)),
        *(one for subject in subjects if "=" in subject for one in _of_subject(subject)),
    ]
    return (*dict.fromkeys(found), *_dissent(found)) if found else ()


def place_in_pack(text: str) -> tuple[str, str]:
    """Namespace and id of what a pack calls `PROTECTED`, `CAVEAT=SH:CABINET`, `ACCESS=Personal-Privacy` or `disagree`."""
    text = re.sub(r"\s+", " ", text.strip()).upper()
    if text == DISAGREE:
        return f"{NAMESPACE}/{DISAGREE.lower()}", DISAGREE
    key, equals, value = text.partition("=")
    return _named(key.strip(), value.strip()) if equals else _named("SEC", text)


def _named(key: str, value: str) -> tuple[str, str]:
    """Caveats and access have a namespace of their own: a pack that speaks of none of them need not know any."""
    namespace = NAMESPACE if key in ("SEC", "DLM") else f"{NAMESPACE}/{key.lower()}"
    return namespace, key + "=" + _AROUND.sub(r"\1", value)


def _of_field(value: str) -> Iterator[Evidence]:
    yield from _evidence(value, "header field X-Protective-Marking", Place.HEADER_FIELD)


def _of_subject(subject: str) -> Iterator[Evidence]:
    for form in _SUBJECT.findall(unicodedata.normalize("NFKC", subject)):
        yield from _evidence(form, "subject", Place.SUBJECT)


def _evidence(text: str, where: str, place: Place) -> Iterator[Evidence]:
    for part in _PARTS.findall(text):
        key, equals, value = part.partition("=")
        key = key.strip().upper()
        if equals and key in _KEYS:
            namespace, name = _named(key, re.sub(r"\\(.)", r"\1", " ".join(value.split())).upper())
            yield Evidence(EvidenceKind.LABEL, name, where=where, tenant=namespace, place=place)


def _dissent(found: list[Evidence]) -> Iterator[Evidence]:
    said = {item.id for item in found if item.id.startswith("SEC=")}
    if len(said) > 1:
        where = " and ".join(dict.fromkeys(item.where for item in found))
        yield Evidence(EvidenceKind.LABEL, DISAGREE, where=where, tenant=f"{NAMESPACE}/{DISAGREE.lower()}", place=Place.HEADER_FIELD)
