"""Message to Findings: what each file really is, what the words say, what could not be read. Only the examiner has effects.

Header fields, names and small plain text are read here, with our own reader; HTML and every file go to the examiner's child in one call.
An inline picture is no file, but it must be a picture: anything else under that cloak is examined as a file. The same goes for signatures.
Both are read as words: something may stand in them that is neither. What is inside an attached message is read with it. What only another
reader than most would see is read beside: so the strictest evidence of all readings counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from gateway.detectors import Segment, scan
from gateway.mime import told
from gateway.mime.charsets import find_codec
from gateway.mime.cloaked import is_cloaked
from gateway.mime.decode import READINGS, digest, head
from gateway.mime.encoded import may_hold_encoded
from gateway.mime.flowed import flowed, flows
from gateway.mime.labels import header_labels
from gateway.mime.outside import is_indexed_whole, outside_text
from gateway.mime.protection import SIGNATURE_OCTETS, is_detached_signature
from gateway.mime.pspf import protective_markings
from gateway.mime.sizes import enclosing_files
from gateway.mime.text import body_text
from gateway.mime.uuencode import has_file_shown
from gateway.model.finding import Evidence, EvidenceKind, FileFinding, Findings, Patterns, Place, Readable
from gateway.model.message import Buffer, Content, DefectName, Digest, Message, Part, Role
from gateway.ports.examiner import Examiner, Wanted
from gateway.waiting import look

SMALL = 200 * 1024  # octets, encoded: so much plain text of a message is read here
_CODECS = frozenset({None, "ascii", "utf_8", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"})
_ELSEWHERE = frozenset(
    {"text/html", "text/enriched", "text/richtext", "text/x-amp-html", "text/watch-html"}
    | {"text/calendar", "text/vcard", "text/x-vcard", "text/x-vcalendar", "text/directory"}  # folded lines, files inside
)
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})  # one of PGP is text, and read as such
# First octets of pictures (RIFF: WebP; ftyp at 4: HEIC).
_PICTURES = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"\x00\x00\x01\x00",
    b"RIFF",
    b"\x01\x00\x00\x00",
    b"\xd7\xcd\xc6\x9a",
)
_LOOK = 64  # octets at the start of a picture: all kinds have a NUL among them, text has none
_PGP_MESSAGE = "-----BEGIN PGP MESSAGE-----"


async def examine(message: Message, content: Content, examiner: Examiner, patterns: Patterns) -> Findings:
    """Look at everything once.

    Raises:
        TryLater: no child was free or in time; nothing is known.
    """
    with content.view() as buffer:
        sorted_ = _sort(message, buffer)
        texts = _texts(sorted_, buffer)
        outside = outside_text(buffer, message, SMALL)
    words = _Words(message, sorted_, scan(_segments(message, sorted_, (*texts, outside or ""), patterns), patterns))
    words.add_evidence(header_labels(message.fields))
    words.add_evidence(protective_markings(message.fields, message.subjects))
    if outside is None or not is_indexed_whole(message):
        words.add_unread(Readable.OVER_BUDGET)
    if any(_PGP_MESSAGE in text for text in texts):
        words.add_unread(Readable.ENVELOPED)
    if not sorted_.files and not sorted_.words:
        return Findings((), words.evidence(), words.readable, tuple(sorted(sorted_.oddities)))
    found = _by_part(await examiner.read(content, tuple(_requests(sorted_)), patterns))
    for part in sorted_.words:
        words.add_part(part, found.get(part.id) or (_crashed(part),))
    files = [finding for part in sorted_.files for finding in found.get(part.id) or (_crashed(part),)]
    weighed = await _weighed((*files, *words.files), sorted_.files, content)
    return Findings(_placed(weighed, sorted_.files, message), words.evidence(), words.readable, tuple(sorted(sorted_.oddities)))


# --- who reads what ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sorted:
    """The leaves that must be read."""

    here: list[Part] = field(default_factory=list)  # words, in this process
    words: list[Part] = field(default_factory=list)  # words, by the examiner
    files: list[Part] = field(default_factory=list)  # files, by the examiner
    oddities: set[str] = field(default_factory=set)  # about the words


def _sort(message: Message, buffer: Buffer) -> _Sorted:
    found = _Sorted()
    inside = enclosing_files(message) if len(message.parts) > 1 else {}
    room = SMALL  # for all together: many small texts would stop the mail of others as long as a large one
    for part in (*message.parts, *message.otherwise) if message.otherwise else message.parts:
        if part.role is Role.CONTAINER or inside.get(part.id) is not None:
            continue
        if part.role is Role.FILE or _is_disguised(part, buffer):
            found.files.append(part)
        elif part.role is Role.INLINE or part.media_type in _SIGNATURES:
            found.words.append(part)
        else:
            is_here = len(part.body) <= room and _is_readable_here(part)
            (found.here if is_here else found.words).append(part)
            room -= len(part.body) if is_here else 0
    return found


def _texts(found: _Sorted, buffer: Buffer) -> list[str]:
    """The words that are read here. What has a file in the middle, or is one, goes to the examiner after all."""
    texts: list[str] = []
    defects: set[DefectName] = set()
    for part in tuple(found.here):
        text = body_text(buffer, part, defects)
        if has_file_shown(text) or is_cloaked(text) or may_hold_encoded(text.encode("utf-8", "replace")):
            found.here.remove(part)
            found.words.append(part)
        else:
            texts += (text, flowed(text)) if flows(buffer, part, text) else (text,)
    found.oddities.update(defect.value for defect in defects)
    return texts


def _is_disguised(part: Part, buffer: Buffer) -> bool:
    """Whether a part that would not be read as a file does not begin like what it says it is."""
    if part.role is Role.INLINE:
        start = head(buffer, part, _LOOK)
        return b"\0" not in start or not (start.startswith(_PICTURES) or start[4:8] == b"ftyp")
    return part.media_type in _SIGNATURES and not is_detached_signature(head(buffer, part, SIGNATURE_OCTETS))


def _is_readable_here(part: Part) -> bool:
    if part.media_type in _ELSEWHERE:
        return False
    codec = find_codec(part.charset)
    return codec in _CODECS or codec.startswith("iso8859") if codec is not None else True


def _requests(found: _Sorted) -> Iterator[Wanted]:
    """One for each part; of one whose encoding is in doubt, one for each encoding that it may be in."""
    for is_words, parts in ((False, found.files), (True, found.words)):
        for part in parts:
            for number, encoding in enumerate(READINGS[part.encoding]):
                id_ = f"{part.id}/as-{encoding.value}" if number else part.id
                names, span = part.names, part.body
                yield Wanted(id_, span.start, span.end, encoding, names, part.media_type, part.charset, is_words)


def _segments(message: Message, found: _Sorted, texts: Iterable[str], patterns: Patterns) -> Iterator[Segment]:
    yield from ((Place.SUBJECT_START, "subject", subject) for subject in message.subjects)
    yield from told.shown(message.fields)
    for text in texts:
        yield Place.FIRST_LINE, "body", text
    for part in found.files:
        yield from ((Place.FILE_NAME, "file name", name) for name in part.names)
    if any(Place.HEADER_FIELD in marking.where for marking in patterns.markings):
        yield from told.marked(message.fields)


# --- what came of it --------------------------------------------------------------------------------------------------


class _Words:
    """The evidence of subject, bodies and names, gathered from several scans.

    Plain text and HTML of one multipart/alternative say the same: of a detector the larger count stands, not the sum.
    """

    __slots__ = ("_counts", "_groups", "_oddities", "_others", "files", "readable")

    def __init__(self, message: Message, found: _Sorted, here: tuple[Evidence, ...]) -> None:
        self._oddities = found.oddities
        self._groups = _alternatives(message) if found.words else {}
        # What is read here is one scan; it belongs to the alternative that it is a member of.
        ours = {self._groups[part.id] for part in found.here if part.id in self._groups}
        self._groups = {part: "" if group in ours else group for part, group in self._groups.items()}
        self._counts: dict[str, dict[str, Evidence]] = {}  # by detector, then by group
        self._others: dict[tuple[object, ...], Evidence] = {}
        self.files: list[FileFinding] = []  # found inside words
        self.readable = Readable.YES
        self._add(here, "")

    def add_evidence(self, evidence: tuple[Evidence, ...]) -> None:
        self._add(evidence, "")

    def add_unread(self, readable: Readable) -> None:
        self._add((Evidence(EvidenceKind.UNREADABLE, readable.value, where="body"),), "")
        self.readable = readable if self.readable.is_whole else self.readable

    def add_part(self, part: Part, findings: tuple[FileFinding, ...]) -> None:
        """What the examiner says of a body, under each reading of it. To a person a file in the middle of it is one beside it."""
        for finding in findings:
            if _is_reading(finding.id, part.id):
                self._oddities.update(finding.oddities)
                self._add(
                    tuple(item for item in finding.evidence if item.kind is not EvidenceKind.UNREADABLE), self._groups.get(part.id, part.id)
                )
            else:
                beside = finding.inside is not None and _is_reading(finding.inside, part.id)
                self.files.append(replace(finding, inside=None) if beside else finding)
        if findings[0].readable is not Readable.YES:
            self.add_unread(findings[0].readable)

    def evidence(self) -> tuple[Evidence, ...]:
        sums = (_summed(tuple(groups.values())) for groups in self._counts.values())
        return (*self._others.values(), *sums)

    def _add(self, evidence: tuple[Evidence, ...], group: str) -> None:
        for item in evidence:
            if item.kind is EvidenceKind.DETECTOR:
                groups = self._counts.setdefault(item.id, {})
                if group not in groups or groups[group].count < item.count:
                    groups[group] = item
            else:
                self._others.setdefault((item.kind, item.id, item.place, item.where, item.tenant), item)


def _is_reading(name: str, part: str) -> bool:
    """Whether a finding is of the part itself, or of it under another reading."""
    return name == part or (name.startswith(f"{part}/as-") and all(step.startswith("as-") for step in name.split("/")[1:]))


def _summed(groups: tuple[Evidence, ...]) -> Evidence:
    return replace(groups[0], count=sum(item.count for item in groups)) if len(groups) > 1 else groups[0]


def _alternatives(message: Message) -> dict[str, str]:
    """For each part the outermost multipart/alternative that it is in; what another reader sees says the same as what it stands beside."""
    found: dict[str, str] = {}
    kinds = {part.id: part.media_type for part in message.parts}
    for part in message.parts:  # parents come first
        if part.parent is not None:
            around = found.get(part.parent) or (part.parent if kinds[part.parent] == "multipart/alternative" else None)
            if around is not None:
                found[part.id] = around
    for part in message.otherwise:
        if part.parent is not None:
            found[part.id] = found.setdefault(part.parent, part.parent)
    return found


def _by_part(findings: tuple[FileFinding, ...]) -> dict[str, tuple[FileFinding, ...]]:
    """Findings of each part. A further reading of it is inside it; one that makes no sense does not count beside one that does.

    What was found inside of such a reading still counts.
    """
    found: dict[str, list[FileFinding]] = {}
    senseless: set[str] = set()
    for finding in findings:
        part = finding.id.partition("/")[0]
        main = found.setdefault(part, [])
        if finding.inside is not None or not main:
            main.append(replace(finding, inside=part) if finding.inside in senseless else finding)
        elif finding.readable.is_whole or finding.readable is main[0].readable or not main[0].readable.is_whole:
            main.append(replace(finding, inside=part))
        else:
            senseless.add(finding.id)
    return {part: tuple(main) for part, main in found.items()}


def _crashed(part: Part) -> FileFinding:
    """For a part about which the examiner says nothing."""
    unread = Evidence(EvidenceKind.UNREADABLE, Readable.CRASHED.value)
    return FileFinding(part.id, None, part.names, part.media_type, "", 0, "", Readable.CRASHED, (unread,))


def _placed(findings: tuple[FileFinding, ...], files: list[Part], message: Message) -> tuple[FileFinding, ...]:
    """What another reader sees in the octets of a file counts as inside of it: its size does not count twice."""
    if not message.otherwise:
        return findings
    known = {part.id for part in files}
    inside = {part.id: part.parent for part in message.otherwise if part.parent in known}
    return tuple([replace(finding, inside=inside[finding.id]) if finding.id in inside else finding for finding in findings])


async def _weighed(findings: tuple[FileFinding, ...], files: list[Part], content: Content) -> tuple[FileFinding, ...]:
    """Size and digest of the files that the examiner could not even decode: both must be known of every file."""
    unknown = {finding.id for finding in findings if finding.inside is None and not finding.sha256}
    parts = [part for part in files if part.id in unknown]
    if not parts:
        return findings
    digests = {known.part: known for known in await look(lambda: _digests(content, parts))}
    return tuple(
        replace(finding, octets=digests[finding.id].octets, sha256=digests[finding.id].sha256) if finding.id in digests else finding
        for finding in findings
    )


def _digests(content: Content, parts: list[Part]) -> list[Digest]:
    with content.view() as buffer:
        return [digest(buffer, part) for part in parts]
