"""Octets of one file to findings: itself first, then every file inside it. Never an exception: what cannot be read is a result.

Runs in a locked child: after `preload` nothing opens a file. A broken reader makes its file damaged, never clean.
"""

from __future__ import annotations

import codecs
import encodings
import hashlib
import pkgutil
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from gateway.content import (
    apple,
    archives,
    binhex,
    blips,
    cms,
    compressed,
    files_in_text,
    filetype,
    flat_office,
    legible,
    libarchive,
    mail,
    markup,
    mbox,
    msg,
    objects,
    ocr,
    odf,
    ole,
    ooxml,
    pdf,
    pgp,
    pictures,
    postscript,
    protected,
    rar,
    rights,
    rtf,
    seven_zip,
    slack,
    structure,
    text,
    tnef,
    words,
    xlsb,
)
from gateway.content.reading import Budget, Item, Member, Oddity, Reader, Source, Spent, Unread, Unreadable
from gateway.detectors import Segment, scan
from gateway.model.finding import Evidence, EvidenceKind, FileFinding, Patterns, Place, Readable
from gateway.model.message import Buffer


def preload(*, with_ocr: bool = False) -> bool:
    """Load everything that reading will ever need: codecs, libmagic's database, libarchive. Libraries are loaded by the imports above.

    Whether words can be read in pictures: asked for, and installed. Else a budget has no time for them, and says so by None.
    """
    reads_pictures = with_ocr and ocr.load()
    filetype.library()
    libarchive.preload()
    protected.preload()
    for module in pkgutil.iter_modules(encodings.__path__):
        with suppress(LookupError):
            codecs.lookup(module.name)
    return reads_pictures


def read(
    data: Buffer,
    *,
    id: str,  # noqa: A002 - the noun's own word
    names: tuple[str, ...],
    declared_type: str,
    charset: str | None,
    is_words: bool,
    patterns: Patterns,
    budget: Budget,
) -> tuple[FileFinding, ...]:
    """The file, and then the files inside it, called `id/n`.

    With `is_words` it is a body: its text counts as words, and its declared type says how to read it. The budget is for the file with all
    that is inside it.
    """
    octets = data if isinstance(data, bytes) else data[0 : len(data)]
    source = Source(octets, names, declared_type.lower(), charset, is_words, _where(declared_type, is_words=is_words))
    return tuple(_File(id, None, source, Spent(budget), patterns).read())


def _where(declared: str, *, is_words: bool) -> str:
    return "text" if not is_words else "HTML body" if declared.lower() == "text/html" else "body"


class _File:
    """One file being read."""

    __slots__ = (
        "_depth",
        "_digests",
        "_id",
        "_in_text",
        "_inside",
        "_labels",
        "_members",
        "_oddities",
        "_patterns",
        "_readable",
        "_source",
        "_spent",
    )

    def __init__(
        self,
        id_: str,
        inside: str | None,
        source: Source,
        spent: Spent,
        patterns: Patterns,
        depth: int = 0,
        readable: Readable = Readable.YES,
    ) -> None:
        self._id = id_
        self._inside = inside
        self._source = source
        self._spent = spent
        self._patterns = patterns
        self._depth = depth
        self._readable = readable
        self._labels: list[Evidence] = []
        self._oddities: list[str] = []
        self._members: list[FileFinding] = []
        self._in_text: set[tuple[str, str]] = set()  # files in the middle of its text, by name and digest
        self._digests: set[str] = set()  # of all files in it: one without a name that is among them is the same

    def read(self) -> Iterator[FileFinding]:
        """The finding of this file, then those of its members."""
        identity = self._identity()
        self._oddities.extend(identity.oddities)
        found = scan(self._segments(identity), self._patterns)
        yield FileFinding(
            id=self._id,
            inside=self._inside,
            names=self._source.names,
            declared_type=self._source.declared,
            detected_type=identity.media_type,
            octets=len(self._source.data),
            sha256=hashlib.sha256(self._source.data).hexdigest(),
            readable=self._readable,
            evidence=(*self._labels, *found, *self._unread()),
            oddities=tuple(dict.fromkeys(self._oddities)),
        )
        yield from self._members

    def _identity(self) -> filetype.Identity:
        if self._source.is_words and not words.is_cloak(self._source.declared):
            return filetype.Identity(self._source.declared)
        return filetype.identify(self._source, self._spent)

    def _unread(self) -> Iterator[Evidence]:
        if self._readable is not Readable.YES:
            yield Evidence(EvidenceKind.UNREADABLE, self._readable.value)

    def _segments(self, identity: filetype.Identity) -> Iterator[Segment]:
        """The text of the file, read piece by piece; everything else that a reader yields is put aside. Never raises."""
        if not self._source.is_words:
            yield from ((Place.FILE_NAME, "file name", name) for name in self._source.names)
        for kind in (identity.media_type, *identity.also):
            try:
                self._spent.depth(self._depth)
                yield from self._texts(_reader(kind, self._source)(self._source, self._spent))
                if kind == identity.media_type:  # around one of several kinds are the others
                    yield from self._texts(slack.read_slack(kind, self._source, self._spent))
            except Unreadable as unreadable:
                self._worsen(unreadable.readable)
            except MemoryError:
                self._worsen(Readable.OVER_BUDGET)
            except Exception:  # noqa: BLE001 - whatever a library raises on hostile input
                self._worsen(Readable.DAMAGED)

    def _texts(self, items: Iterator[Item]) -> Iterator[Segment]:
        for item in items:
            if isinstance(item, tuple):
                yield item
                if "begin" in item[2] or "BinHex" in item[2] or not item[2].isascii():
                    yield from self._texts(files_in_text.read_files_shown(item[2], self._spent))
            elif isinstance(item, Member):
                self._member(item)
            elif isinstance(item, Oddity):
                self._oddities.append(item.name)
            elif isinstance(item, Unread):
                self._worsen(item.readable)
            else:
                self._labels.append(item)

    def _member(self, member: Member) -> None:
        if member.is_in_text:
            digest = hashlib.sha256(member.data).hexdigest()
            if (member.name, digest) in self._in_text or (not member.name and digest in self._digests):
                return
            self._in_text.add((member.name, digest))
            self._spent.entries()
        id_ = f"{self._id}/{sum(1 for found in self._members if found.inside == self._id) + 1}"
        names = tuple(dict.fromkeys(filter(None, (member.name, *member.also))))
        if member.readable is not None and not member.data:
            # Its names are all that there is to read.
            found = scan(((Place.FILE_NAME, "file name", name) for name in names), self._patterns)
            evidence = (*found, Evidence(EvidenceKind.UNREADABLE, member.readable.value))
            self._members.append(FileFinding(id_, self._id, names, member.declared, "", member.octets, "", member.readable, evidence))
            return
        source = Source(member.data, names, member.declared.lower())
        readable = member.readable or Readable.YES
        inside = list(_File(id_, self._id, source, self._spent, self._patterns, self._depth + 1, readable).read())
        if member.is_piece and _says_nothing(inside):
            return
        self._oddities.extend(filter(None, (member.oddity,)))
        self._members.extend(inside)
        self._digests.add(inside[0].sha256)
        if inside[0].readable is Readable.OVER_BUDGET:
            self._worsen(Readable.OVER_BUDGET)  # what is inside was not seen to its end

    def _worsen(self, readable: Readable) -> None:
        """The first reason stands; that only pictures were left says less than any other."""
        if self._readable.is_whole:
            self._readable = readable


def _says_nothing(inside: list[FileFinding]) -> bool:
    """Whether a file is damaged, and nothing that counts was found in what there is of it."""
    return inside[0].readable is Readable.DAMAGED and all(
        found.readable in (Readable.YES, Readable.DAMAGED) and all(item.kind is EvidenceKind.UNREADABLE for item in found.evidence)
        for found in inside
    )


# --- which reader -----------------------------------------------------------------------------------------------------


def _reader(kind: str, source: Source) -> Reader:
    """The reader for a media type."""
    if source.is_words and not words.is_cloak(source.declared):
        return words.read_words
    if source.declared.startswith("multipart/") and kind.startswith(("text/", structure.MESSAGE)):
        kind = "multipart/mixed"  # of one that stood under an encoding
    known = _READERS.get(kind) or next((reader for start, reader in _FAMILIES if kind.startswith(start)), None)
    by_name = _by_name(kind, source)
    if by_name is not None:
        return words.all_of(by_name, known) if known is not None else by_name  # a name proves nothing
    if known in _TEXTUAL:
        return partial(words.with_files, known)
    if known is not None and kind in _OLD_OFFICE and source.data.startswith(ole.MAGIC):
        return words.all_of(known, objects.read_embedded, blips.read_blips)
    return known or _is(Readable.UNSUPPORTED)


def _by_name(kind: str, source: Source) -> Reader | None:
    """Where the octets do not say it: what protection a file is under by its names and its declared type."""
    names = tuple(name.lower() for name in source.names)
    if any(name.endswith(_RIGHTS_NAMES) for name in names):
        return _is(Readable.RIGHTS_PROTECTED)
    if kind == filetype.UNKNOWN_BINARY and any(name.endswith(_PGP_NAMES) for name in names):
        return pgp.read_pgp
    if kind != structure.PKCS7 and (source.declared in _ENVELOPES or any(name.endswith(".p7m") for name in names)):
        return cms.read_cms if cms.unarmoured(source.data)[:1] == b"\x30" else _is(Readable.ENVELOPED)
    if not kind.startswith("text/"):
        return None
    if postscript.is_called_page(names, source.data):
        return postscript.read_postscript
    return _is(Readable.UNSUPPORTED) if binhex.is_called_so(names, source.data) else None


def _is(readable: Readable) -> Reader:
    """The reader of what cannot be read."""

    def read_nothing(_source: Source, _spent: Spent) -> Iterator[Item]:
        yield from ()
        raise Unreadable(readable)

    return read_nothing


def _no_words(_source: Source, _spent: Spent) -> Iterator[Item]:
    """The reader of what has no words at all."""
    yield from ()


_RIGHTS_NAMES = (".pfile", ".rpmsg", ".ppdf", ".ptxt", ".pxml", ".pjpg", ".pjpeg", ".ppng", ".ptif", ".ptiff", ".pbmp", ".pgif")
_ENVELOPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_OLD_OFFICE = frozenset({"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"})
_PGP_NAMES = (".gpg", ".pgp")
_TEXTUAL = frozenset({text.read_text, markup.read_html, postscript.read_postscript, postscript.read_printed, postscript.read_form_data})
_READERS: dict[str, Reader] = {
    structure.EMPTY: _no_words,
    structure.PDF: pdf.read_pdf,
    structure.ZIP: archives.read_zip,
    **{kind: partial(compressed.read_compressed, kind) for kind in compressed.MEDIA_TYPES},
    **{kind: partial(libarchive.read_archive, kind) for kind in libarchive.FORMATS},
    rar.MEDIA_TYPE: rar.read_rar,
    seven_zip.MEDIA_TYPE: seven_zip.read_7z,
    structure.MESSAGE: mail.read_mail,
    "multipart/mixed": mail.read_multipart,
    structure.RIGHTS: rights.read_rights,
    "application/x-pfile": rights.read_rights,
    structure.PGP: pgp.read_pgp,
    structure.PKCS7: cms.read_cms,
    mbox.MEDIA_TYPE: mbox.read_mbox,
    ole.ENCRYPTED: protected.read_protected,
    ole.OLE: objects.read_object,
    "application/msword": ole.read_word,
    "application/vnd.ms-powerpoint": ole.read_presentation,
    msg.MEDIA_TYPE: msg.read_msg,
    structure.TNEF: tnef.read_tnef,
    "application/vnd.ms-excel": ole.read_workbook,
    "application/vnd.ms-excel.sheet.binary.macroenabled.12": xlsb.read_binary_workbook,
    structure.RTF: rtf.read_rtf,
    structure.FLAT_OFFICE: flat_office.read_flat_office,
    "application/epub+zip": archives.read_zip,
    apple.MEDIA_TYPE: apple.read_apple,
    structure.POSTSCRIPT: postscript.read_postscript,
    structure.PRINTER: postscript.read_printed,
    structure.FDF: postscript.read_form_data,
    "text/html": markup.read_html,
    "application/xhtml+xml": markup.read_html,
    "application/x-ms-shortcut": text.read_strings,
    "application/x-bplist": text.read_strings,
    "application/json": text.read_text,
    "application/xml": text.read_text,
    "application/javascript": text.read_text,
    "application/pgp-keys": text.read_text,
    **dict.fromkeys(("image/vnd.dwg", "image/vnd.dxf", "image/vnd.djvu", "image/x-xcf"), _is(Readable.UNSUPPORTED)),  # drawings with words
    "image/svg+xml": text.read_text,
}
_FAMILIES: tuple[tuple[str, Reader], ...] = (
    ("application/vnd.openxmlformats-officedocument.", ooxml.read_ooxml),
    ("application/vnd.ms-word.", ooxml.read_ooxml),
    ("application/vnd.ms-excel.", ooxml.read_ooxml),
    ("application/vnd.ms-powerpoint.", ooxml.read_ooxml),
    ("application/vnd.ms-visio.", ooxml.read_ooxml),
    ("application/vnd.oasis.opendocument.", odf.read_odf),
    ("text/", text.read_text),
    ("image/", pictures.read_picture),
    ("audio/", legible.read_legible),
    ("video/", legible.read_legible),
    ("font/", legible.read_legible),
)
