"""What arrived, and what it is made of.

An Arrival is octets and where they came from; a Message is the index of its parts. No octet is copied: ranges are offsets into the content.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gateway.model.envelope import Envelope, Peer


class Buffer(Protocol):
    """Octets that can be sliced and searched: bytes, or a file read as it is looked at. A slice is always bytes."""

    def __len__(self) -> int: ...
    def __getitem__(self, where: slice, /) -> bytes: ...
    def find(self, what: bytes, start: int = 0, end: int = ..., /) -> int: ...
    def rfind(self, what: bytes, start: int = 0, end: int = ..., /) -> int: ...


class Content(Protocol):
    """The octets of one message, spooled: dot-unstuffed, CRLF line ends only (listen has seen to it)."""

    @property
    def octets(self) -> int:
        """Size in octets, without the dots of transparency and the final dot."""
        ...

    def view(self) -> AbstractContextManager[Buffer]:
        """The whole content to look at for a short while; of a large one only what is looked at is read."""
        ...

    def read(self, start: int, end: int) -> bytes:
        """One slice; the way to stream. Raises TryLater: it cannot be read back."""
        ...

    def descriptor(self) -> int:
        """A read-only file descriptor over exactly these octets from offset 0, owned by the content; for sendfile and for the examiner."""
        ...

    def close(self) -> None:
        """Give the spool back. Reading afterwards is a bug."""
        ...


class DefectName(StrEnum):
    """What was odd about a message. Policies can ask for these by name."""

    BARE_LINE_END = "bare-line-end"  # CR or LF alone, normalised to CRLF on arrival
    NUL = "nul"  # NUL octet, removed on arrival
    LONG_LINE = "long-line"  # over 998 octets, passed untouched
    NO_HEADER = "no-header"
    HEADER_TOO_LARGE = "header-too-large"
    ODD_HEADER = "odd-header"  # a line in the header section that is no field
    ODD_HEADER_END = "odd-header-end"  # a line of blanks in the header section, which some take for its end
    ODD_FIELD_NAME = "odd-field-name"  # a content field with blanks or control characters in or behind its name
    DUPLICATE_HEADER = "duplicate-header"  # Content-Type, Content-Transfer-Encoding or Content-Disposition stands twice in one part
    CONFLICTING_HEADER = "conflicting-header"  # ... and says two different things
    ODD_MEDIA_TYPE = "odd-media-type"  # a badly written Content-Type that may or may not be a multipart or a message
    ODD_ENCODING = "odd-encoding"  # an unknown or badly written Content-Transfer-Encoding
    BAD_BASE64 = "bad-base64"  # junk, padding in the middle, or odd lengths
    BAD_QUOTED_PRINTABLE = "bad-quoted-printable"  # an `=` that is no escape
    BOUNDARY_MISSING = "boundary-missing"
    BOUNDARY_UNCLOSED = "boundary-unclosed"
    ODD_BOUNDARY = "odd-boundary"  # two boundaries, an empty one, or one that is written so that readers may see another
    ODD_DELIMITER = "odd-delimiter"  # a line that some take for a delimiter and some do not
    NESTED_BOUNDARY = "nested-boundary"  # a multipart that goes on behind the end of the one around it
    PART_OUTSIDE = "part-outside"  # a part before the first delimiter or behind the last
    FILE_IN_TEXT = "file-in-text"  # uuencode, yEnc or bare base64 in the middle of words
    ODD_NAME = "odd-name"  # a file name with direction overrides, control characters, a path, or dots and blanks at its end
    NAMES_DISAGREE = "names-disagree"  # two names of one file with different endings
    MESSAGE_PARTIAL = "message-partial"  # message/partial: one piece of a message that the recipient's program puts together
    EXTERNAL_BODY = "external-body"  # message/external-body: the content stands somewhere else
    TOO_MANY_PARTS = "too-many-parts"
    TOO_DEEP = "too-deep"
    ENCODED_COMPOSITE = "encoded-composite"  # multipart/* or message/* under base64 or quoted-printable
    MIME_VERSION_MISSING = "mime-version-missing"
    READINGS_DISAGREE = "readings-disagree"  # two readers would see different files
    TOO_MANY_READINGS = "too-many-readings"


@dataclass(frozen=True, slots=True)
class Defect:
    """One oddity and where it is."""

    name: DefectName
    where: str = ""  # part id, or "" for the message as a whole


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as it arrived, not yet understood."""

    id: str  # our own short id, in every log line and Received field of this message
    listener: str  # the name of [listen.NAME]
    protocol: str  # with-protocol-type of Received: SMTP ESMTP ESMTPS ESMTPSA LMTP UTF8SMTP ...
    peer: Peer
    envelope: Envelope
    content: Content
    received_at: datetime  # aware, UTC
    deadline: float  # monotonic seconds of the event loop's clock by which an answer must have been written
    defects: tuple[Defect, ...] = ()


class Encoding(StrEnum):
    """Content-Transfer-Encoding, normalised (RFC 2045 section 6)."""

    IDENTITY = "identity"  # 7bit, 8bit, binary
    BASE64 = "base64"
    QUOTED_PRINTABLE = "quoted-printable"
    UUENCODE = "uuencode"
    UNKNOWN = "unknown"  # judged as every encoding it could be


class Role(StrEnum):
    """What a leaf part is to the person who reads the mail (FACTS 3.11)."""

    BODY = "body"  # words: a text part shown as the message, every alternative of it
    INLINE = "inline"  # an image that the HTML body refers to by cid:
    FILE = "file"  # an attachment
    AUXILIARY = "auxiliary"  # calendar, vCard, receipt, delivery report, signature: read as words, no file
    CONTAINER = "container"  # multipart/*: not a leaf


class Fixed(StrEnum):
    """Why a file cannot be taken out of its message."""

    SIGNED = "signed"  # inside of what somebody has signed: the signature would break, and we cannot make it again
    ENCRYPTED = "encrypted"
    FOREIGN = "foreign"  # inside of a container that we do not write: winmail.dat, S/MIME
    IN_WORDS = "in-words"  # it stands in the middle of the words, or is shown there
    READINGS = "readings"  # another reader sees other parts: nobody can promise what would be left for whom
    ENCODING = "encoding"  # nobody knows for certain which octets it has
    PIECE = "piece"  # the message is one piece of another, or its content stands somewhere else
    UNMEASURED = "unmeasured"  # recorded before anybody asked


@dataclass(frozen=True, slots=True)
class Span:
    """Octets from `start` up to but not including `end`, as offsets into the content."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Part:
    """One MIME entity (RFC 2045) under one reading."""

    id: str  # "1", "1.2", "1.2.1": position as IMAP counts (RFC 3501 section 6.4.5)
    parent: str | None
    header: Span  # the header section, without the empty line
    body: Span  # the body as encoded, without the line end before the delimiter
    media_type: str  # lower-case "type/subtype"; what the header says, or the default
    charset: str | None
    encoding: Encoding
    disposition: str | None  # inline | attachment | other token, lower-case
    names: tuple[str, ...]  # every candidate file name, decoded, best first; () when unnamed
    content_id: str | None  # without angle brackets
    role: Role
    protocol: str | None = None  # of multipart/signed and multipart/encrypted


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the message's own header section."""

    name: str  # as written
    value: str  # unfolded, RFC 2047 words decoded, surrounding blanks removed
    span: Span  # the whole field with its line end, as offsets


@dataclass(frozen=True, slots=True)
class Message:
    """An arrival understood: its header fields and the index of its parts. Pure data over the content."""

    fields: tuple[Field, ...]
    header: Span
    subject: str
    message_id: str | None
    parts: tuple[Part, ...]  # under the main reading, in order of position, containers first
    octets: int  # on the wire as it arrived
    defects: tuple[Defect, ...] = ()
    sent_as: str | None = None  # "microsoft-365" | "smime" | "pgp" when the whole message is already inside a protection
    # What other readers would see beside: leaves only, called "1.2~3"; `parent` is the leaf of `parts` that it shares octets with.
    otherwise: tuple[Part, ...] = ()

    @property
    def subjects(self) -> tuple[str, ...]:
        """Every Subject: of two, readers show one or the other."""
        return tuple([field.value for field in self.fields if len(field.name) == 7 and field.name.lower() == "subject"])

    def field(self, name: str) -> str | None:
        """The value of the first field called `name`, or None."""
        wanted = name.casefold()
        return next((field.value for field in self.fields if field.name.casefold() == wanted), None)


@dataclass(frozen=True, slots=True)
class Digest:
    """What a file is called and weighs, taken without understanding it."""

    part: str
    octets: int  # decoded
    sha256: str = field(default="")  # of the decoded octets, hex
    defects: tuple[DefectName, ...] = ()  # what was odd about the encoding
