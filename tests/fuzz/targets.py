"""What is fuzzed, what must hold, and where it starts from."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gateway.content.reader import read
from gateway.content.reading import Budget
from gateway.listen.intake import Dotted
from gateway.listen.lines import Lines
from gateway.mime.block import Block, Kind, Row
from gateway.mime.decode import decode
from gateway.mime.replace import edit_of, may_take
from gateway.mime.sizes import enclosing_files
from gateway.model.finding import FileFinding, Pattern, Patterns, Place
from gateway.model.message import Message, Role
from gateway.model.outcome import Splice
from gateway.model.reading import read_findings, write_finding
from gateway.parse import parse_buffer
from tests.wire.test_intake import Kept, intake, reference

_PATTERNS = Patterns((Pattern("secret", "OFFICIAL-SENSITIVE", frozenset(Place)),), frozenset({"nhs-number", "card"}))


@dataclass(frozen=True, slots=True)
class Target:
    """`check` raises when something is wrong; `seeds` are where mutation starts; `modules` are watched for coverage."""

    check: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]
    modules: tuple[str, ...]
    most_octets: int = 65_536


# --- the MIME reader ------------------------------------------------------------------------------------------------------


def check_mime(octets: bytes) -> None:
    """Any octets with line ends as listen leaves them are a message whose parts lie in it, in an order in which parents come first."""
    lines = Lines()
    content = lines.feed(octets) + lines.end()
    message = parse_buffer(content)

    assert message.octets == len(content)
    assert message.parts
    known: set[str] = set()
    for part in message.parts:
        assert part.id not in known
        assert part.parent is None or part.parent in known
        assert 0 <= part.header.start <= part.header.end <= len(content)
        assert 0 <= part.body.start <= part.body.end <= len(content)
        known.add(part.id)
        if part.role is not Role.CONTAINER:
            assert sum(len(piece) for piece in decode(content, part.body, part.encoding)) <= 3 * len(content) + 16
    assert parse_buffer(content) == message


def mime_seeds() -> Iterator[bytes]:
    from tests.corpus.families import encodings, names, structure

    for family in (structure, encodings, names):
        yield from (technique.octets for technique in family.techniques())


# --- the splicer ----------------------------------------------------------------------------------------------------------

_WORDS = Block("en", ((Row(Kind.HEADING, "Files by link"),), (Row(Kind.LINK, "Open", "https://share.own.example/#token"),)))


def check_editing(octets: bytes) -> None:
    """Whatever a message is: where its files may be taken, the rest has the same parts, and one part or two more; never an exception."""
    lines = Lines()
    content = lines.feed(octets) + lines.end()
    message = parse_buffer(content)
    files = [part.id for part in message.parts if may_take(message, [part.id])]
    for taken in (files, files[:1]):
        edit = edit_of(content, message, taken) if taken else None
        if edit is None:
            continue
        splices = edit.splices((_WORDS,))
        assert splices is not None
        places = [place for splice in splices for place in (splice.start, splice.end)]
        assert places == sorted(places)
        edited = b"".join(_spliced(content, splices))
        before, after = _leaves(message), _leaves(parse_buffer(edited))
        assert b"https://share.own.example/" in edited or edit.gaps
        assert len(after) - (len(before) - len(taken)) in {0, 2}, (before, after)


def editing_seeds() -> Iterator[bytes]:
    from tests.mime.test_removal import NESTED
    from tests.mime.test_replace import FILE, mail, text, within

    yield from mime_seeds()
    yield from (NESTED, mail(FILE), mail(text(b"Hi"), within(b"c", FILE)), mail(text(b"Hi"), within(b"c", FILE), kind=b"alternative"))
    yield mail(FILE, within(b"c", within(b"d", FILE, kind=b"alternative"), FILE, text(b"Hi")), text(b"Bye", kind=b"html"))


def _leaves(message: Message) -> list[str]:
    inside = enclosing_files(message)
    return [part.media_type for part in message.parts if part.role is not Role.CONTAINER and inside[part.id] is None]


def _spliced(octets: bytes, splices: tuple[Splice, ...]) -> Iterator[bytes]:
    at = 0
    for start, end, instead in (*splices, Splice(len(octets), len(octets))):
        yield octets[at:start] + instead
        at = end


# --- the DATA reader --------------------------------------------------------------------------------------------------------


def check_data(octets: bytes) -> None:
    """However the wire is cut into pieces, the content and what follows it are what RFC 5321 says, read octet by octet."""
    dice = random.Random(octets[:4])
    writer = Kept()
    taken, rest, at = intake(writer), None, 0
    reader = Dotted(taken)
    while at < len(octets) and rest is None:
        size = dice.choice((1, 1, 2, 3, 7, 4096, len(octets)))
        rest = reader.feed(octets[at : at + size])
        at += size
    expected = reference(octets)
    if expected is None:
        assert rest is None
        return
    assert rest is not None
    content = taken.finish()
    if taken.fault is None:
        assert (content, rest + octets[at:]) == expected


def data_seeds() -> Iterator[bytes]:
    yield from (
        b".\r\n",
        b"\r\n.\r\n",
        b"a\r\n.\r\nMAIL",
        b"a\n.\r\n",
        b"a\r\n.\n.\r\n",
        b"..\r\n.\r\n",
        b"a\r\r\n\0.\r\n.\r\n",
        b"x" * 999 + b"\r\n.\r\n",
    )
    yield (b"QUJD" * 19 + b"\r\n") * 200 + b".\r\nQUIT\r\n"


# --- files ------------------------------------------------------------------------------------------------------------------


def _look(octets: bytes, name: str, declared: str) -> None:
    """A file is findings, never an exception: itself first, members after what they are in, and all of it fit to be sent."""
    found = read(
        octets,
        id="2",
        names=(name,),
        declared_type=declared,
        charset=None,
        is_words=False,
        patterns=_PATTERNS,
        budget=Budget(octets=32 << 20, entries=200, seconds=20),
    )
    assert found[0].id == "2"
    assert found[0].octets == len(octets)
    assert read_findings([write_finding(one) for one in found], "2") == tuple(map(_as_sent, found))


def _as_sent(finding: FileFinding) -> FileFinding:
    """Alone: texts are cut and cleaned on the way."""
    alone = read_findings([write_finding(replace(finding, inside=None))], finding.id)[0]
    return replace(alone, inside=finding.inside)


def check_tnef(octets: bytes) -> None:
    _look(octets, "winmail.dat", "application/ms-tnef")


def tnef_seeds() -> Iterator[bytes]:
    from tests.build import zip_of
    from tests.build.tnef import tnef

    yield tnef({}, body="NHS number: 485 777 3457")
    yield tnef({"list.txt": b"OFFICIAL-SENSITIVE", "a.zip": zip_of({"a": b"b"})}, body="x", properties={0x1009: b"rtf"})
    yield tnef({"winmail.dat": tnef({"a.txt": b"a"})})


_NAMES = ("a.bin", "a.zip", "a.7z", "a.tar.gz", "a.doc", "a.msg", "a.pdf", "a.docx", "a.xlsx", "a.rtf", "a.eml", "a.cab", "a.ics", "a.html")


def check_containers(octets: bytes) -> None:
    """The first octet chooses the name."""
    if octets:
        _look(octets[1:], _NAMES[octets[0] % len(_NAMES)], "application/octet-stream")


def container_seeds() -> Iterator[bytes]:
    from tests.corpus.damage import samples

    for name, octets in samples().items():
        number = next((at for at, known in enumerate(_NAMES) if name.endswith(known[1:])), 0)
        yield bytes((number,)) + octets


TARGETS = {
    "mime": Target(check_mime, mime_seeds, ("gateway.mime", "gateway.parse")),
    "editing": Target(check_editing, editing_seeds, ("gateway.parse", "gateway.mime")),
    "data": Target(check_data, data_seeds, ("gateway.listen.intake", "gateway.listen.lines"), 4096),
    "tnef": Target(check_tnef, tnef_seeds, ("gateway.content.tnef",)),
    "containers": Target(check_containers, container_seeds, ("gateway.content",)),
}
