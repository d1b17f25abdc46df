"""Archives and encrypted containers: zip (APPNOTE 6.3), zip with traditional PKWARE encryption, an encrypted Word document."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping

from tests.build.ooxml import entry
from tests.build.words import docx

_DATE, _TIME = (2026 - 1980) << 9 | 1 << 5 | 5, 9 << 11
_CRC_TABLE = tuple(zlib.crc32(bytes((value,)), 0xFFFFFFFF) ^ 0xFFFFFFFF for value in range(256))


def zip_of(files: Mapping[str, bytes], encrypted: bool = False, password: bytes = b"secret", comment: bytes = b"") -> bytes:
    """An archive of the files, in the order given; encrypted ones open with the password."""
    if encrypted:
        return _encrypted_zip(files, password, comment)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, octets in files.items():
            archive.writestr(entry(name, zipfile.ZIP_DEFLATED), octets)
        archive.comment = comment
    return target.getvalue()


def encrypted_docx(paragraphs: Iterable[str] = ("Kept from view.",), password: str = "secret") -> bytes:
    """A Word document under a password: an OLE file with an EncryptedPackage stream ([MS-OFFCRYPTO], agile).

    Not deterministic: the library draws a salt.
    """
    from msoffcrypto.format.ooxml import OOXMLFile

    target = io.BytesIO()
    # The picture lifts the stream above 4096 octets: the library misplaces a shorter one (it belongs into the mini stream).
    OOXMLFile(io.BytesIO(docx(paragraphs, pad_octets=6144))).encrypt(password, target)
    return target.getvalue()


def _encrypted_zip(files: Mapping[str, bytes], password: bytes, comment: bytes) -> bytes:
    local, central, at = [], [], 0
    for name, octets in files.items():
        path, crc = name.encode(), zlib.crc32(octets)
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(octets) + packer.flush()
        # 6.1.5: twelve octets go before the data; the last one lets a reader check the password.
        data = _encrypt(bytes(range(11)) + bytes((crc >> 24,)) + packed, password)
        common = struct.pack("<HHHHHIIIHH", 20, 1, 8, _TIME, _DATE, crc, len(data), len(octets), len(path), 0)
        local.append(b"PK\x03\x04" + common + path + data)
        central.append(b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, at) + path)
        at += len(local[-1])
    directory = b"".join(central)
    end = struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(directory), at, len(comment))
    return b"".join(local) + directory + b"PK\x05\x06" + end + comment


def _encrypt(plain: bytes, password: bytes) -> bytes:
    """Traditional PKWARE encryption (APPNOTE 6.1): weak, and still what most "password zip" files use."""
    keys = 0x12345678, 0x23456789, 0x34567890
    for octet in password:
        keys = _stir(keys, octet)
    cipher = bytearray()
    for octet in plain:
        temp = (keys[2] | 2) & 0xFFFF
        cipher.append(octet ^ (temp * (temp ^ 1) >> 8 & 0xFF))
        keys = _stir(keys, octet)
    return bytes(cipher)


def _stir(keys: tuple[int, int, int], octet: int) -> tuple[int, int, int]:
    first = _crc(keys[0], octet)
    second = ((keys[1] + (first & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
    return first, second, _crc(keys[2], second >> 24)


def _crc(value: int, octet: int) -> int:
    return value >> 8 ^ _CRC_TABLE[(value ^ octet) & 0xFF]
