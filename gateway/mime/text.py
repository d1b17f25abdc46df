"""The words of a small text part, read in the front process. Pure. HTML and everything foreign is read by the worker."""

from __future__ import annotations

from gateway.mime.charsets import body_to_text
from gateway.mime.decode import READINGS, decode
from gateway.model.message import Buffer, Part


def body_text(buffer: Buffer, part: Part) -> str:
    """The text of a part with LF line ends; octets that mean nothing become U+FFFD.

    A part whose encoding is in doubt gives the text of every reading, one below the other.
    """
    readings = [b"".join(decode(buffer, part.body, encoding)) for encoding in READINGS[part.encoding]]
    texts = dict.fromkeys(body_to_text(octets, part.charset) for octets in readings)
    return "\n".join(text.replace("\r\n", "\n") if "\r" in text else text for text in texts)
