"""What examination found: evidence before any classification. It does not depend on a pack except for the pack's own patterns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Readable(StrEnum):
    """Whether a file could be read, and if not, why (DESIGN section 4: check demands every kind but YES)."""

    YES = "yes"
    ENCRYPTED = "encrypted"
    RIGHTS_PROTECTED = "rights-protected"
    ENVELOPED = "enveloped"  # S/MIME or PGP
    DAMAGED = "damaged"
    OVER_BUDGET = "over-budget"
    CRASHED = "crashed"
    UNSUPPORTED = "unsupported"
    PICTURES_UNREAD = "pictures-unread"  # pictures or scanned pages were left when the time for them was used up; all else was read

    @property
    def is_whole(self) -> bool:
        """Whether it is what it seems to be, read to its end but for pictures: of two readings the one that makes sense."""
        return self in (Readable.YES, Readable.PICTURES_UNREAD)


class Place(StrEnum):
    """Where in a file or in the words a text stands. A marking names the places where it counts."""

    SUBJECT_START = "subject_start"
    SUBJECT = "subject"
    PAGE_HEADER = "page_header"
    PAGE_FOOTER = "page_footer"
    FIRST_LINE = "first_line"  # of the body, or of a document
    TEXT = "text"  # anywhere else
    QUOTED = "quoted"  # earlier text that somebody answers or passes on
    FILE_NAME = "file_name"
    PROPERTIES = "properties"  # document properties
    HEADER_FIELD = "header_field"


class FileOddity(StrEnum):
    """What was odd about a file. Policies can ask for these by name, as for a DefectName."""

    POLYGLOT = "polyglot"  # two kinds of file at once: read as both
    TYPE_DISAGREES = "type-disagrees"  # a name, or the declared type, says another kind of file than it is
    HIDDEN_EXTENSION = "hidden-extension"  # a name made so that a person takes its extension for another
    LOCAL_ONLY_ENTRIES = "local-only-entries"  # an archive with files that its directory does not name
    HEADERS_DISAGREE = "headers-disagree"  # an archive that describes one file in two ways
    DIRECTORY_DISAGREES = "directory-disagrees"  # an archive whose directory is not as it says
    SEVERAL_DIRECTORIES = "several-directories"  # an archive or disc image that some programs list otherwise than others
    OVERLAPPING_ENTRIES = "overlapping-entries"  # an archive of files that are partly the same octets
    DUPLICATE_MEMBERS = "duplicate-members"  # two files of one name in an archive, two parts of one in a document
    LEADING_DATA = "leading-data"  # something stands before an archive ...
    TRAILING_DATA = "trailing-data"  # ... or behind it
    DUPLICATE_LABELS = "duplicate-labels"
    MACROS = "macros"
    JAVASCRIPT = "javascript"  # in a PDF
    LAUNCHES_PROGRAM = "launches-program"  # a PDF that starts a program
    PICTURES_READ = "pictures-read"  # words in pictures were looked for, by a program that errs
    PICTURES_UNSUPPORTED = "pictures-unsupported"  # they were not, in some: these are in a format that is not drawn here
    POISON = "poison"  # crashed its reader three times; not read any more


class EvidenceKind(StrEnum):
    """What kind of thing gives a classification."""

    LABEL = "label"
    MARKING = "marking"
    DETECTOR = "detector"
    UNREADABLE = "unreadable"
    UNMARKED = "unmarked"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text that a pack calls a marking. Matched by detectors/marking.py."""

    id: str  # unique within the pack: "marking-3"
    text: str
    where: frozenset[Place]
    whole_line: bool = False
    may_add: tuple[str, ...] = ()  # words that may stand beside it on a whole line: handling caveats


@dataclass(frozen=True, slots=True)
class OwnDetector:
    """What a pack looks for besides the detectors of the house: patterns, or a list of words. Matched by detectors/own.py."""

    id: str  # unique among all detectors
    says: str = ""  # what it finds, for a person, in the singular
    like: tuple[str, ...] = ()  # RE2; any of them ...
    words: tuple[str, ...] = ()  # ... or words and phrases: how many different ones occur is what counts
    near: tuple[str, ...] = ()  # it counts only beside one of these
    shows: str = "end"  # end | all | nothing: what of a value people are shown


@dataclass(frozen=True, slots=True)
class Patterns:
    """Everything that a pack wants looked for."""

    markings: tuple[Pattern, ...] = ()
    detectors: frozenset[str] = frozenset()  # ids of the house's: nhs-number nino us-ssn card iban small-cells link-out ...
    own: tuple[OwnDetector, ...] = ()
    services: frozenset[str] = frozenset()  # domains of file sharing besides the well-known ones
    approved: frozenset[str] = frozenset()  # domains to which a link is no link out; "*.example.org": everything below
    small_below: int = 6  # a count of people below this may tell who they are

    @property
    def names(self) -> dict[str, str]:
        """What a person calls the markings and the pack's own detectors, by id."""
        return {**{mark.id: mark.text for mark in self.markings}, **{one.id: one.says for one in self.own}}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing found, masked: a count, a place and at most the last characters."""

    kind: EvidenceKind
    id: str  # label: GUID lower-case; marking: Pattern.id; detector: its id; unreadable: the Readable value
    count: int = 1  # detector: distinct values
    where: str = ""  # "docProps/custom.xml", "page 3 header", "subject", "header field msip_labels"
    sample: str = ""  # masked: "••• ••• 4321"; a marking's own text may stand as it is
    tenant: str | None = None  # of a label: the SiteId GUID, lower-case, no braces
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class FileFinding:
    """What one file is. Archive members and files in nested messages stand beside their outer file, naming it in `inside`."""

    id: str  # the part's id; members add "/n": "1.2/1"
    inside: str | None  # id of the file it is inside; None for an outermost file
    names: tuple[str, ...]
    declared_type: str
    detected_type: str  # "" when nothing could tell
    octets: int  # decoded
    sha256: str  # hex, of the decoded octets; "" when never decoded
    readable: Readable
    evidence: tuple[Evidence, ...] = ()
    oddities: tuple[str, ...] = ()  # FileOddity; of a message inside, and of the encoding, DefectName


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything found in one message."""

    files: tuple[FileFinding, ...]
    words: tuple[Evidence, ...]  # subject, body, file names, header labels
    words_readable: Readable = Readable.YES  # of the words themselves: an unread HTML body is not clean
    words_oddities: tuple[str, ...] = ()  # how they were encoded, files in the middle of them

    @property
    def outermost(self) -> tuple[FileFinding, ...]:
        """The files that a person attached: what counts for size."""
        return tuple(file for file in self.files if file.inside is None)

    @property
    def unread(self) -> tuple[FileFinding, ...]:
        """The files that could not be read."""
        return tuple(file for file in self.files if file.readable is not Readable.YES)
