"""A Copy as a next hop is to get it: its MAIL and RCPT commands, and its octets with the dots doubled. No connection here.

Standards: RFC 5321 section 4.5.2 (transparency), RFC 1870 (SIZE), RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8), RFC 3461 section 5.2 (DSN).
The decided recipient and the sent recipient are the same octets: addresses are never parsed again here.
Content of eight bits is converted for a hop without 8BITMIME, or refused (5.6.3) where that would break it (mime/sevenbit.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from gateway.mime.edited import Edited
from gateway.mime.sevenbit import to_seven_bit
from gateway.model.envelope import Recipient
from gateway.model.outcome import Copy, Reply
from gateway.parse import parse_buffer

CHUNK = 256 * 1024
NO_INTERNATIONAL = Reply(550, "5.6.7", "the next hop does not take internationalised addresses")
_NO_EIGHT_BIT = Reply(554, "5.6.3", "the next hop does not take 8-bit content")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Refused(Exception):
    """The whole copy is answered by one reply before any recipient was asked."""

    def __init__(self, reply: Reply, *, unusable: bool = False) -> None:
        super().__init__(str(reply))
        self.reply = reply
        self.unusable = unusable


def pieces(copy: Copy, chunk: int = CHUNK) -> Iterator[bytes]:
    """What is written after the 354. The last piece holds the final dot, and at most one chunk before it: a small message is one piece.

    Raises:
        OSError: the content cannot be read, or there is less than was said.
    """
    waiting, tail = b"", b"\r\n"
    for octets in _octets(copy, chunk):
        if waiting:
            yield waiting
        waiting = octets
        # base64 has no dots: looking for one alone saves the search in almost every attachment
        first = octets.find(b".")
        if first >= 0:
            if octets.find(b"\n.", max(first - 1, 0), octets.rfind(b".") + 1) >= 0:
                waiting = octets.replace(b"\n.", b"\n..")  # the content has no bare line ends: listen has seen to it
            if tail[-1:] == b"\n" and octets[:1] == b".":
                waiting = b"." + waiting
        tail = octets[-2:] if len(octets) > 1 else tail[-1:] + octets
    yield waiting + (b".\r\n" if tail == b"\r\n" else b"\r\n.\r\n")


def octets_on_the_wire(copy: Copy) -> int:
    """Without the dots of transparency (RFC 1870 section 3)."""
    return len(copy.head) + copy.content.octets + sum([len(one.octets) - (one.end - one.start) for one in copy.splices])


def for_hop(copy: Copy, extensions: Mapping[str, str], is_ours: Callable[[bytes], bool] = lambda _: False) -> Copy:
    """The copy as this hop can take it: itself, but where its octets over 127 have to be encoded.

    `is_ours`: of a DKIM-Signature, whether it may be broken, for we can sign again.

    Raises:
        Refused: they cannot be.
        OSError: the content cannot be read.
    """
    if not copy.eight_bit or "8BITMIME" in extensions or all(octets.isascii() for octets in _octets(copy, CHUNK)):
        return copy  # 8-bit content is often only declared
    content = Edited(copy.content, copy.splices) if copy.splices else copy.content
    splices = None
    if copy.head.isascii():
        with content.view() as buffer:
            splices = to_seven_bit(buffer, parse_buffer(buffer), is_ours)
    if splices is None:
        raise Refused(_NO_EIGHT_BIT)
    return replace(copy, content=content, eight_bit=False, splices=splices)


def mail_command(copy: Copy, extensions: Mapping[str, str]) -> bytes:
    """MAIL with the parameters that this hop knows, for a copy that is `for_hop`.

    Raises:
        Refused: the hop lacks something this copy needs, or says that it is too large.
    """
    words = [f"MAIL FROM:<{copy.reverse_path}>"]
    if "SIZE" in extensions:
        words.append(f"SIZE={_size(copy, extensions['SIZE'])}")
    if copy.smtputf8 or not copy.reverse_path.isascii():
        if "SMTPUTF8" in extensions:
            words.append("SMTPUTF8")
        elif not copy.reverse_path.isascii() or not _has_ascii_header(copy):
            raise Refused(NO_INTERNATIONAL)
    if copy.eight_bit and "8BITMIME" in extensions:
        words.append("BODY=8BITMIME")
    if "DSN" in extensions:
        words += [f"RET={copy.ret}"] if copy.ret else []
        words += [f"ENVID={copy.envid}"] if copy.envid else []
    return _command(words)


def can_be_named(recipient: Recipient, extensions: Mapping[str, str]) -> bool:
    """Whether this hop can be told this address at all."""
    return recipient.address.wire.isascii() or "SMTPUTF8" in extensions


def rcpt_command(recipient: Recipient, extensions: Mapping[str, str]) -> bytes:
    """RCPT with the parameters that this hop knows."""
    words = [f"RCPT TO:<{recipient.address.wire}>"]
    if "DSN" in extensions:
        words += [f"NOTIFY={','.join(sorted(recipient.notify))}"] if recipient.notify else []
        if recipient.orcpt and (recipient.orcpt.isascii() or "SMTPUTF8" in extensions):
            words.append(f"ORCPT={recipient.orcpt}")
    return _command(words)


def written(copy: Copy) -> Iterator[bytes]:
    """Head and content with its splices, in chunks, as it will be read at the end of its way.

    Raises:
        OSError: as `pieces`.
    """
    return _octets(copy, CHUNK)


# --- private ----------------------------------------------------------------------------------------------------------


def _octets(copy: Copy, chunk: int) -> Iterator[bytes]:
    waiting = copy.head  # sent with what comes next
    for start, end, after in _kept(copy):
        for position in range(start, end, chunk):
            until = min(position + chunk, end)
            found = copy.content.read(position, until)
            if len(found) != until - position:
                raise OSError("the spooled content is shorter than it was")
            yield waiting + found if waiting else found
            waiting = b""
        waiting += after
    if waiting:
        yield waiting


def _kept(copy: Copy) -> Iterator[tuple[int, int, bytes]]:
    """The ranges of the content that are sent, each with what stands behind it instead of what is not."""
    at = 0
    for splice in copy.splices:
        yield at, splice.start, splice.octets
        at = splice.end
    yield at, copy.content.octets, b""


def _size(copy: Copy, limit: str) -> int:
    size = octets_on_the_wire(copy)
    if limit.isdigit() and len(limit) <= 20 and 0 < int(limit) < size:  # RFC 1870 section 3: at most 20 digits; 0: no limit
        raise Refused(Reply(552, "5.3.4", f"the next hop takes {int(limit)} octets, the message has {size}"), unusable=True)
    return size


def _has_ascii_header(copy: Copy) -> bool:
    tail = b""
    for octets in _octets(copy, CHUNK):
        section, end, _ = (tail + octets).partition(b"\r\n\r\n")
        if not section.isascii():
            return False
        if end:
            return True
        tail = octets[-3:]
    return True


def _command(words: list[str]) -> bytes:
    line = " ".join(words)
    if not line.isprintable() and _CONTROL.search(line):  # the listener lets none in; here it would be a second command
        raise Refused(Reply(553, "5.1.3", "control characters in the envelope"))
    return line.encode("utf-8") + b"\r\n"
