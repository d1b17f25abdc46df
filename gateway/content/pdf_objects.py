"""Everything in a PDF that is no page: properties, labels, forms, notes, bookmarks, layers, scripts, files. By pikepdf.

In: the octets. Out: segments, labels, members and oddities. No tree is walked: each object of the file is looked at once, so that nothing
hangs where we do not look and no loop holds us.
Standards: ISO 32000-2 sections 7.6.7 (wrapper of an encrypted document), 7.11 (files), 12.3 to 12.7 (bookmarks, annotations, actions,
forms), 14.3 (metadata); XFA 3.3, of which only the words are read.
Limits: objects that only an earlier revision of the file refers to are not looked at.
"""

from __future__ import annotations

import io
import re
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

import pikepdf

from gateway.content import labels
from gateway.content.charsets import texts
from gateway.content.markup import to_text
from gateway.content.pdf_bombs import Guard, Id, unpacked
from gateway.content.pdf_fonts import Fonts, Untold
from gateway.content.reading import Item, Member, Oddity, Spent, Unreadable
from gateway.detectors import Segment
from gateway.model.finding import Evidence, Place, Readable

_DEPTH = 20  # of arrays and dictionaries within one object
_OFTEN = 256  # objects between two looks at the clock


_NOTES = "annotations"
_LINKS = "links and files"
_KINDS = {
    "/Title": "bookmarks",
    **dict.fromkeys(("/Alt", "/ActualText", "/E"), "alternative texts"),
    **dict.fromkeys(("/URI", "/F", "/UF", "/Desc"), _LINKS),
    "/JS": "scripts",
    "/Name": "layers",
    "/P": "page labels",
    **dict.fromkeys(("/Contents", "/RC", "/Subj", "/T", "/TU", "/V", "/DV", "/Opt", "/CA", "/AC"), _NOTES),
    **dict.fromkeys(("/Reason", "/Location", "/ContactInfo"), "signatures"),
    "/XFA": "form",
}
_STREAMS = frozenset({"/JS", "/RC", "/V", "/DV", "/XFA"})  # may be streams of text
# A dictionary without a text of its own, and without a reference to one under such a key, is not looked at more closely.
_TELLING = re.compile(rb"\(|<[0-9a-f]|/(?:%s) [0-9]+ [0-9]+ R" % b"|".join(key[1:].encode() for key in (*_KINDS, "/EF")))
_NO_WORDS = frozenset({"/CreationDate", "/ModDate", "/Trapped"})
_XMP_LABEL = re.compile(r"(MSIP_Label_[0-9a-fA-F\-]{36}_[A-Za-z]+)(?:>|\s*=\s*[\"'])([^<\"']{0,255})")
_XML_ATTRIBUTE = re.compile(r"""=\s*(?:"([^"<>]{1,4096})"|'([^'<>]{1,4096})')""")


class Known(NamedTuple):
    """What the objects tell of the file as a whole."""

    trouble: Readable | None = None  # why some of it could not be read, or that the document proper is a file inside, protected
    untold: Untold = Untold()


def read_objects(data: bytes, spent: Spent) -> Generator[Item, None, Known]:
    """What the file says beside its pages; and what it says of them.

    Raises:
        pikepdf.PdfError: it cannot be opened, so nothing is known of what it holds.
        pikepdf.PasswordError: it asks for a password.
        Unreadable: it is a bomb; whoever reads its pages goes off.
    """
    with pikepdf.open(io.BytesIO(data)) as file:
        objects = _Objects(file, spent)
        yield from objects.properties()
        objects.look()
        yield from objects.words()
        yield from objects.members()
        yield from (Oddity(name) for name in objects.oddities)
        return Known(objects.trouble, objects.fonts.untold(file))


def xmp_labels(text: str) -> tuple[Evidence, ...]:
    """Labels in metadata: custom properties are elements or attributes named after them."""
    return labels.from_pairs(((found[1], found[2]) for found in _XMP_LABEL.finditer(text)), "XMP")


class _Objects:
    """All objects of an open file, each looked at once. They live as long as the file is open."""

    __slots__ = ("_file", "_files", "_guard", "_loose", "_said", "_spent", "fonts", "oddities", "trouble")

    def __init__(self, file: Any, spent: Spent) -> None:
        self._file = file
        self._spent = spent
        self._said: dict[tuple[str, Id], list[str]] = {}  # by kind, and by the object they stand in
        self._files: dict[Id, tuple[str, Any]] = {}  # streams that file specifications name
        self._guard = Guard()
        self._loose: dict[Id, Any] = {}  # streams that say they are files
        self.fonts = Fonts(spent)
        self.oddities: dict[str, None] = {}
        self.trouble: Readable | None = None

    # --- properties -----------------------------------------------------------------------------------------------------

    def properties(self) -> Iterator[Item]:
        """The document information dictionary, and the metadata of the document. Of a label that both tell, one is enough."""
        info = self._information()
        told = {str(key).removeprefix("/"): _text(info.get(key)) for key in info.keys()} if info is not None else {}  # noqa: SIM118 - no dict
        found = labels.from_pairs(told.items(), "document information")
        yield from found
        words = (value for key, value in told.items() if f"/{key}" not in _NO_WORDS and not key.startswith(labels.PREFIX))
        yield Place.PROPERTIES, "document information", "\n".join(words)
        known = {label.id for label in found}
        for text in self._markup(self._file.Root.get("/Metadata")):
            yield from (label for label in xmp_labels(text) if label.id not in known)
            yield Place.PROPERTIES, "XMP", _words_of_xml(_XMP_LABEL.sub("", text))

    def _information(self) -> Any:
        info = self._file.trailer.get("/Info")
        return info if isinstance(info, pikepdf.Dictionary) else None

    # --- the sweep ------------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """At every object that may say something; a text, or a list, is found where it belongs. What is wrong with one hides no other."""
        info = self._information()
        skipped = None if info is None else info.objgen
        for count, thing in enumerate(self._file.objects):
            if count % _OFTEN == 0:
                self._spent.time()
            try:
                if isinstance(thing, pikepdf.Dictionary | pikepdf.Stream) and thing.objgen != skipped:
                    self._object(thing)
            except (pikepdf.PikepdfError, ValueError, TypeError, RuntimeError):
                self._worsen(Readable.DAMAGED)
        self._guard.finish()

    def _object(self, thing: Any) -> None:
        dictionary = thing.stream_dict if isinstance(thing, pikepdf.Stream) else thing
        written = dictionary.unparse(resolved=True)
        if dictionary is not thing:
            if b"/Type /EmbeddedFile" in written:
                self._loose[thing.objgen] = thing
            else:
                self._guard.look(thing, written)
        self.fonts.look(thing, written)
        if _TELLING.search(written) and not _is_mere_page(written):
            self._dictionary(dictionary, thing.objgen, 0)

    def _dictionary(self, dictionary: Any, inside: Id, depth: int) -> None:
        if depth > _DEPTH:
            self._worsen(Readable.OVER_BUDGET)
            return
        signed = "/ByteRange" in dictionary  # its /Contents is a signature
        for key in dictionary.keys():  # noqa: SIM118 - no dict
            value = dictionary.get(key)
            if key == "/EF" and isinstance(value, pikepdf.Dictionary):
                self._specification(dictionary, value)
            elif key in _KINDS and not (signed and key == "/Contents"):
                self._say(key, inside, value, 0)
            if key == "/JS" or (key == "/S" and value == "/Launch"):
                self.oddities["javascript" if key == "/JS" else "launches-program"] = None
            self._inner(value, inside, depth + 1)

    def _inner(self, value: Any, inside: Id, depth: int) -> None:
        """What stands directly in a dictionary or a list; what is only referred to is an object of its own."""
        if not isinstance(value, pikepdf.Dictionary | pikepdf.Array) or value.is_indirect or not _TELLING.search(value.unparse()):
            return
        if isinstance(value, pikepdf.Dictionary):
            self._dictionary(value, inside, depth)
        elif depth <= _DEPTH:
            for item in value:
                self._inner(item, inside, depth + 1)

    def _say(self, key: str, inside: Id, value: Any, depth: int) -> None:
        """A text; or a list of them, or a stream that holds one."""
        kind = _KINDS[key]
        if isinstance(value, pikepdf.String):
            text = _text(value)
            self._said.setdefault((kind, inside), []).append(_words_of_xml(text) if key == "/RC" else text)
            if kind == _LINKS and "%" in text:
                self._said[kind, inside].append(unquote(text))
        elif isinstance(value, pikepdf.Stream) and key in _STREAMS:
            self._said.setdefault((kind, inside), []).extend(map(_words_of_xml, self._markup(value)))
        elif isinstance(value, pikepdf.Array) and depth < _DEPTH:
            for item in value:
                self._say(key, inside, item, depth + 1)

    def _specification(self, dictionary: Any, streams: Any) -> None:
        name = _text(dictionary.get("/UF")) or _text(dictionary.get("/F"))
        for key in streams.keys():  # noqa: SIM118 - no dict
            stream = streams.get(key)
            if isinstance(stream, pikepdf.Stream):
                self._files.setdefault(stream.objgen, (name, stream))
        if dictionary.get("/AFRelationship") == "/EncryptedPayload":
            self._worsen(Readable.RIGHTS_PROTECTED)

    # --- what came of it ------------------------------------------------------------------------------------------------

    def words(self) -> Iterator[Segment]:
        """What was said, by kind; what is noted on a page, by page."""
        pages = self._pages_of_notes() if any(kind == _NOTES for kind, _ in self._said) else {}
        gathered: dict[str, list[str]] = {}
        for (kind, inside), said in self._said.items():
            where = f"page {pages[inside]} annotations" if kind == _NOTES and inside in pages else "form" if kind == _NOTES else kind
            gathered.setdefault(where, []).extend(said)
        for where, said in gathered.items():
            yield Place.TEXT, where, "\n".join(dict.fromkeys(said))

    def _pages_of_notes(self) -> dict[Id, int]:
        found: dict[Id, int] = {}
        for number, page in enumerate(self._file.pages, start=1):
            found[page.obj.objgen] = number  # a note may stand in the page's own dictionary
            notes = page.obj.get("/Annots")
            if isinstance(notes, pikepdf.Array):
                found.update((note.objgen, number) for note in notes if isinstance(note, pikepdf.Dictionary) and note.is_indirect)
        return found

    def members(self) -> Iterator[Member]:
        """The files inside: those with a name first, then streams that only say that they are files."""
        files = self._files | {id_: ("", stream) for id_, stream in self._loose.items() if id_ not in self._files}
        for name, stream in files.values():
            self._spent.entries()
            packed = int(stream.stream_dict.get("/Length", 0))
            try:
                data = unpacked(stream)
                self._spent.unpacked(len(data), len(data), packed)
            except Unreadable as unreadable:
                if unreadable.readable is Readable.OVER_BUDGET:
                    self._worsen(Readable.OVER_BUDGET)
                yield Member(name, b"", readable=unreadable.readable, octets=packed)
            else:
                yield Member(name, data, str(stream.stream_dict.get("/Subtype", "")).removeprefix("/"))

    def _markup(self, stream: Any) -> tuple[str, ...]:
        try:
            return texts(unpacked(stream), None)[:1] if isinstance(stream, pikepdf.Stream) else ()
        except Unreadable as unreadable:
            self._worsen(unreadable.readable)
            return ()

    def _worsen(self, readable: Readable) -> None:
        """The first reason stands, but for protection, which explains the others."""
        if self.trouble is None or readable is Readable.RIGHTS_PROTECTED:
            self.trouble = readable


def _is_mere_page(written: bytes) -> bool:
    """Whether this is a page, whose /Contents is what is drawn, and no note stands in it."""
    return b"/Type /Page " in written and b"/Subtype" not in written and b"(" not in written


def _text(value: Any) -> str:
    """A text string; empty for anything else."""
    return str(value).replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, pikepdf.String) else ""


def _words_of_xml(text: str) -> str:
    return "\n".join((to_text(text), *(double or single for double, single in _XML_ATTRIBUTE.findall(text))))
