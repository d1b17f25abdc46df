"""What each part is to the person who reads the mail (FACTS: attachments; DESIGN section 4). Pure.

What a person sees as the message is BODY; a small picture that the HTML really shows is INLINE; invitations, cards, receipts and
signatures are AUXILIARY; everything else is a FILE. In doubt it is a file: an unmarked file is judged more strictly than words.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from gateway.mime.decode import decode
from gateway.mime.ranges import Node
from gateway.model.message import Buffer, Encoding, Role

INLINE_OCTETS = 1024 * 1024  # a larger picture is a file, decoded
AUXILIARY_OCTETS = 1024 * 1024  # a larger signature or invitation hides something
HTML_OCTETS = 1024 * 1024  # of an HTML body looked through for pictures

_SHOWN = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-amp-html", "text/watch-html"})
_INVITATIONS = frozenset({"text/calendar", "application/ics", "text/vcard", "text/x-vcard", "text/directory"})
_NOT_ATTACHED = frozenset({None, "inline"})
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
_REPORTS = frozenset(
    {"message/delivery-status", "message/disposition-notification", "message/feedback-report", "text/rfc822-headers"}
    | {"message/global-delivery-status", "message/global-disposition-notification", "message/global-headers"}
)
_FITTING_NAME = re.compile(r".*\.(?:p7s|asc|sig|ics|ifb|vcs|vcf|vcard)\s*", re.IGNORECASE | re.DOTALL)
_PICTURE_NAME = re.compile(
    r"[^.]*|.*\.(?:png|jpe?g|jpe|jfif|gif|bmp|webp|tiff?|heic|heif|ico|emz|wmz|wmf|emf)\s*", re.IGNORECASE | re.DOTALL
)
_CID = re.compile(rb"""cid:([^"'\s>)<]{1,998})""", re.IGNORECASE)


def find_roles(buffer: Buffer, nodes: list[Node]) -> list[Role]:
    """The role of each node, in their order."""
    roles = [_role(node) for node in nodes]
    shown: dict[str, frozenset[bytes]] = {}
    for at, node in enumerate(nodes):
        if roles[at] is Role.FILE and _may_be_inline(node):
            if node.message not in shown:
                bodies = (other for other, role in zip(nodes, roles, strict=True) if role is Role.BODY and other.message == node.message)
                shown[node.message] = _shown_pictures(buffer, [body for body in bodies if body.declared.media_type == "text/html"])
            if str(node.declared.content_id).encode() in shown[node.message]:
                roles[at] = Role.INLINE
    return roles


def _role(node: Node) -> Role:
    if node.is_container:
        return Role.CONTAINER
    declared = node.declared
    kind = declared.media_type
    # RFC 2183 section 2.8: what nobody knows is an attachment.
    attached = declared.disposition not in _NOT_ATTACHED
    if kind in _REPORTS or kind in _INVITATIONS or kind in _SIGNATURES:
        return Role.AUXILIARY if _is_auxiliary(node, attached=attached) else Role.FILE
    if attached or not kind.startswith("text/"):
        return Role.FILE
    if node.around == "multipart/alternative":
        # A reader shows one of the alternatives; a name makes no file of those that every reader can show.
        return Role.BODY if kind in _SHOWN or not declared.names else Role.FILE
    return Role.BODY if kind in _SHOWN and not declared.names else Role.FILE


def _is_auxiliary(node: Node, *, attached: bool) -> bool:
    if len(node.body) > AUXILIARY_OCTETS:
        return False
    names = node.declared.names
    if node.declared.media_type in _REPORTS:
        return not (attached and names)
    return all(_FITTING_NAME.fullmatch(name) for name in names)


def _may_be_inline(node: Node) -> bool:
    declared = node.declared
    return (
        declared.content_id is not None
        and declared.media_type.startswith("image/")
        and declared.media_type != "image/svg+xml"  # may hold text, scripts and other files
        and declared.disposition in _NOT_ATTACHED
        and len(node.body) <= (INLINE_OCTETS * 3 // 2 if declared.encoding is Encoding.BASE64 else INLINE_OCTETS)
        and all(_PICTURE_NAME.fullmatch(name) for name in declared.names)
    )


def _shown_pictures(buffer: Buffer, bodies: list[Node]) -> frozenset[bytes]:
    """The Content-IDs that the HTML bodies of one message refer to (RFC 2392)."""
    found: set[bytes] = set()
    for body in bodies:
        seen = 0
        html = b""
        for piece in decode(buffer, body.body, body.declared.encoding):
            html += piece
            seen += len(piece)
            if seen >= HTML_OCTETS:
                break
        found.update(unquote_to_bytes(text.replace(b"&amp;", b"&")) for text in _CID.findall(html))
    return frozenset(found)
