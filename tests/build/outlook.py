"""What Outlook writes: TNEF ([MS-OXTNEF]) and .msg ([MS-OXMSG]), made by hand. Pure and deterministic."""

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping

from gateway.content.storage import build

MESSAGE, ATTACHMENT = 1, 2
_HEADERS_GUID = bytes.fromhex("8603020000000000c000000000000046")  # PS_INTERNET_HEADERS
_IS_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")  # IID_IMessage


def packed_rtf(rtf: bytes, *, compressed: bool = True) -> bytes:
    """[MS-OXRTFCP]: without one reference into the window, so every octet stands for itself."""
    if not compressed:
        return struct.pack("<IIII", len(rtf) + 12, len(rtf), 0x414C454D, 0) + rtf
    body = bytearray()
    write = 207
    pieces = [rtf[at : at + 8] for at in range(0, len(rtf), 8)]
    for piece in pieces if rtf and len(rtf) % 8 else [*pieces, b""]:
        write = (write + len(piece)) % 4096
        if len(piece) == 8:
            body += b"\0" + piece
        else:  # a reference to where we write now is the end
            body += bytes((1 << len(piece),)) + piece + struct.pack(">H", write << 4)
    check = zlib.crc32(body, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return struct.pack("<IIII", len(body) + 12, len(rtf), 0x75465A4C, check) + bytes(body)


def attribute(level: int, id_: int, body: bytes, kind: int = 6) -> bytes:
    """One attribute of TNEF with its checksum."""
    return struct.pack("<BHHI", level, id_, kind, len(body)) + body + struct.pack("<H", sum(body) & 0xFFFF)


def property_list(values: Iterable[tuple[int | str, int, bytes]]) -> bytes:
    """Properties as TNEF has them: a number, or a name among the internet headers; a type; the octets."""
    packed, count = b"", 0
    for id_, kind, octets in values:
        count += 1
        if isinstance(id_, str):
            name = (id_ + "\0").encode("utf-16-le")
            packed += struct.pack("<HH", kind, 0x8001) + _HEADERS_GUID + struct.pack("<II", 1, len(name)) + _padded(name)
        else:
            packed += struct.pack("<HH", kind, id_)
        packed += struct.pack("<II", 1, len(octets)) if kind in (0x1E, 0x1F, 0x0D, 0x102) else b""
        packed += _padded(octets)
    return struct.pack("<I", count) + packed


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)


def tnef(
    files: Mapping[str, bytes] = {},
    *,
    subject: str = "",
    body: str = "",
    properties: Iterable[tuple[int | str, int, bytes]] = (),
    nested: Mapping[str, bytes] = {},
) -> bytes:
    """A winmail.dat: long names stand in properties, short ones in titles, as Outlook does it."""
    data = b"\x78\x9f\x3e\x22\x01\0" + attribute(MESSAGE, 0x9006, b"\0\0\1\0", 8) + attribute(MESSAGE, 0x9007, struct.pack("<II", 1252, 0))
    data += attribute(MESSAGE, 0x8004, subject.encode("cp1252") + b"\0", 1) if subject else b""
    data += attribute(MESSAGE, 0x800C, body.encode("cp1252") + b"\0", 2) if body else b""
    said = tuple(properties)
    data += attribute(MESSAGE, 0x9003, property_list(said)) if said else b""
    for name, octets in files.items():
        data += attribute(ATTACHMENT, 0x9002, bytes(14)) + attribute(ATTACHMENT, 0x8010, short(name) + b"\0", 1)
        data += attribute(ATTACHMENT, 0x800F, octets)
        data += attribute(ATTACHMENT, 0x9005, property_list([(0x3707, 0x1F, (name + "\0").encode("utf-16-le")), (0x3705, 3, b"\1\0\0\0")]))
    for name, octets in nested.items():
        data += attribute(ATTACHMENT, 0x9002, bytes(14))
        inside = [(0x3001, 0x1F, (name + "\0").encode("utf-16-le")), (0x3705, 3, b"\5\0\0\0"), (0x3701, 0x0D, _IS_MESSAGE + octets)]
        data += attribute(ATTACHMENT, 0x9005, property_list(inside))
    return data


def short(name: str) -> bytes:
    """As MS-DOS would have called it."""
    stem, _, ending = name.rpartition(".")
    return f"{stem[:6].upper()}~1.{ending[:3].upper()}".encode("ascii", "replace")


def msg(
    files: Mapping[str, bytes] = {},
    *,
    streams: Mapping[str, bytes] = {},
    named: Mapping[str, str] = {},
    public: Mapping[str | int, tuple[str, ...]] = {},
    recipients: Iterable[str] = (),
    nested: Mapping[str, Mapping[tuple[str, ...], bytes]] = {},
    nested_method: int = 5,
) -> bytes:
    """A .msg file; named: header fields, public: strings by a name that somebody gave, or by a number; several values make one of many."""
    said = {"streams": streams, "named": named, "public": public, "recipients": recipients}
    return build(msg_streams(files, **said, nested=nested, nested_method=nested_method))


def msg_streams(
    files: Mapping[str, bytes] = {},
    *,
    streams: Mapping[str, bytes] = {},
    named: Mapping[str, str] = {},
    public: Mapping[str | int, tuple[str, ...]] = {},
    recipients: Iterable[str] = (),
    nested: Mapping[str, Mapping[tuple[str, ...], bytes]] = {},
    nested_method: int = 5,
    head: int = 32,
) -> dict[tuple[str, ...], bytes]:
    found = {(f"__substg1.0_{key}",): octets for key, octets in streams.items()}
    found["__properties_version1.0",] = bytes(head)
    entries, strings = b"", b""
    every = [(name, 3, (value,)) for name, value in named.items()] + [(name, 2, values) for name, values in public.items()]
    for number, (name, of, values) in enumerate(every):
        octets = name.encode("utf-16-le") if isinstance(name, str) else b""
        entries += struct.pack("<IHH", len(strings) if octets else name, bool(octets) | of << 1, number)
        strings += _padded(struct.pack("<I", len(octets)) + octets) if octets else b""
        found |= {(f"__substg1.0_{0x8000 + number:04X}{key}",): text for key, text in _values(values)}
    if every:
        found["__nameid_version1.0", "__substg1.0_00020102"] = _HEADERS_GUID
        found["__nameid_version1.0", "__substg1.0_00030102"] = entries
        found["__nameid_version1.0", "__substg1.0_00040102"] = strings
    for number, name in enumerate(recipients):
        found[f"__recip_version1.0_#{number:08X}", "__substg1.0_3001001F"] = name.encode("utf-16-le")
    for number, (name, octets) in enumerate(files.items()):
        where = f"__attach_version1.0_#{number:08X}"
        found[where, "__properties_version1.0"] = bytes(8) + _fixed(0x3705, 1)
        found[where, "__substg1.0_3707001F"] = name.encode("utf-16-le")
        found[where, "__substg1.0_3704001F"] = short(name).decode().encode("utf-16-le")
        found[where, "__substg1.0_37010102"] = octets
    for number, (name, inner) in enumerate(nested.items(), len(files)):
        where = f"__attach_version1.0_#{number:08X}"
        found[where, "__properties_version1.0"] = bytes(8) + _fixed(0x3705, nested_method)
        found[where, "__substg1.0_3001001F"] = name.encode("utf-16-le")
        found |= {(where, "__substg1.0_3701000D", *path): octets for path, octets in inner.items()}
    return found


def _values(values: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """[MS-OXMSG] 2.1.4.2: many strings are a stream each, and one of their sizes."""
    octets = [(value + "\0").encode("utf-16-le") for value in values]
    if len(octets) == 1:
        yield "001F", octets[0]
        return
    yield "101F", b"".join(struct.pack("<I", len(one)) for one in octets)
    yield from ((f"101F-{number:08X}", one) for number, one in enumerate(octets))


def _fixed(id_: int, value: int) -> bytes:
    return struct.pack("<HHIQ", 3, id_, 6, value)
