"""What the corpus is made of: techniques, each of which hides one thing in one way, and innocents, which hide nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.build import Label, message
from tests.build.messages import File, Inline

SENDER = "clerk@sender.example"
OUTSIDER = "kim@elsewhere.example"

# What is hidden. Each is found wherever it is read, whatever stands around it.
MARKING = "OFFICIAL-SENSITIVE"
LINE = "RESTRICTED"  # counts as a whole line only
NHS = "485 777 3457"
PERSON = f"NHS number: {NHS}"
SECRET = f"{MARKING}\nPatient Alex Doe, {PERSON}\n"  # a marking at the start, and an identifier that counts at any place
TENANT = "00000000-0000-0000-0000-0000000000aa"  # as rules/uk-government has them
PUBLIC_LABEL, OFFICIAL_LABEL, LABEL = (
    Label(f"10000000-0000-0000-0000-00000000000{number}", name, TENANT)
    for number, name in ((1, "Public"), (2, "Official"), (3, "Sensitive"))
)

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ANY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Technique:
    """One way to hide something; `explain` must show evidence of the `kind` that stood `where`."""

    family: str
    name: str
    kind: str  # marking label detector unreadable
    where: str  # found in "names of the files around it | where | id" of the evidence, upper and lower case alike
    octets: bytes = field(repr=False)
    sealed: bool = False  # the sender has encrypted all of it: it may go as it is, by the route for that


@dataclass(frozen=True, slots=True)
class Innocent:
    """Something that must go the plain way."""

    family: str
    name: str
    octets: bytes = field(repr=False)


def mail(
    subject: str = "For your information",
    text: str = "Please see below.",
    html: str | None = None,
    files: Iterable[File] = (),
    inline: Iterable[Inline] = (),
    headers: Iterable[tuple[str, str]] = (),
) -> bytes:
    """An ordinary message to an outsider."""
    return message(SENDER, OUTSIDER, subject, text, html, files, inline, headers=headers)


def carrying(name: str, octets: bytes, media_type: str = ANY) -> bytes:
    """An ordinary message with this one file."""
    return mail(files=[(name, octets, media_type)])


def raw(text: str | bytes, *, top: bool = True) -> bytes:
    """A message as it is written here, with CRLF line ends; below the usual fields unless `top` is off."""
    octets = text.encode() if isinstance(text, str) else text
    fields = f"Date: Mon, 05 Jan 2026 09:00:00 +0000\nFrom: {SENDER}\nTo: {OUTSIDER}\nSubject: For your information\n" if top else ""
    whole = fields.encode() + octets
    return whole.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
