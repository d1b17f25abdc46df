"""The words of a small text part, read in the front process. Pure. HTML and everything foreign is read by the worker."""

from __future__ import annotations

from gateway.mime.charsets import body_to_text
from gateway.mime.clearsigned import BEGIN, without_frame
from gateway.mime.doubtful import all_octets
from gateway.model.message import Buffer, DefectName, Encoding, Part


def body_text(buffer: Buffer, part: Part, defects: set[DefectName]) -> str:
    """The text of a part with LF line ends; octets that mean nothing become U+FFFD.

    A part whose encoding is in doubt gives the text of every reading, one below the other; what is odd about it is added to `defects`.
    """
    if part.encoding is Encoding.IDENTITY:
        return _unix(body_to_text(buffer[part.body.start : part.body.end], part.charset))
    texts = [body_to_text(octets, part.charset) for octets in all_octets(buffer, part, defects)]
    return "\n".join([_unix(text) for text in dict.fromkeys(texts)])


def _unix(text: str) -> str:
    text = text.replace("\r\n", "\n") if "\r" in text else text
    return without_frame(text) if BEGIN in text else text
