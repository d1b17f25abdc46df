"""The shape of what `outgate explain --json` prints: a contract (DESIGN section 8), to which things are only added. Pure."""

from __future__ import annotations

from typing import Any

from gateway.model.decision import Verdict
from gateway.model.finding import Readable
from gateway.model.message import Fixed

VERSION = 1


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_TEXT: dict[str, Any] = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": "integer", "minimum": 0}
_MAYBE: dict[str, Any] = {"type": ["string", "null"]}
_FOUND = _list(
    _object(
        kind={"enum": ["label", "marking", "detector", "unreadable", "unmarked"]},
        id=_TEXT,
        count=_NUMBER,
        where=_TEXT,
        sample=_TEXT,
        **{"is": _MAYBE},
    )
)
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "outgate explain --json",
    **_object(
        schema={"const": VERSION},
        pack=_TEXT,
        pack_version=_TEXT,
        supposed={"type": ["object", "null"]},
        message=_object(
            wire_octets=_NUMBER,
            attachments_octets=_NUMBER,
            classification=_TEXT,
            defects=_list(_TEXT),
            coverage=_object(files=_NUMBER, read=_NUMBER, unread=_list(_object(name=_TEXT, why=_TEXT))),
        ),
        attachments=_list(
            _object(
                id=_TEXT,
                inside=_MAYBE,
                names=_list(_TEXT),
                declared_type=_TEXT,
                detected_type=_TEXT,
                octets=_NUMBER,
                sha256=_TEXT,
                classification=_TEXT,
                readable={"enum": [kind.value for kind in Readable]},
                oddities=_list(_TEXT),
                fixed={"enum": [*(kind.value for kind in Fixed), None]},
                evidence=_FOUND,
            )
        ),
        words=_object(classification=_TEXT, evidence=_FOUND),
        recipients=_list(
            _object(
                recipient=_TEXT,
                audiences=_list(_TEXT),
                verdict={"enum": [verdict.word for verdict in Verdict]},
                route=_MAYBE,
                needs=_list(_TEXT),
                reasons=_list(_object(rule=_TEXT, effect=_TEXT, clause=_TEXT, text=_TEXT, unknown=_list(_TEXT))),
                routes_tried=_list(_object(route=_TEXT, why_not=_TEXT)),
                shared_files=_list(_TEXT),
                carried_by=_MAYBE,
                held_for=_MAYBE,
                until=_MAYBE,
                lifted=_list(_TEXT),
                stamps=_list(_TEXT),
                guidance=_MAYBE,
                would_pass_if=_list(_TEXT),
                watched=_list(_object(rule=_TEXT, mode={"enum": ["watch", "advise"]})),
            )
        ),
    ),
}
