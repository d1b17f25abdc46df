"""What is inside what, and what stays of a message when parts are taken out of it."""

from collections.abc import Collection

import pytest

from gateway.mime.removal import removal
from gateway.mime.sizes import enclosing_files
from gateway.model.message import Message, Span
from gateway.parse import parse_buffer
from tests.mime.wire import outline, wire

NESTED = wire("""
    Content-Type: multipart/mixed; boundary=a
    MIME-Version: 1.0

    --a

    covering words
    --a
    Content-Type: application/pdf; name=one.pdf

    12345
    --a
    Content-Type: message/rfc822

    Subject: inner
    Content-Type: multipart/mixed; boundary=b

    --b

    inner words
    --b
    Content-Type: application/zip; name=two.zip

    1234567
    --b--
    --a--
    """)


def test_files_of_an_attached_message_are_inside_it() -> None:
    parsed = parse_buffer(NESTED)

    assert outline(parsed) == [
        "0 multipart/mixed container",
        "1 text/plain body",
        "2 application/pdf file",
        "3 message/rfc822 file",
        "3.0 multipart/mixed container",
        "3.1 text/plain body",
        "3.2 application/zip file",
    ]
    assert enclosing_files(parsed) == {"0": None, "1": None, "2": None, "3": None, "3.0": "3", "3.1": "3", "3.2": "3"}


@pytest.mark.parametrize("removed", [{"1"}, {"2"}, {"3"}, {"1", "2"}, {"2", "3"}, {"1", "3"}, {"3.1"}, {"3.2"}, {"3", "3.2"}, set()])
def test_what_is_removed_is_gone_and_nothing_else(removed: set[str]) -> None:
    before = parse_buffer(NESTED)
    spans = removal(before, removed)
    after = parse_buffer(_without(NESTED, spans))

    gone = {part.id for part in before.parts if any(part.id == one or part.id.startswith(f"{one}.") for one in removed)}
    assert _leaves(_without(NESTED, spans), after) == _leaves(NESTED, before, gone)
    assert after.defects == before.defects


def test_a_multipart_that_loses_everything_stays_well_formed() -> None:
    spans = removal(parse_buffer(NESTED), {"1", "2", "3"})
    after = parse_buffer(_without(NESTED, spans))

    assert outline(after) == ["0 multipart/mixed container", "1 text/plain body"]
    assert len(after.parts[1].body) == 0


def test_a_multipart_in_another_goes_with_the_last_of_its_members() -> None:
    octets = wire("""
        Content-Type: multipart/mixed; boundary=a
        MIME-Version: 1.0

        --a

        words
        --a
        Content-Type: multipart/mixed; boundary=b

        --b
        Content-Type: application/pdf; name=one.pdf

        12345
        --b
        Content-Type: application/pdf; name=two.pdf

        12345
        --b--
        --a--
        """)
    before = parse_buffer(octets)

    assert outline(before)[2:] == ["2 multipart/mixed container", "2.1 application/pdf file", "2.2 application/pdf file"]
    assert outline(parse_buffer(_without(octets, removal(before, {"2.1"}))))[2:] == outline(before)[2:4]
    assert outline(parse_buffer(_without(octets, removal(before, {"2.1", "2.2"})))) == outline(before)[:2]


def test_a_message_of_one_part_loses_its_body() -> None:
    parsed = parse_buffer(b"Subject: x\r\n\r\nbody\r\n")

    assert removal(parsed, {"1"}) == (Span(14, 20),)


def _leaves(octets: bytes, message: Message, gone: Collection[str] = ()) -> list[bytes]:
    """The octets of everything that holds no other part."""
    holders = {part.parent for part in message.parts}
    return [octets[part.body.start : part.body.end] for part in message.parts if part.id not in holders and part.id not in gone]


def _without(octets: bytes, spans: tuple[Span, ...]) -> bytes:
    for span in reversed(spans):
        octets = octets[: span.start] + octets[span.end :]
    return octets
