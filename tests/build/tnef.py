"""winmail.dat: an Outlook message with its files ([MS-OXTNEF] 2.1), made by hand."""

import struct
from collections.abc import Mapping

_MESSAGE, _ATTACHMENT = 1, 2
_SIGNATURE = 0x223E9F78


def tnef(files: Mapping[str, bytes], body: str = "", properties: Mapping[int, bytes] | None = None) -> bytes:
    """The stream; `body` as attBody, `properties` of the message by tag (property type PtypBinary 0x0102)."""
    stream = struct.pack("<IH", _SIGNATURE, 1)
    stream += _attribute(_MESSAGE, 0x00089006, struct.pack("<I", 0x00010000))  # attTnefVersion
    stream += _attribute(_MESSAGE, 0x00078008, b"IPM.Microsoft Mail.Note\0")  # attMessageClass
    if body:
        stream += _attribute(_MESSAGE, 0x0002800C, body.encode("cp1252") + b"\0")  # attBody
    if properties:
        stream += _attribute(_MESSAGE, 0x00069003, _properties(properties))  # attMsgProps
    for name, octets in files.items():
        stream += _attribute(_ATTACHMENT, 0x00069002, struct.pack("<HIHHI", 1, 0xFFFFFFFF, 0, 0, 0))  # attAttachRendData
        stream += _attribute(_ATTACHMENT, 0x00018010, name.encode("cp1252") + b"\0")  # attAttachTitle
        stream += _attribute(_ATTACHMENT, 0x0006800F, octets)  # attAttachData
    return stream


def _attribute(level: int, tag: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, tag, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def _properties(properties: Mapping[int, bytes]) -> bytes:
    packed = struct.pack("<I", len(properties))
    for tag, value in properties.items():
        packed += struct.pack("<III", tag << 16 | 0x0102, 1, len(value)) + value.ljust(-(-len(value) // 4) * 4, b"\0")
    return packed
