"""Forms that come in, and whether they come from our own page. No file is ever taken.

Standards: HTML (application/x-www-form-urlencoded), Fetch Metadata, RFC 6454. With `Referrer-Policy: no-referrer` a browser says
`Origin: null` of our own forms (Fetch, "append a request Origin header"): where Sec-Fetch-Site speaks, it decides; the token in the form is
asked for always.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from gateway.errors import OutgateError
from gateway.web.portal.site import Site, Visitor

LARGEST = 4096  # octets; the longest form of ours has a tenth
_MOST_FIELDS = 8
_TYPE = "application/x-www-form-urlencoded"


class Forged(OutgateError):
    """It does not come from our page, or is no form."""


class TooLarge(OutgateError):
    """More octets than any form of ours has."""


async def read_form(request: Request, site: Site, visitor: Visitor) -> Mapping[str, str]:
    """The fields. Raises Forged, TooLarge."""
    _check_origin(request, site.settings.url)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise Forged("it is no form")
    octets = await _read(request)
    try:
        fields = dict(parse_qsl(octets.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"))
    except ValueError as error:
        raise Forged("it cannot be read") from error
    if not visitor.cookie or not hmac.compare_digest(fields.get("csrf", "").encode(), site.csrf(visitor.cookie).encode()):
        raise Forged("its token is not that of this visitor")
    return fields


def _check_origin(request: Request, url: str) -> None:
    fetched_from = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if fetched_from is not None and fetched_from != "same-origin":
        raise Forged("another site has sent it")
    if origin not in (None, url, "null"):
        raise Forged("another site has sent it")


async def _read(request: Request) -> bytes:
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced[:20]) > LARGEST:
        raise TooLarge("more is announced than a form has")
    found = bytearray()
    try:
        async for piece in request.stream():
            found += piece
            if len(found) > LARGEST:
                raise TooLarge("more has come than a form has")
    except ClientDisconnect as error:
        raise Forged("it is not whole") from error
    return bytes(found)
