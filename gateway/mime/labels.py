"""Sensitivity labels that stand in the header section: the field msip_labels. Pure.

Standard: Microsoft Information Protection SDK, label metadata. One field may hold labels of several tenants; which tenant counts is for the
policy to say. A label counts when it is enabled and names a tenant or none; what is not understood is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.model.finding import Evidence, EvidenceKind, Place
from gateway.model.message import Field

_GUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
# Attributes may carry the suffix of a version: EnabledV2.
_KEY = re.compile(rf"msip_label_({_GUID})_([a-z]+?)(?:v[0-9]+)?", re.IGNORECASE)
_SITE = re.compile(rf"\{{?({_GUID})\}}?", re.IGNORECASE)
_BLANK = re.compile(r"\s+")


def header_labels(fields: Iterable[Field]) -> tuple[Evidence, ...]:
    """One piece of evidence for each label that is enabled, and for each tenant it names."""
    values = [field.value for field in fields if field.name.lower() == "msip_labels"]
    return tuple(evidence for value in values for evidence in _labels(value)) if values else ()


def _labels(value: str) -> Iterable[Evidence]:
    labels: dict[str, dict[str, list[str]]] = {}
    for pair in value.split(";"):
        key, equals, text = pair.partition("=")
        # A long field may have been folded inside a key.
        found = _KEY.fullmatch(_BLANK.sub("", key))
        if equals and found:
            labels.setdefault(found[1].lower(), {}).setdefault(found[2].lower(), []).append(text.strip())
    for label, attributes in labels.items():
        if any(text.lower() == "true" for text in attributes.get("enabled", ())):
            for tenant in _tenants(attributes.get("siteid", ())):
                yield Evidence(EvidenceKind.LABEL, label, where="header field msip_labels", tenant=tenant, place=Place.HEADER_FIELD)


def _tenants(texts: Iterable[str]) -> Iterable[str | None]:
    found = [match[1].lower() for text in texts if (match := _SITE.fullmatch(_BLANK.sub("", text)))]
    return dict.fromkeys(found) or (None,)
