"""XFORWARD: what a trusted Postfix tells about the client it had. Pure: the text of the command to attributes.

Standards: Postfix XFORWARD_README. Attributes of several commands add up; the session forgets them at the end of the transaction they were
sent for, at RSET, EHLO and STARTTLS. Values are xtext; [UNAVAILABLE] and [TEMPUNAVAIL] stand as they are.
"""

from __future__ import annotations

import re

from gateway.listen.parameters import Refused, unxtext

_QUEUE_ID = re.compile(r"[A-Za-z0-9-]{1,40}")
ATTRIBUTES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE")


def upstream_id(ident: str | None) -> str | None:
    """The upstream's queue id, for the log: nothing that could be an address or a text passes."""
    return ident if ident and _QUEUE_ID.fullmatch(ident) else None


def xforward(text: str) -> dict[str, str]:
    """The attributes of one command, names upper-case, values decoded.

    Raises:
        Refused: not in the grammar, or an attribute we did not offer.
    """
    attributes: dict[str, str] = {}
    for word in text.split():
        name, equals, value = word.partition("=")
        decoded = unxtext(value)
        if name.upper() not in ATTRIBUTES or not equals:
            raise Refused(501, "5.5.4", "XFORWARD is followed by attribute=value")
        if decoded is None or len(decoded) > 255 or not decoded.isprintable():
            raise Refused(501, "5.5.4", f"The value of {name.upper()} is not xtext of at most 255 characters")
        attributes[name.upper()] = decoded
    if not attributes:
        raise Refused(501, "5.5.4", "XFORWARD is followed by attribute=value")
    return attributes
