"""Base64 as it really comes: junk between the characters, padding in the middle, groups cut anywhere (RFC 2045 section 6.8). Pure.

Readers differ about what follows a padding: some stop there. We decode on, so that nothing hides behind an early `==`,
and say that it was odd.
"""

from __future__ import annotations

import re

import pybase64

_BLANKS = b"\r\n \t"
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_JUNK = bytes(octet for octet in range(256) if octet not in _ALPHABET)
_PADDING = re.compile(rb"=+")


class Groups:
    """A decoder that is fed pieces. `is_odd` tells afterwards whether readers may disagree about the result."""

    __slots__ = ("_ended", "is_odd", "pending")

    def __init__(self) -> None:
        self.pending = b""  # characters of a group not yet complete
        self.is_odd = False
        self._ended = False  # a padding has been seen: nothing should follow

    def feed(self, octets: bytes) -> bytes:
        """The octets that are complete with this piece."""
        text = octets.translate(None, _BLANKS)
        clean = text.translate(None, _JUNK)
        self.is_odd |= len(clean) != len(text)
        return self._decode(self.pending + clean, final=False)

    def finish(self) -> bytes:
        """What is left at the end."""
        return self._decode(self.pending, final=True)

    def _decode(self, clean: bytes, *, final: bool) -> bytes:
        if b"=" not in clean and not self._ended:
            return self._tail(clean, final=final)
        done: list[bytes] = []
        at = 0
        for padding in _PADDING.finditer(clean):
            if padding.end() == len(clean) and not final:
                # The next piece may go on with the padding: at most three characters of it mean something.
                whole = at + (padding.start() - at) // 4 * 4
                self.pending = clean[whole : padding.start()] + padding[0][:3]
                return b"".join((*done, self._whole(clean[at:whole])))
            done.append(self._padded(clean[at : padding.start()], len(padding[0])))
            at = padding.end()
        done.append(self._tail(clean[at:], final=final))
        return b"".join(done)

    def _padded(self, run: bytes, padding: int) -> bytes:
        """A run that a padding ends."""
        self.is_odd |= (len(run) + padding) % 4 != 0 or padding > 2
        octets = self._rest(run)
        self._ended = True
        return octets

    def _tail(self, run: bytes, *, final: bool) -> bytes:
        """A run that no padding ends (yet)."""
        if final:
            self.pending = b""
            self.is_odd |= len(run) % 4 != 0
            return self._rest(run)
        whole = len(run) // 4 * 4
        self.pending = run[whole:]
        return self._whole(run[:whole])

    def _rest(self, run: bytes) -> bytes:
        whole = len(run) // 4 * 4
        rest = run[whole:]
        octets = self._whole(run[:whole])
        if len(rest) < 2:  # one character alone holds no octet
            return octets
        self.is_odd |= self._ended
        return octets + pybase64.b64decode(rest + b"=="[len(rest) - 2 :])

    def _whole(self, run: bytes) -> bytes:
        if not run:
            return b""
        self.is_odd |= self._ended
        return pybase64.b64decode(run)


def decode_groups(octets: bytes) -> tuple[bytes, bool]:
    """A short text at once: what it holds, and whether it was odd."""
    groups = Groups()
    return groups.feed(octets) + groups.finish(), groups.is_odd
