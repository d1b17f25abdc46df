"""Metafiles with runs of letters, each at a place: EMF, EMF+ and WMF as programs write them."""

import struct
from collections.abc import Iterable

Runs = Iterable[tuple[int, int, str]]  # across, down, letters


def emf(*records: bytes) -> bytes:
    header = struct.pack("<II32x4sI", 1, 108, b" EMF", 0x10000).ljust(108, b"\0")
    return header + b"".join(records) + struct.pack("<IIIII", 14, 20, 0, 0, 20)


def emf_of(runs: Runs) -> bytes:
    return emf(*(ext_text_out(*run) for run in runs))


def ext_text_out(x: int, y: int, text: str, *, is_wide: bool = True, options: int = 0) -> bytes:
    letters = text.encode("utf-16-le" if is_wide else "cp1252")
    return _record(84 if is_wide else 83, bytes(28) + _text(x, y, text, 76, options) + letters)


def poly_text_out(x: int, y: int, *texts: str) -> bytes:
    at, described, letters = 40 + 40 * len(texts), b"", b""
    for text in texts:
        described += _text(x, y, text, at + len(letters), 0)
        letters += text.encode("utf-16-le")
    return _record(97, bytes(28) + struct.pack("<I", len(texts)) + described + letters)


def small_text_out(x: int, y: int, text: str, *, is_small: bool) -> bytes:
    head = struct.pack("<iiIIIff", x, y, len(text), 0x100 | (0x200 if is_small else 0), 1, 1, 1)
    return _record(108, head + text.encode("latin-1" if is_small else "utf-16-le"))


def plus(*records: bytes) -> bytes:
    held = b"EMF+" + b"".join(records)
    return _record(70, struct.pack("<I", len(held)) + held)


def draw_string(x: int, y: int, text: str) -> bytes:
    return _plus(0x401C, struct.pack("<IIIffff", 0, 0, len(text), x, y, 100, 20) + text.encode("utf-16-le"))


def draw_driver_string(x: int, y: int, text: str, *, options: int = 1) -> bytes:
    places = b"".join(struct.pack("<ff", x + 8 * number, y) for number in range(len(text)))
    return _plus(0x4036, struct.pack("<IIII", 0, options, 0, len(text)) + text.encode("utf-16-le") + places)


def wmf_of(runs: Runs, *, is_placeable: bool = True, is_extended: bool = True) -> bytes:
    records = b"".join(_wmf_record(*run, is_extended=is_extended) for run in runs)
    placeable = b"\xd7\xcd\xc6\x9a" + bytes(18) if is_placeable else b""
    return placeable + struct.pack("<HHHIHIH", 1, 9, 0x300, 9 + len(records) // 2 + 3, 0, 100, 0) + records + struct.pack("<IH", 3, 0)


def _wmf_record(x: int, y: int, text: str, *, is_extended: bool) -> bytes:
    letters = text.encode("cp1252")
    padded = letters.ljust(len(letters) + len(letters) % 2, b"\0")
    if is_extended:
        function, body = 0x0A32, struct.pack("<hhHH", y, x, len(letters), 0) + padded
    else:
        function, body = 0x0521, struct.pack("<H", len(letters)) + padded + struct.pack("<hh", y, x)
    return struct.pack("<IH", 3 + len(body) // 2, function) + body


def _text(x: int, y: int, text: str, at: int, options: int) -> bytes:
    return struct.pack("<iiIII16xI", x, y, len(text), at, options, 0)


def _record(kind: int, body: bytes) -> bytes:
    padded = body.ljust(-(-len(body) // 4) * 4, b"\0")
    return struct.pack("<II", kind, 8 + len(padded)) + padded


def _plus(kind: int, data: bytes) -> bytes:
    padded = data.ljust(-(-len(data) // 4) * 4, b"\0")
    return struct.pack("<HHII", kind, 0, 12 + len(padded), len(padded)) + padded
