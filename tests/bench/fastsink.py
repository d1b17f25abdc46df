"""A next hop that accepts everything as fast as it can and counts it: `python -m tests.bench.fastsink`.

Prints its port, then serves until it is ended. `XCOUNT` answers `250 MESSAGES OCTETS`; octets are those of the DATA on the wire
(with dot-stuffing and the final dot) or of the BDAT chunks.
"""

import argparse
import asyncio
from typing import cast

from tests.bench.loops import run_server

_END = b"\r\n.\r\n"
_EHLO = b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n"
_REPLIES = {
    b"MAIL": b"250 2.1.0 Ok\r\n",
    b"RCPT": b"250 2.1.5 Ok\r\n",
    b"RSET": b"250 2.0.0 Ok\r\n",
    b"NOOP": b"250 2.0.0 Ok\r\n",
    b"HELO": b"250 sink.example\r\n",
}


class Count:
    """What all sessions have accepted."""

    def __init__(self) -> None:
        self.messages = 0
        self.octets = 0


class Session(asyncio.Protocol):
    def __init__(self, count: Count, *, chunking: bool) -> None:
        self._count = count
        self._chunking = chunking
        self._transport: asyncio.Transport
        self._line = b""  # the start of a command that has not ended
        self._tail = b""  # in DATA: the last four octets, for a terminator cut by a chunk border
        self._in_data = False
        self._bdat_left = 0
        self._bdat_last = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one, but does not say so
        self._transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        replies: list[bytes] = []
        while data:
            if self._in_data:
                data = self._content(data, replies)
            elif self._bdat_left:
                data = self._chunk(data, replies)
            else:
                data = self._command(data, replies)
        if replies:
            self._transport.write(b"".join(replies))

    def _content(self, data: bytes, replies: list[bytes]) -> bytes:
        """Look for CRLF.CRLF; the octets behind it are commands."""
        # memchr is ten times faster than a search, and base64 has no dots.
        if b"." in data or b"." in self._tail:
            joined = self._tail + data[:4]
            at = joined.find(_END)
            end = at + 5 - len(self._tail) if at >= 0 else data.find(_END) + 5
            if at >= 0 or end >= 5:
                self._in_data = False
                self._accept(end, replies)
                return data[end:]
        self._count.octets += len(data)
        self._tail = data[-4:] if len(data) >= 4 else (self._tail + data)[-4:]
        return b""

    def _chunk(self, data: bytes, replies: list[bytes]) -> bytes:
        taken = data[: self._bdat_left]
        self._bdat_left -= len(taken)
        self._count.octets += len(taken)
        if not self._bdat_left:
            self._end_chunk(replies)
        return data[len(taken) :]

    def _end_chunk(self, replies: list[bytes]) -> None:
        if self._bdat_last:
            self._accept(0, replies)
        else:
            replies.append(b"250 2.0.0 Ok\r\n")

    def _accept(self, octets: int, replies: list[bytes]) -> None:
        self._count.octets += octets
        self._count.messages += 1
        replies.append(b"250 2.0.0 Accepted\r\n")

    def _command(self, data: bytes, replies: list[bytes]) -> bytes:
        line, found, rest = (self._line + data).partition(b"\n")
        if not found:
            self._line = line
            return b""
        self._line = b""
        replies.append(self._answer(line[:4].upper(), line, replies))
        return rest

    def _answer(self, verb: bytes, line: bytes, replies: list[bytes]) -> bytes:
        if (reply := _REPLIES.get(verb)) is not None:
            return reply
        match verb:
            case b"DATA":
                self._in_data, self._tail = True, b"\r\n"
                reply = b"354 Go on\r\n"
            case b"BDAT" if self._chunking:
                reply = self._begin_chunk(line, replies)
            case b"EHLO":
                reply = _EHLO + (b"250-CHUNKING\r\n" if self._chunking else b"") + b"250 SIZE 0\r\n"
            case b"XCOU":
                reply = b"250 %d %d\r\n" % (self._count.messages, self._count.octets)
            case b"QUIT":
                asyncio.get_running_loop().call_soon(self._transport.close)
                reply = b"221 2.0.0 Bye\r\n"
            case _:
                reply = b"500 5.5.1 What?\r\n"
        return reply

    def _begin_chunk(self, line: bytes, replies: list[bytes]) -> bytes:
        words = line.split()
        self._bdat_left, self._bdat_last = int(words[1]), len(words) > 2
        if not self._bdat_left:
            self._end_chunk(replies)
        return b""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fastsink", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--chunking", action="store_true", help="offer CHUNKING (RFC 3030)")
    options = parser.parse_args()
    count = Count()
    run_server(lambda: Session(count, chunking=options.chunking), options.port, fast=True)


if __name__ == "__main__":
    main()
