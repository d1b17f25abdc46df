"""One encrypted object: STREAM over AES-256-GCM (Hoang, Reyhanitabar, Rogaway, Vizár 2015), frames of 64 KiB. Pure but for random numbers.

    head   := "OGV1" | length of purpose (1) | purpose | id (16) | nonce prefix (7)            authenticated with every frame
    wrap   := length of key id (1) | key id | nonce (12) | data key encrypted by the master key (32 + 16)
    frames := AES-256-GCM(data key, nonce = prefix | counter (4) | is last (1), head) ... each 64 KiB + 16, the last one shorter or equal

A frame that was changed, moved, left out, repeated, cut off or taken from another object does not open. Each opens by itself, so that a
part can be read alone; where the object ends is known when its last frame has opened as the last one. A new master key needs only the
wrap to be written anew, and a wrap may stand elsewhere too: it opens only with this head.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.edges.keys import Family
from gateway.errors import WillNotDo

FRAME = 65_536  # octets of plain text
TAG = 16
SEALED_FRAME = FRAME + TAG
ID = 16

_MAGIC = b"OGV1"
_PREFIX = 7
_NONCE = 12
_WRAPPED = 32 + TAG
_COUNTER = struct.Struct(">IB")
_MOST_FRAMES = 2**32


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the frames."""

    purpose: str
    id: bytes
    octets: bytes  # the head: what every frame is bound to
    prefix: bytes
    key_id: str
    nonce: bytes
    wrapped: bytes


def seal(pieces: Iterable[bytes], purpose: str, object_id: bytes, family: Family) -> Iterator[bytes]:
    """The object, piece by piece. `pieces` may be of any size."""
    data_key, prefix = AESGCM.generate_key(256), os.urandom(_PREFIX)
    name = purpose.encode("ascii")
    head = _MAGIC + bytes([len(name)]) + name + object_id + prefix
    yield head + _wrap(data_key, head, family)
    cipher = AESGCM(data_key)
    for counter, (frame, is_last) in enumerate(_frames(pieces)):
        if counter >= _MOST_FRAMES:
            raise WillNotDo("an object of more than 256 TiB")
        yield cipher.encrypt(prefix + _COUNTER.pack(counter, is_last), frame, head)


@dataclass(frozen=True, slots=True)
class Unlocked:
    """An object whose data key is known."""

    header: Header
    cipher: AESGCM

    def open_frame(self, counter: int, frame: bytes | memoryview, *, is_last: bool) -> bytes:
        """The plain text of one frame. Raises WillNotDo."""
        try:
            return self.cipher.decrypt(self.header.prefix + _COUNTER.pack(counter, is_last), frame, self.header.octets)
        except (InvalidTag, ValueError, struct.error) as error:
            raise _changed() from error

    def unseal(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The plain text, frame by frame. `pieces` are all octets behind the header, of any size.

        Each frame was authenticated, but only the end of the iteration tells that the object is whole: use nothing before it. Raises
        WillNotDo.
        """
        for counter, (frame, is_last) in enumerate(_frames(pieces, SEALED_FRAME)):
            yield self.open_frame(counter, frame, is_last=is_last)


def unlock(header: Header, family: Family) -> Unlocked:
    """With the data key at hand.

    Raises:
        WillNotDo: the header was changed, or its master key is gone.
    """
    return Unlocked(header, AESGCM(_unwrap(header, family)))


def wrap_anew(header: Header, family: Family) -> bytes:
    """The wrap of the same data key by the newest master key. Raises WillNotDo."""
    return _wrap(_unwrap(header, family), header.octets, family)


def with_wrap(header: Header, wrap: bytes) -> Header:
    """The header as it would be with this wrap. Raises WillNotDo: it is none."""
    try:
        key_id, nonce, wrapped, _ = _read_wrap(wrap, 0)
    except (IndexError, UnicodeDecodeError) as error:
        raise WillNotDo("the wrap of the object is not whole") from error
    return replace(header, key_id=key_id, nonce=nonce, wrapped=wrapped)


def count_frames(octets: int) -> int:
    """How many frames stand in so many octets behind the header. Raises WillNotDo: a whole object has no such length."""
    frames = max(1, -(-octets // SEALED_FRAME))
    if octets - (frames - 1) * SEALED_FRAME < TAG:
        raise _changed()
    return frames


def read_header(octets: bytes) -> tuple[Header, int]:
    """The header at the beginning of an object, and its length. Raises WillNotDo."""
    try:
        at = len(_MAGIC)
        if octets[:at] != _MAGIC:
            raise WillNotDo("this is no object of a vault")
        purpose, at = _short(octets, at)
        object_id, at = _exactly(octets, at, ID)
        prefix, at = _exactly(octets, at, _PREFIX)
        head = octets[:at]
        key_id, nonce, wrapped, at = _read_wrap(octets, at)
        return Header(purpose.decode("ascii"), object_id, head, prefix, key_id, nonce, wrapped), at
    except (IndexError, UnicodeDecodeError) as error:
        raise WillNotDo("the header of the object is not whole") from error


LONGEST_HEADER = len(_MAGIC) + 1 + 255 + ID + _PREFIX + 1 + 255 + _NONCE + _WRAPPED


def _changed() -> WillNotDo:
    return WillNotDo("the object was changed or is not whole")


def _wrap(data_key: bytes, head: bytes, family: Family) -> bytes:
    key_id, nonce = family.newest.encode("ascii"), os.urandom(_NONCE)
    return bytes([len(key_id)]) + key_id + nonce + AESGCM(family.keys[family.newest]).encrypt(nonce, data_key, head + key_id)


def _unwrap(header: Header, family: Family) -> bytes:
    master = family.keys.get(header.key_id)
    if master is None:
        raise WillNotDo(f"the master key {header.key_id} is not in the folder of keys")
    try:
        return AESGCM(master).decrypt(header.nonce, header.wrapped, header.octets + header.key_id.encode("ascii"))
    except (InvalidTag, ValueError) as error:
        raise _changed() from error


def _read_wrap(octets: bytes, at: int) -> tuple[str, bytes, bytes, int]:
    key_id, at = _short(octets, at)
    nonce, at = _exactly(octets, at, _NONCE)
    wrapped, at = _exactly(octets, at, _WRAPPED)
    return key_id.decode("ascii"), nonce, wrapped, at


def _frames(pieces: Iterable[bytes], size: int = FRAME) -> Iterator[tuple[bytes, bool]]:
    """Frames of exactly `size`, and the last one: it is known to be the last, and is empty only when there is nothing at all."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        # One frame always stays behind: it may be the last.
        start = 0
        while len(buffer) - start > size:
            yield bytes(buffer[start : start + size]), False
            start += size
        del buffer[:start]
    yield bytes(buffer), True


def _short(octets: bytes, at: int) -> tuple[bytes, int]:
    return _exactly(octets, at + 1, octets[at])


def _exactly(octets: bytes, at: int, size: int) -> tuple[bytes, int]:
    found = octets[at : at + size]
    if len(found) != size:
        raise IndexError(at)
    return found, at + size
