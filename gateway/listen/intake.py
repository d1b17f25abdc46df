"""One message on its way in: octets from the wire to the spool.

In: pieces of any size, as they arrive. Out: Content with CRLF line ends only, or the reply that refuses it. Only CRLF.CRLF ends DATA: every
other sequence that some server takes for an end is content here. After a fault the rest is swallowed; it is told at the end.

Standards: RFC 5321 section 4.5.2 (transparency) and 4.1.1.4, RFC 3030 (BDAT), RFC 1870 section 6.
"""

from __future__ import annotations

from gateway.errors import TryLater
from gateway.listen.lines import Lines
from gateway.model.message import Content, Defect, DefectName
from gateway.model.outcome import Reply
from gateway.ports.spool import SpoolWriter

_END = b"\r\n.\r\n"
_MENDED = frozenset({DefectName.BARE_LINE_END, DefectName.NUL})


class Intake:
    """Collects one message."""

    def __init__(self, writer: SpoolWriter, *, most_octets: int, strict: bool) -> None:
        self.fault: Reply | None = None  # the first thing that was wrong
        self.detail = ""  # of the fault, for the operator
        self.octets = 0
        self._writer = writer
        self._lines = Lines()
        self._most_octets = most_octets
        self._strict = strict  # refuse bare CR, bare LF and NUL instead of mending them

    @property
    def defects(self) -> tuple[Defect, ...]:
        """What was odd, in a fixed order."""
        return tuple(Defect(name) for name in sorted(self._lines.defects))

    def take(self, data: bytes) -> None:
        """A piece of content, dots of transparency already gone."""
        if self.fault is None:
            self._keep(self._lines.feed(data))

    def finish(self) -> Content | None:
        """The whole message; None when there is a fault."""
        if self.fault is None:
            self._keep(self._lines.end())
        if self.fault is not None:
            return None
        try:
            return self._writer.finish()
        except TryLater as error:
            self.no_room(error)
            return None

    def refuse(self, reply: Reply, detail: str = "") -> None:
        """The message will not be taken."""
        self.fault = reply
        self.detail = detail
        self.discard()

    def discard(self) -> None:
        """Give the spool back."""
        self._writer.discard()

    def _keep(self, data: bytes) -> None:
        self.octets += len(data)
        if self.octets > self._most_octets:
            self.refuse(Reply(552, "5.3.4", "The message is larger than this server takes"))
        elif self._lines.is_too_long:
            self.refuse(Reply(554, "5.6.0", "A line of the message is longer than 64 KiB"))
        elif self._strict and not self._lines.defects.isdisjoint(_MENDED):
            self.refuse(Reply(550, "5.6.0", "The message has a bare CR, a bare LF or a NUL"))
        elif data:
            try:
                self._writer.write(data)
            except TryLater as error:
                self.no_room(error)

    def no_room(self, error: TryLater) -> None:
        """The spool did not keep it, or does not give it back."""
        self.refuse(Reply(452, "4.3.1", "Not enough room to keep the message; try again later"), error.detail)


class Dotted:
    """The octets after DATA: lines with a leading dot doubled, ended by a line that is a dot."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._held = b"\r\n"  # the longest suffix so far that may begin CRLF.CRLF; at first the line end of the DATA command itself
        self._skip = 2  # which is not content

    def feed(self, data: bytes) -> bytes | None:
        """None while the message goes on; else what came after its end."""
        if self._held:
            data = self._held + data
            self._held = b""
        first = data.find(b".")
        if first < 0:  # base64 has none: memchr alone runs at the speed of memory
            self._take(self._hold_back(data))
            return None
        # Nor is it searched for more between the last dot of the text and the final one.
        closes = data.endswith(_END)
        start, stop = max(first - 2, 0), data.rfind(b".", first, len(data) - 3 * closes) + 1
        end = data.find(_END, start, stop + 2)
        if end < 0 and closes:
            end = len(data) - len(_END)
        body = self._hold_back(data) if end < 0 else data[: end + 2]
        self._take(body.replace(b"\r\n.", b"\r\n") if body.find(b"\r\n.", start, stop) >= 0 else body)
        return None if end < 0 else data[end + len(_END) :]

    def _hold_back(self, data: bytes) -> bytes:
        """Not from the last CR: a piece may end CRLF . CR, and the LF comes with the next."""
        if data[-1] in b"\r\n.":
            for length in (4, 3, 2, 1):
                if data.endswith(_END[:length]):
                    self._held = data[-length:]
                    return data[:-length]
        return data

    def _take(self, body: bytes) -> None:
        if self._skip and body:
            body = body[self._skip :]
            self._skip = 0
        if body:
            self._intake.take(body)


class Counted:
    """The octets after BDAT: so many, whatever they are. Without an intake they are swallowed."""

    def __init__(self, intake: Intake | None, octets: int) -> None:
        self._intake = intake
        self._left = octets

    def feed(self, data: bytes) -> bytes | None:
        """None while the chunk goes on; else what came after it."""
        piece, rest = (data, b"") if len(data) <= self._left else (data[: self._left], data[self._left :])
        self._left -= len(piece)
        if piece and self._intake is not None:
            self._intake.take(piece)
        return rest if not self._left else None
