"""Random well-formed entities, and what the standard library makes of them."""

import base64
import binascii
import itertools
from email.message import Message as Parsed

from hypothesis import strategies as st

from gateway.mime.decode import decode
from gateway.model.message import Message

Leaf = tuple[str, bytes]  # media type, decoded octets

_BOUNDARY = st.text(st.sampled_from("ab=_'."), min_size=1, max_size=6).map(lambda text: "q" + text)
_LINES = st.lists(st.text(st.sampled_from("ab -=.é"), max_size=12), max_size=6).map(lambda lines: "\r\n".join(lines).encode())


def _leaf(media_type: str, encoding: str, octets: bytes) -> bytes:
    if encoding == "base64":
        body = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        body = binascii.b2a_qp(octets + b"\r\n", istext=True)
    else:
        body = octets
    return f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body


@st.composite
def _multipart(draw: st.DrawFn, members: st.SearchStrategy[bytes]) -> bytes:
    parts = draw(st.lists(members, min_size=1, max_size=4))
    # A delimiter must not stand inside: longer ones are tried until none does.
    boundary = draw(_BOUNDARY)
    boundary = next(name for at in itertools.count() if b"--" + (name := boundary + "x" * at).encode() not in b"".join(parts))
    kind = draw(st.sampled_from(["mixed", "alternative", "related", "signed"]))
    before, after = draw(st.sampled_from([b"", b"preamble\r\n"])), draw(st.sampled_from([b"", b"epilogue\r\n"]))
    delimiter = b"--" + boundary.encode()
    body = before + b"".join(delimiter + draw(st.sampled_from([b"", b" \t"])) + b"\r\n" + part + b"\r\n" for part in parts)
    return f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'.encode() + body + delimiter + b"--\r\n" + after


def _message(entity: bytes) -> bytes:
    return b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nMIME-Version: 1.0\r\n" + entity


def entities() -> st.SearchStrategy[bytes]:
    """Content fields, an empty line and a body: multiparts in multiparts, attached messages, every encoding."""
    leaf = st.builds(
        _leaf,
        st.sampled_from(["text/plain", "text/html", "application/pdf", "image/png"]),
        st.sampled_from(["7bit", "8bit", "base64", "quoted-printable"]),
        _LINES,
    )
    return st.recursive(leaf, lambda inner: _multipart(inner) | inner.map(_message), max_leaves=8)


def stdlib_leaves(message: Parsed) -> list[Leaf]:
    return [(part.get_content_type(), bytes(part.get_payload(decode=True))) for part in message.walk() if not part.is_multipart()]  # type: ignore[arg-type]


def leaves_of(octets: bytes, message: Message) -> list[Leaf]:
    """The parts that hold no other."""
    holders = {part.parent for part in message.parts}
    return [(part.media_type, b"".join(decode(octets, part.body, part.encoding))) for part in message.parts if part.id not in holders]
