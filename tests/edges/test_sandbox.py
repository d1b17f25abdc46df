"""Documents that do their worst, one after another, in one and the same sandbox: each gets its result, and the sandbox goes on."""

import asyncio
import base64
import hashlib
from dataclasses import replace

import pytest
import uvloop

from gateway.edges.sandbox import POISON, Poison
from gateway.errors import TryLater
from gateway.model.finding import Pattern, Patterns, Place, Readable
from gateway.model.message import Encoding
from gateway.model.reading import Kind
from tests.edges.sandboxed import PATIENCE, Spooled, bench, parts

OFFICE = b"PK\x03\x04 [Content_Types].xml"


@pytest.fixture(scope="module", params=[None, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def at(request):
    with bench(loop_factory=request.param) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("deed", "readable", "why"),
    [
        (b"segfault", Readable.CRASHED, "crashed"),
        (b"abort", Readable.CRASHED, "crashed"),
        (b"raise", Readable.CRASHED, "exception"),
        (b"socket", Readable.CRASHED, "crashed"),
        (b"open /etc/passwd", Readable.CRASHED, "exception"),
        (b"list /", Readable.CRASHED, "exception"),
        (b"fork", Readable.CRASHED, "exception"),
        (b"thread", Readable.CRASHED, "exception"),
        (b"exec", Readable.CRASHED, "crashed"),
        (b"run", Readable.CRASHED, "exception"),
        (b"kill", Readable.CRASHED, "crashed"),
        (b"garbage", Readable.CRASHED, "garbage"),
        (b"oversize", Readable.CRASHED, "garbage"),
        (b"lie {}", Readable.CRASHED, "garbage"),
        (b"lie [", Readable.CRASHED, "garbage"),
        (b'lie {"part":"2","found":[]}', Readable.CRASHED, "garbage"),
        (b"loop", Readable.OVER_BUDGET, "over-budget"),
        (b"allocate", Readable.OVER_BUDGET, "over-budget"),
    ],
)
@pytest.mark.parametrize("head", [b"", b"%PDF-"], ids=["reusable", "one-shot"])
def test_a_hostile_document_harms_itself_alone(at, head, deed, readable, why):
    at.killed.clear()

    (found,) = at.read(head + deed)
    (after,) = at.read(b"hello")

    assert found.readable is readable
    assert (found.id, found.inside, found.octets) == ("1", None, len(head + deed))
    assert {killed.why for killed in at.killed} == {why}
    assert after.readable is Readable.YES


def test_no_file_can_be_written(at, tmp_path):
    tmp_path.chmod(0o777)

    (found,) = at.read(b"write %b" % bytes(tmp_path / "new"))

    assert found.readable is Readable.CRASHED
    assert not (tmp_path / "new").exists()


def test_more_findings_than_a_reply_may_hold_are_over_budget(at):
    (found,) = at.read(b"much")

    assert found.readable is Readable.OVER_BUDGET
    assert found.sha256 == hashlib.sha256(b"much").hexdigest()


def test_only_the_part_that_crashes_is_lost(at):
    found = at.read(b"one", b"segfault", b"two", b"%PDF-three", b"%PDF-abort", b"four")

    assert [(file.id, file.readable.value) for file in found] == [
        ("1", "yes"),
        ("2", "crashed"),
        ("3", "yes"),
        ("4", "yes"),
        ("5", "crashed"),
        ("6", "yes"),
    ]


def test_a_part_that_suffers_from_an_earlier_one_is_read_by_a_fresh_child(at):
    found = at.read(b"booby", b"innocent")

    assert [file.readable for file in found] == [Readable.YES, Readable.YES]


def test_a_child_that_goes_on_talking_is_killed_before_it_can_answer_for_another_message(at):
    at.killed.clear()
    at.read(b"chatter")

    at.runner.run(at.until(lambda: at.killed))

    assert [killed.why for killed in at.killed] == ["garbage"]


def test_members_stand_beside_their_outer_file(at):
    outer, inner = at.read(b"member")

    assert (outer.id, inner.id, inner.inside) == ("1", "1/1", "1")


def test_what_the_gateway_knew_is_not_the_childs_to_change(at):
    (found,) = at.read(b"odd", names=("a.txt",), declared_type="text/csv")

    assert (found.names, found.declared_type) == (("a.txt",), "text/csv")


def test_a_child_that_met_something_odd_is_not_used_again(at):
    (odd,) = at.read(b"odd")
    after = {at.who(b"hello")[0] for _ in range(8)}

    assert int(odd.detected_type.removeprefix("text/")) not in after


@pytest.mark.parametrize("encoding", [Encoding.BASE64, Encoding.QUOTED_PRINTABLE, Encoding.IDENTITY])
def test_parts_are_decoded_by_the_child(at, encoding):
    plain = b"hello = " + bytes(range(32, 127)) * 5000
    wire = {
        Encoding.BASE64: base64.encodebytes(plain).replace(b"\n", b"\r\n"),
        Encoding.QUOTED_PRINTABLE: plain.replace(b"=", b"=3D"),
        Encoding.IDENTITY: plain,
    }[encoding]

    (found,) = at.read(wire, encoding=encoding)

    assert (found.octets, found.sha256) == (len(plain), hashlib.sha256(plain).hexdigest())


def test_an_empty_content_is_read(at):
    (found,) = at.read(b"")

    assert (found.readable, found.octets) == (Readable.YES, 0)


@pytest.mark.slow
def test_a_thousand_parts_with_long_names_fit_in_one_job(at):
    found = at.read(*([b"hello"] * 1000), names=("n" * 1000,))

    assert [file.id for file in found] == [str(number) for number in range(1, 1001)]


def test_patterns_reach_the_reader(at):
    patterns = Patterns((Pattern("marking-1", "SECRET", frozenset({Place.TEXT}), whole_line=True),), frozenset({"iban"}))

    (found,) = at.read(b"this is SECRET", patterns=patterns)

    assert [evidence.id for evidence in found.evidence] == ["said", "marking-1"]


def test_pdf_and_archives_get_a_child_of_their_own_each(at):
    pids = {at.who(head + b"x", names=names)[0] for head in (b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0") for names in ((), ("a.zip",))}

    assert len(pids) == 6


@pytest.mark.parametrize("body", [b"PK\x03\x04 no content types", b"x" * 500 + b"%PDF-1.7"], ids=["zip", "pdf"])
def test_a_file_that_only_says_it_is_a_document_is_passed_on_unread(at, body):
    pids = {at.who(body + b"%d" % number, names=("a.docx",))[0] for number in range(4)}  # what is familiar would be remembered

    assert len(pids) == 4


def test_office_documents_share_children(at):
    pids = {at.who(OFFICE, names=("a.docx",))[0] for _ in range(8)}

    assert len(pids) < 4


@pytest.mark.slow
def test_fifty_reads_at_once_finish(at):
    async def all_at_once():
        return await asyncio.gather(*(at.reading(b"hello %d" % number, b"%%PDF-%d" % number) for number in range(50)))

    found = at.runner.run(all_at_once())

    assert [len(files) for files in found] == [2] * 50
    assert all(file.readable is Readable.YES for files in found for file in files)


def test_what_was_found_in_the_same_content_is_remembered(at):
    patterns = Patterns(detectors=frozenset({"nino"}))
    known = {"sha256": hashlib.sha256(b"member").hexdigest()}

    first = at.read(b"member", patterns=patterns, **known)
    at.read(b"odd")
    again = at.read(b"x", b"member", patterns=patterns, **known)  # here it is part 2; part 1 has the same sum by our word

    assert again[:2] == first
    assert [(file.id, file.inside) for file in again[2:]] == [("2", None), ("2/1", "2")]


def test_another_name_or_pattern_is_another_question(at):
    known = {"sha256": hashlib.sha256(b"hello").hexdigest()}
    first = at.read(b"hello", **known)

    assert at.read(b"hello", **known) == first
    assert at.read(b"hello", names=("b.txt",), **known) != first
    assert at.read(b"hello", patterns=Patterns(detectors=frozenset({"iban"})), **known) != first


@pytest.mark.slow
def test_over_budget_is_not_remembered_and_no_poison(at):
    known = {"sha256": hashlib.sha256(b"allocate").hexdigest()}
    at.killed.clear()

    for _ in range(4):
        (found,) = at.read(b"allocate", **known)

        assert (found.readable, found.oddities) == (Readable.OVER_BUDGET, ())
    assert len(at.killed) == 4


def test_a_budget_that_the_reader_kept_itself_is_not_remembered_either(at):
    known = {"sha256": hashlib.sha256(b"spent").hexdigest()}

    found = [at.read(b"spent", **known)[0] for _ in range(2)]

    assert {file.readable for file in found} == {Readable.OVER_BUDGET}
    assert found[0].detected_type != found[1].detected_type


def test_three_crashes_of_one_content_and_it_is_not_read_again(at):
    known = {"sha256": hashlib.sha256(b"segfault thrice").hexdigest()}
    for _ in range(3):
        (found,) = at.read(b"segfault thrice", **known)
        assert (found.readable, found.oddities) == (Readable.CRASHED, ())
    at.killed.clear()

    (found,) = at.read(b"segfault thrice", **known)

    assert (found.readable, found.oddities) == (Readable.CRASHED, (POISON,))
    assert not at.killed


def test_poison_forgets_the_longest_unseen():
    poison = Poison(room=2)
    for identity in (b"a", b"b", b"a", b"c", b"a"):
        poison.crashed(identity)

    assert [poison.crashes(identity) for identity in (b"a", b"b", b"c")] == [3, 0, 1]
    assert [poison.is_poison(identity) for identity in (b"a", b"c")] == [True, False]


def test_a_reader_that_is_given_up_is_killed(at):
    at.killed.clear()

    async def give_up():
        reading = asyncio.ensure_future(at.reading(b"sleep"))
        await _has_begun(at)
        reading.cancel()
        await asyncio.wait([reading])

    at.runner.run(give_up())

    assert [killed.why for killed in at.killed] == ["cancelled"]


async def _has_begun(at):
    """A child has the document: there may be none at once, where others have just died."""
    while not at.sandbox.pool._shelves[Kind.REUSABLE].busy:  # noqa: ASYNC110 - nobody tells of it
        await asyncio.sleep(0.005)


def test_ranges_are_honoured(at):
    part = replace(parts(b"0123456789")[0], start=3, end=6)

    async def read():
        content = Spooled(b"0123456789")
        try:
            return await at.sandbox.read(content, (part,), Patterns())
        finally:
            content.close()

    (found,) = at.runner.run(read())

    assert found.sha256 == hashlib.sha256(b"345").hexdigest()


def test_the_wall_clock_ends_in_try_later():
    with bench(workers=1) as at:
        at.read(b"warm")
        at.sandbox._wall_seconds = 0.2

        with pytest.raises(TryLater, match="wall clock"):
            at.read(b"sleep")

        at.sandbox._wall_seconds = PATIENCE
        assert [killed.why for killed in at.killed] == ["wall-clock"]
        assert at.read(b"hello")[0].readable is Readable.YES


def test_no_free_child_ends_in_try_later():
    with bench(workers=1) as at:
        at.read(b"warm")

        async def second():
            first = asyncio.ensure_future(at.reading(b"sleep"))
            await _has_begun(at)
            at.sandbox._wall_seconds = 0.2
            with pytest.raises(TryLater, match="no child of the sandbox became free in time"):
                await at.reading(b"hello")
            first.cancel()
            await asyncio.wait([first])

        at.runner.run(second())

        assert [killed.why for killed in at.killed] == ["cancelled"]
