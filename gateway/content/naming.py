"""What is said of a file, by its names and its declared type, against what it is. Pure.

What says nothing does not disagree. A disagreement is an oddity, not a decision.
"""

from __future__ import annotations

import re

from gateway.content import ole
from gateway.content.structure import EMPTY, PGP

_EXTENSIONS = {
    extension: family
    for family, extensions in {
        "word": "docx docm dotx dotm",
        "excel": "xlsx xlsm xltx xltm xlsb",
        "powerpoint": "pptx pptm potx potm ppsx ppsm",
        "old word": "doc dot",
        "old excel": "xls xlt",
        "old powerpoint": "ppt pot pps",
        "odf": "odt ott ods ots odp otp odg",
        "pdf": "pdf",
        "zip": "zip",
        "rtf": "rtf",
        "picture": "png jpg jpeg jpe gif bmp tif tiff webp heic ico",
        "sound": "mp3 wav m4a ogg flac",
        "film": "mp4 mov avi mkv wmv",
        "text": "txt csv tsv log json xml html htm md ics vcf yaml yml css js eml ini",
        "outlook": "msg",
    }.items()
    for extension in extensions.split()
}
_TYPES: tuple[tuple[str, str], ...] = (
    ("application/vnd.openxmlformats-officedocument.wordprocessingml", "word"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml", "excel"),
    ("application/vnd.openxmlformats-officedocument.presentationml", "powerpoint"),
    ("application/vnd.ms-word.", "word"),
    ("application/vnd.ms-excel.", "excel"),
    ("application/vnd.ms-powerpoint.", "powerpoint"),
    ("application/msword", "old word"),
    ("application/vnd.ms-excel", "old excel"),
    ("application/vnd.ms-powerpoint", "old powerpoint"),
    ("application/vnd.oasis.opendocument", "odf"),
    ("application/pdf", "pdf"),
    ("application/zip", "zip"),
    ("application/x-zip-compressed", "zip"),
    ("application/rtf", "rtf"),
    ("text/rtf", "rtf"),
    ("application/vnd.ms-outlook", "outlook"),
    ("image/svg+xml", "text"),
    ("image/", "picture"),
    ("audio/", "sound"),
    ("video/", "film"),
    ("text/", "text"),
    ("message/", "text"),
    ("application/json", "text"),
    ("application/xml", "text"),
)
_OFFICE = frozenset({"word", "excel", "powerpoint", "old word", "old excel", "old powerpoint"})

_MAY_BE = {ole.ENCRYPTED: _OFFICE, EMPTY: frozenset(_EXTENSIONS.values()), PGP: frozenset({"text"})}


def disagrees(found: list[str], names: tuple[str, ...], declared: str) -> bool:
    """Whether a name, or the declared type, says another kind of file. What says nothing does not disagree."""
    is_what = _MAY_BE.get(found[0]) or {_family(kind) for kind in found}
    named = {_EXTENSIONS[extension] for name in names if (extension := extension_of(name)) in _EXTENSIONS}
    if named - is_what:
        return True
    said = _family(declared)
    # Windows calls a CSV what its registry calls it: application/vnd.ms-excel.
    return said is not None and said not in is_what and not (said == "old excel" and named == {"text"})


def _family(kind: str) -> str | None:
    return next((family for start, family in _TYPES if kind.startswith(start)), None)


def extension_of(name: str) -> str:
    """As Windows has it: blanks and dots at the end do not count, nor does what stands behind a colon, nor signs that turn the writing."""
    shown = _TURNING.sub("", name).rpartition("/")[2].rpartition("\\")[2]
    shown = shown.partition(":")[0].rstrip(". \t")
    return shown.rpartition(".")[2].strip().lower() if "." in shown else ""


def hides_extension(name: str) -> bool:
    """Whether a name is made so that a person takes its extension for another."""
    shown = name.rpartition("/")[2][-_LOOKED_AT:]
    if _TURNING.search(shown) or _FAR_AWAY.search(shown) or (shown.rstrip(". ") != shown and "." in shown.rstrip(". ")):
        return True
    before, _, last = shown.lower().rpartition(".")
    return last.strip() in _RUN and before.rpartition(".")[2].strip() in _EXTENSIONS and "." in before


_LOOKED_AT = 400  # characters: no program shows more of a name
# Unicode's bidirectional controls (UAX 9), and characters without width.
_TURNING = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_FAR_AWAY = re.compile(r"\s{6,}\.[^.]{1,12}$")
_RUN = frozenset(
    [
        "exe",
        "com",
        "scr",
        "pif",
        "bat",
        "cmd",
        "js",
        "jse",
        "vbs",
        "vbe",
        "wsf",
        "wsh",
        "hta",
        "lnk",
        "ps1",
        "msi",
        "jar",
        "cpl",
        "dll",
        "reg",
        "url",
        "iso",
        "img",
        "html",
        "htm",
        "svg",
    ]
)
