"""Messages written out by hand in a test, as they stand on the wire."""

from textwrap import dedent

from gateway.model.message import DefectName, Message


def wire(text: str) -> bytes:
    """Indentation and the first line end taken off, line ends made CRLF."""
    return dedent(text).removeprefix("\n").replace("\n", "\r\n").encode()


def names(message: Message) -> set[DefectName]:
    return {defect.name for defect in message.defects}


def outline(message: Message) -> list[str]:
    """`id media-type role` of every part."""
    return [f"{part.id} {part.media_type} {part.role}" for part in message.parts]
