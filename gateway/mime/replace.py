"""Files out of a message, words in their place: what is put instead of which octets (DESIGN section 1.5). Pure; nothing is serialised anew.

In: a message, the octets it stands in, and the ids of the parts to take out. Out: an Edit, which takes the words and gives the splices; or
None where it cannot be done (mime/taking.py says why, and is asked before anything is decided).

Where the words stand. At the top of every body that somebody may be shown: each member of a multipart/alternative (and of a
multipart/related, where a parameter may say which is the root), the first text of anything else. New words come first there and a long
thread follows, so that what stands at its end is read by nobody and clipped by some programs; where a thread begins can only be guessed,
and where a body begins cannot be missed. A body that cannot take them (none, an unknown charset, an encoding in doubt) leaves them a part
of their own, in the place of the first file.
Standards: RFC 2045, RFC 2046, RFC 3676.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from gateway.mime.block import Block, as_html, as_text, before_words, say
from gateway.mime.charsets import find_codec
from gateway.mime.compose import entity, multipart
from gateway.mime.decode import decode
from gateway.mime.headers import read_section, unfold
from gateway.mime.html import top_of
from gateway.mime.inserting import Gap, gap_at
from gateway.mime.parameters import parse_parameters
from gateway.mime.removal import removal, with_emptied
from gateway.mime.sizes import BLOCK_OCTETS, enclosing_files
from gateway.mime.taking import find_fixed
from gateway.model.message import Buffer, Encoding, Message, Part, Role, Span
from gateway.model.outcome import Splice

_TOP_OCTETS = 1_048_576  # of a body: the head of a page is not longer, or it is not entered
_CLOSED = ("multipart/signed", "multipart/encrypted")
_EACH_MAY_BE_SHOWN = frozenset({"multipart/alternative", "multipart/related"})  # the root of the latter is the one that `start` says
_HTML = frozenset({"text/html", "text/x-amp-html", "text/watch-html"})
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ENOUGH = 4096  # octets, to see a NUL in any text that has them
_EMPTY_LINE = len(b"\r\n")  # between a header section and its body
_ASCII = bytes(range(32, 127)).decode("ascii")


def may_take(message: Message, files: Collection[str]) -> bool:
    """Whether these parts can be taken out, all of them: files of the message itself that nothing fixes there.

    A multipart that could not be split is none: without its delimiters what stands around it would be read otherwise.
    """
    inside = enclosing_files(message)
    own = {part.id for part in message.parts if _is_file(part) and inside[part.id] is None}
    return bool(files) and own.issuperset(files) and not find_fixed(message, files)


def _is_file(part: Part) -> bool:
    return part.role is Role.FILE and not part.media_type.startswith("multipart/")


def read_bodies(message: Message, files: Collection[str] = ()) -> tuple[Part, ...]:
    """The texts of which every reader is shown one, without these parts: the alternatives of the first text, simplest first."""
    members: dict[str | None, list[Part]] = {}
    for part in message.parts:
        members.setdefault(part.parent, []).append(part)
    return tuple(part for root in members[None] for part in _bodies(root, members, files))


def edit_of(buffer: Buffer, message: Message, files: Collection[str]) -> Edit | None:
    """Look at the message once, for any number of copies; None: it cannot be done."""
    if not may_take(message, files):
        return None
    parts = {part.id: part for part in message.parts}
    gaps = [_gap_of(buffer, part, parts) for part in read_bodies(message, files)]
    if gaps and None not in gaps:
        removed = tuple(Splice(span.start, span.end) for span in removal(message, files))
        return Edit(removed, tuple(gap for gap in gaps if gap is not None), None)
    return _with_own_part(buffer, message, files)


@dataclass(frozen=True, slots=True)
class Edit:
    """What every copy has in common, and where the words of each go."""

    removed: tuple[Splice, ...]  # with what else is to be changed: sorted, disjoint
    gaps: tuple[BodyGap, ...]
    own: OwnPart | None  # None: the bodies have the words

    def splices(self, blocks: Sequence[Block]) -> tuple[Splice, ...] | None:
        """The whole edit with these words, the same in several languages, best first. None: they are more than a message may gain."""
        words = [gap.splice(blocks) for gap in self.gaps]
        if self.own is not None:
            words += self.own.splices(blocks[0])
        if sum(len(splice.octets) for splice in words) > BLOCK_OCTETS:
            return None
        return tuple(sorted((*self.removed, *words)))


@dataclass(frozen=True, slots=True)
class BodyGap:
    """Room at the top of one body."""

    at: int  # of the encoded body, in the message
    gap: Gap
    is_html: bool
    codec: str
    ascii_only: bool
    flowed: bool
    is_empty: bool  # nothing is written there
    lacks_empty_line: bool  # between its header section and its body

    def splice(self, blocks: Sequence[Block]) -> Splice:
        """The words in the charset and encoding of this body."""
        octets = self.gap.filled(as_html(blocks[0]) if self.is_html else self._text(blocks))
        return Splice(self.at + self.gap.start, self.at + self.gap.end, (b"\r\n" if self.lacks_empty_line else b"") + octets)

    def _text(self, blocks: Sequence[Block]) -> bytes:
        """In the first language that its charset can say."""
        texts = [as_text(block, flowed=self.flowed) for block in blocks]
        said = (say(text if self.is_empty else before_words(text), self.codec, ascii_only=self.ascii_only) for text in texts)
        found = next((octets for octets in said if octets is not None), None)
        return found if found is not None else before_words(texts[-1]).encode("ascii", "replace")


@dataclass(frozen=True, slots=True)
class OwnPart:
    """Where the words are a part of their own: instead of the first run of files, or as the whole body of what was a single file."""

    place: Span
    field: Span | None = None  # of a message that is a single file: the content field instead of which theirs stands

    def splices(self, block: Block) -> tuple[Splice, ...]:
        """The part, as text and as HTML."""
        octets = own_part(block)
        if self.field is None:
            return (Splice(self.place.start, self.place.end, octets),)
        fields, _, body = octets.partition(b"\r\n\r\n")
        return Splice(self.field.start, self.field.end, fields + b"\r\n"), Splice(self.place.start, self.place.end, body)


@lru_cache(maxsize=8)
def own_part(block: Block) -> bytes:
    """The words as an entity: a multipart/alternative, whose boundary follows from them."""
    text = entity("text/plain; charset=utf-8; format=flowed", as_text(block, flowed=True).encode("utf-8"))
    html = entity("text/html; charset=utf-8", as_html(block))
    return multipart("multipart/alternative", (text, html))


# --- which bodies -----------------------------------------------------------------------------------------------------


def _bodies(part: Part, members: dict[str | None, list[Part]], files: Collection[str]) -> tuple[Part, ...]:
    if part.id in files:
        return ()
    if part.role is not Role.CONTAINER:
        return (part,) if part.role is Role.BODY else ()
    below = [_bodies(member, members, files) for member in members.get(part.id, ())]
    if part.media_type in _EACH_MAY_BE_SHOWN:
        return tuple(body for found in below for body in found)
    return next((found for found in below if found), ())


def _around(part: Part, parts: dict[str, Part]) -> Iterator[Part]:
    """What it stands in, from the inside out."""
    while part.parent is not None:
        part = parts[part.parent]
        yield part


# --- the top of a body ------------------------------------------------------------------------------------------------


def _gap_of(buffer: Buffer, part: Part, parts: dict[str, Part]) -> BodyGap | None:
    codec = find_codec(part.charset) or "ascii"
    if not _has_ascii(codec) or part.body.start - part.header.end not in {0, _EMPTY_LINE}:
        return None
    if any(around.media_type in _CLOSED for around in _around(part, parts)):
        return None
    encoded = buffer[part.body.start : min(part.body.end, part.body.start + 2 * _TOP_OCTETS)]
    octets = b"".join(decode(encoded, Span(0, len(encoded)), part.encoding))[:_TOP_OCTETS]
    is_html = part.media_type in _HTML
    offset = _top(octets, is_html=is_html)
    gap = gap_at(encoded, part.encoding, offset) if offset is not None else None
    if gap is None:
        return None
    return BodyGap(
        at=part.body.start,
        gap=gap,
        is_html=is_html,
        codec=codec,
        # A message of seven bits stays one: whoever carries it may not have been asked for more.
        ascii_only=codec == "ascii" or (part.encoding is Encoding.IDENTITY and encoded.isascii()),
        flowed=not is_html and _is_flowed(buffer, part),
        is_empty=not octets.strip(),
        lacks_empty_line=part.body.start == part.header.end,
    )


@lru_cache(maxsize=64)
def _has_ascii(codec: str) -> bool:
    """Whether octets of ASCII mean the same in it: words of ASCII can stand in any such text."""
    try:
        return _ASCII.encode(codec) == _ASCII.encode("ascii")
    except (UnicodeError, LookupError):
        return False


def _top(octets: bytes, *, is_html: bool) -> int | None:
    """Where the words go, in decoded octets."""
    if octets.startswith(_WIDE_MARKS) or b"\0" in octets[:_ENOUGH]:  # letters of two octets, whatever the charset is called
        return None
    mark = len(_BYTE_ORDER_MARK) if octets.startswith(_BYTE_ORDER_MARK) else 0
    if not is_html:
        return mark
    top = top_of(octets[mark:])
    # Behind an escape (ISO 2022) ASCII may mean something else, whatever the charset is called.
    if top is None or mark + top.offset >= _TOP_OCTETS or b"\x1b" in octets[: mark + top.offset]:
        return None
    return mark + top.offset


def _is_flowed(buffer: Buffer, part: Part) -> bool:
    """Whether a blank at the end of a line says that the paragraph goes on (RFC 3676), and is a blank between two words."""
    for raw in read_section(buffer, part.header.start, part.header.end).fields:
        if raw.key == "content-type":
            found = parse_parameters(unfold(raw.value))
            return (found.first("format") or "").lower() == "flowed" and (found.first("delsp") or "no").lower() != "yes"
    return False


# --- a part of their own ----------------------------------------------------------------------------------------------


def _with_own_part(buffer: Buffer, message: Message, files: Collection[str]) -> Edit | None:
    root = message.parts[0]
    if root.id in files:
        return _single(buffer, root)
    spans, gone = removal(message, files), with_emptied(message, files)
    runs = [_run(message, span, gone) for span in spans]
    first = next((at for at, run in enumerate(runs) if run[0] != "multipart/alternative"), 0)
    removed = [Splice(span.start, span.end) for span in (*spans[:first], *spans[first + 1 :])]
    return Edit(tuple(removed), (), OwnPart(_whole(runs[first][1])))


def _run(message: Message, span: Span, gone: Collection[str]) -> tuple[str, list[Part]]:
    """What stands around the parts that go in one span, and those of them that are its members."""
    taken = [part for part in message.parts if part.id in gone and span.start <= part.header.start and part.body.end <= span.end]
    holders = {part.id: part.media_type for part in message.parts}
    members = [part for part in taken if part.parent == taken[0].parent]
    return holders.get(taken[0].parent or "", ""), members


def _whole(members: list[Part]) -> Span:
    """Their octets without the delimiters around them."""
    return Span(members[0].header.start, members[-1].body.end)


def _single(buffer: Buffer, root: Part) -> Edit | None:
    """A message that is one file: the words become its body, and its content fields say so."""
    fields = [raw for raw in read_section(buffer, root.header.start, root.body.end).fields if raw.key.startswith("content-")]
    if not fields or root.body.start - root.header.end != _EMPTY_LINE:
        return None
    first, *others = (Span(raw.start, raw.end) for raw in fields)
    return Edit(tuple(Splice(span.start, span.end) for span in others), (), OwnPart(root.body, first))
