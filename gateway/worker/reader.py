"""The reader that children call, made ready before any of them is forked: a locked child can open nothing, so all is loaded before."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import io
import math
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from gateway.model.finding import FileFinding, Patterns
from gateway.model.message import Encoding
from gateway.ports.examiner import Wanted


@dataclass(slots=True)
class PictureTime:
    """What the files of one message may use for words in pictures, together."""

    seconds: float = math.inf  # that are left

    def use(self, seconds: float) -> None:
        """As soon as they are used: also by a file whose reader then fails."""
        self.seconds -= seconds


class Reader(Protocol):
    """What a child calls for each part."""

    def __call__(self, data: bytes, part: Wanted, patterns: Patterns, *, pictures: PictureTime = ...) -> tuple[FileFinding, ...]: ...


def load(name: str, seconds: float, picture_seconds: float = 0.0) -> Reader:
    """`package.module:function`, or `/a/file.py:function` for one that is not installed; `seconds` is the processor time of one file,
    `picture_seconds` what may besides go to words in pictures; 0: they are not read.

    Beside the function its module has `preload(with_ocr=...)`, which tells whether words in pictures can be read here, and
    `Budget(seconds=..., picture_seconds=..., on_pictured=...)`: None where they cannot. On return all that it needs is loaded and has
    worked once.
    """
    place, _, function = name.rpartition(":")
    module = _from_file(place) if place.endswith(".py") else importlib.import_module(place)
    read: Callable[..., tuple[FileFinding, ...]] = getattr(module, function)
    budget: Callable[..., Any] = module.Budget

    def limited(pictures: PictureTime) -> Any:
        left = max(0.0, min(picture_seconds, pictures.seconds)) if reads_pictures else None
        return budget(seconds=seconds, picture_seconds=left, on_pictured=pictures.use)

    reads_pictures: bool = module.preload(with_ocr=picture_seconds > 0)
    reader = reader_of(read, limited)
    warm(reader, Patterns())
    return reader


def reader_of(read: Callable[..., tuple[FileFinding, ...]], budget: Callable[[PictureTime], Any]) -> Reader:
    """As children call it: with what is said of a part, and a budget of its own for each.

    `pictures`: no more for words in pictures than is left here, whatever a file may use otherwise; what is used is taken from it.
    """

    def reader(data: bytes, part: Wanted, patterns: Patterns, *, pictures: PictureTime | None = None) -> tuple[FileFinding, ...]:
        return read(
            data,
            id=part.id,
            names=part.names,
            declared_type=part.declared_type,
            charset=part.charset,
            is_words=part.is_words,
            patterns=patterns,
            budget=budget(pictures or PictureTime()),
        )

    return reader


def warm(reader: Reader, patterns: Patterns) -> None:
    """Wake each format's library on a tiny sample of our own, have the patterns compiled, and leave the memory ready to be shared."""
    for file_name, declared, data in _samples():
        reader(data, Wanted("1", 0, len(data), Encoding.IDENTITY, (file_name,), declared, None, is_words=False), patterns)
    gc.collect()
    gc.freeze()  # what is here is never garbage: a child that collected it would copy its pages


def _from_file(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _samples() -> tuple[tuple[str, str, bytes], ...]:
    office = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return (
        ("sample.txt", "text/plain", b"Nothing to see.\r\n"),
        ("sample.html", "text/html", b"<!DOCTYPE html><title>Nothing</title><p>to see"),
        ("sample.docx", office, _document()),
        ("sample.zip", "application/zip", _zip({"a.txt": b"Nothing to see.\r\n"})),
        ("sample.pdf", "application/pdf", _PDF),
        ("sample.doc", "application/msword", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1528)),
    )


def _document() -> bytes:
    words = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    links = "http://schemas.openxmlformats.org/package/2006/relationships"
    main = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{types}"><Override PartName="/word/document.xml" ContentType="{kind}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{links}"><Relationship Id="a" Type="{main}" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{words}"><w:body><w:p><w:r><w:t>Nothing</w:t></w:r></w:p></w:body></w:document>',
    }
    return _zip({name: text.encode() for name, text in parts.items()})


def _zip(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
    b"4 0 obj<</Length 33>>stream\nBT /F 9 Tf 9 9 Td (Nothing) Tj ET\nendstream endobj\n"
    b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
