"""Who owns a message (DESIGN section 6), seen from outside: what a client hears, and how many copies there are.

Each story runs with one SMTP process and with two, on SQLite and on PostgreSQL.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.client import Client
from tests.journey.site import Site, below_received, note, site
from tests.peers import free_port, needs_root, wait_until
from tests.peers.hop import Do, Peer
from tests.peers.postfix import postfix

pytestmark = pytest.mark.peer

LISTENERS = {
    "smtp": {},
    "lmtp": {"protocol": "lmtp"},
    "smtp-hasty": {"deadline": "1s"},
    "lmtp-hasty": {"protocol": "lmtp", "deadline": "1s"},
    "smtp-at-once": {"partial_patience": "0s"},
    "smtp-patient": {"partial_patience": "2s"},
}
BOTH = pytest.mark.parametrize("listener", ["smtp", "lmtp"])


@pytest.fixture(scope="module", params=["one process, SQLite", "two processes, SQLite", "two processes, PostgreSQL"])
def running(request: pytest.FixtureRequest) -> Iterator[Site]:
    database = request.getfixturevalue("postgres").new_database() if "PostgreSQL" in request.param else "sqlite:///var/outgate.db"
    with site(listeners=LISTENERS, database=database, processes={"smtp": 1 if "one" in request.param else 2}) as running:
        yield running


def people(sender: str, count: int) -> list[str]:
    name = sender.partition("@")[0]
    return [f"{name}-{number}@elsewhere.example" for number in range(count)]


def copies(peer: Peer, sender: str) -> Counter[str]:
    """How many times each recipient has the message."""
    return Counter(recipient for taken in peer.taken_from(sender) for recipient in taken.recipients)


def codes(answers: list[str]) -> list[str]:
    return [answer[:3] for answer in answers]


# --- the same again -----------------------------------------------------------------------------------------------------


@BOTH
def test_identical_mail_sent_twice_arrives_twice(running: Site, sender: str, listener: str) -> None:
    to = people(sender, 2)
    octets = note(sender, to)
    with running.hop() as peer:
        for _ in range(2):
            assert set(codes(running.send(sender, to, octets, listener=listener))) == {"250"}

        assert copies(peer, sender) == dict.fromkeys(to, 2)
        assert {below_received(taken.octets) for taken in peer.taken_from(sender)} == {octets}


@BOTH
def test_identical_mail_sent_twice_on_one_connection_arrives_twice(running: Site, sender: str, listener: str) -> None:
    (to,) = people(sender, 1)
    octets = note(sender, [to])
    with running.hop() as peer, Client(running.gateway.ports[listener], lmtp=listener == "lmtp") as client:
        client.hello()
        for _ in range(3):
            client.envelope(sender, [to])
            client.content(octets)
            assert codes(client.answers()) == ["250"]

        assert copies(peer, sender) == {to: 3}


@BOTH
def test_a_client_that_closes_in_order_after_our_answer_has_heard_it(running: Site, sender: str, listener: str) -> None:
    (to,) = people(sender, 1)
    with running.hop() as peer:
        with _upload(running, listener, sender, [to]) as client:
            assert codes(client.answers()) == ["250"]
        assert codes(running.send(sender, [to], note(sender, [to]), listener=listener)) == ["250"]

        assert copies(peer, sender) == {to: 2}


@BOTH
def test_the_same_message_id_with_another_body_arrives(running: Site, sender: str, listener: str) -> None:
    (to,) = people(sender, 1)
    first, second = (note(sender, [to], text=text, message_id=f"same@{sender}") for text in ("One.", "Two."))
    with running.hop() as peer:
        _lose_the_answer(running, listener, sender, [to], first)
        assert codes(running.send(sender, [to], second, listener=listener)) == ["250"]

        assert [below_received(taken.octets) for taken in peer.taken_from(sender)] == [first, second]


# --- a retry ------------------------------------------------------------------------------------------------------------


@BOTH
def test_a_retry_after_a_lost_answer_does_not_duplicate(running: Site, sender: str, listener: str) -> None:
    to = people(sender, 2)
    octets = note(sender, to)
    with running.hop() as peer:
        _lose_the_answer(running, listener, sender, to, octets)
        assert copies(peer, sender) == dict.fromkeys(to, 1)

        assert set(codes(running.send(sender, to, octets, listener=listener))) == {"250"}
        assert copies(peer, sender) == dict.fromkeys(to, 1)

        # That answer was heard: from now on the same mail is new mail.
        assert set(codes(running.send(sender, to, octets, listener=listener))) == {"250"}
        assert copies(peer, sender) == dict.fromkeys(to, 2)


def test_many_lost_answers_do_not_duplicate(running: Site, sender: str) -> None:
    to = people(sender, 1)
    octets = note(sender, to)
    with running.hop() as peer:
        for _ in range(5):  # by whichever process takes the connection
            _lose_the_answer(running, "smtp", sender, to, octets)

        assert codes(running.send(sender, to, octets)) == ["250"]
        assert copies(peer, sender) == dict.fromkeys(to, 1)


@BOTH
def test_a_client_that_closed_its_side_before_the_answer_may_not_have_heard(running: Site, sender: str, listener: str) -> None:
    (to,) = people(sender, 1)
    with running.hop(script={"dot": (Do.WAIT, "250 2.0.0 taken")}) as peer:
        with _upload(running, listener, sender, [to]):
            peer.wait_for("dot")
        peer.go()

        _retry(running, sender, [to], note(sender, [to]), listener)
        assert copies(peer, sender) == {to: 1}


@BOTH
def test_without_a_message_id_nothing_is_ever_skipped(running: Site, sender: str, listener: str) -> None:
    (to,) = people(sender, 1)
    octets = re.sub(rb"(?m)^Message-ID:.*\r\n", b"", note(sender, [to]))
    with running.hop() as peer:
        _lose_the_answer(running, listener, sender, [to], octets)
        assert codes(running.send(sender, [to], octets, listener=listener)) == ["250"]

        assert copies(peer, sender) == {to: 2}


def test_a_retry_does_only_the_rest(running: Site, sender: str) -> None:
    one, other = people(sender, 2)
    octets = note(sender, [one, other])
    with running.hop(script={f"rcpt {other}": ("450 4.2.1 later", "250 2.1.5 ok")}) as peer:
        assert codes(running.send(sender, [one, other], octets)) == ["450"]
        assert copies(peer, sender) == {one: 1}

        assert codes(running.send(sender, [one, other], octets)) == ["250"]
        assert copies(peer, sender) == {one: 1, other: 1}


# --- a slow hop ---------------------------------------------------------------------------------------------------------


@BOTH
def test_the_client_leaves_before_a_slow_hop_answers_and_there_is_one_copy(running: Site, sender: str, listener: str) -> None:
    to = people(sender, 2)
    octets = note(sender, to)
    with running.hop(script={"dot": (Do.WAIT, "250 2.0.0 taken")}) as peer:
        with _upload(running, listener, sender, to, octets) as client:
            peer.wait_for("dot")
            client.reset()
        # The first attempt keeps its lock: nothing is begun that might duplicate.
        assert set(codes(running.send(sender, to, octets, listener=listener))) == {"451"}
        peer.go()

        _retry(running, sender, to, octets, listener)
        assert copies(peer, sender) == dict.fromkeys(to, 1)


@pytest.mark.parametrize("listener", ["smtp-hasty", "lmtp-hasty"])
def test_past_the_deadline_the_hand_over_goes_on_and_the_retry_finds_it_done(running: Site, sender: str, listener: str) -> None:
    to = people(sender, 2)
    octets = note(sender, to)
    with running.hop(script={"dot": (Do.WAIT, "250 2.0.0 taken")}) as peer:
        answers = running.send(sender, to, octets, listener=listener)
        assert {answer[:9] for answer in answers} == {"451 4.4.7"}
        assert set(codes(running.send(sender, to, octets, listener=listener))) == {"451"}
        peer.go()

        _retry(running, sender, to, octets, listener)
        assert copies(peer, sender) == dict.fromkeys(to, 1)


def test_an_overlapping_retry_is_put_off_only_where_it_overlaps(running: Site, sender: str) -> None:
    one, two, three = people(sender, 3)
    octets = note(sender, [one, two, three])
    slow = running.hop(script={"dot": (Do.WAIT, "250 2.0.0 taken")})
    with slow as peer, _upload(running, "lmtp", sender, [one, two], octets) as client:
        peer.wait_for("dot")

        assert codes(running.send(sender, [two, three], octets, listener="lmtp")) == ["451", "250"]

        peer.go()
        assert codes(client.answers()) == ["250", "250"]
        assert copies(peer, sender) == {one: 1, two: 1, three: 1}


# --- patience -----------------------------------------------------------------------------------------------------------


def test_without_patience_the_rest_goes_to_our_own_queue_at_once(running: Site, sender: str) -> None:
    one, other = people(sender, 2)
    octets = note(sender, [one, other])
    with running.hop(script={f"rcpt {other}": ("450 4.2.1 later", "250 2.1.5 ok")}) as peer:
        assert codes(running.send(sender, [one, other], octets, listener="smtp-at-once")) == ["250"]
        peer.wait(lambda peer: len(peer.taken_from(sender)) == 2)

        assert copies(peer, sender) == {one: 1, other: 1}
        assert [below_received(taken.octets) for taken in peer.taken_from(sender)] == [octets, octets]
    assert running.told(sender) == []


def test_past_its_patience_the_upstream_hears_yes_and_nobody_is_told_that_delivered_mail_failed(running: Site, sender: str) -> None:
    one, other = people(sender, 2)
    octets = note(sender, [one, other])
    heard: list[str] = []

    def is_taken() -> bool:
        heard.extend(codes(running.send(sender, [one, other], octets, listener="smtp-patient")))
        return heard[-1] == "250"

    with running.hop(script={f"rcpt {other}": "450 4.2.1 later"}) as peer:
        wait_until(is_taken, "the upstream hears 250")
        assert heard[0] == "450"
        assert copies(peer, sender) == {one: 1}
    assert running.told(sender) == []


def test_when_all_are_deferred_the_mail_waits_upstream_however_long(running: Site, sender: str) -> None:
    to = people(sender, 2)
    with running.hop(script={"rcpt": "450 4.2.1 later"}):
        assert codes(running.send(sender, to, note(sender, to), listener="smtp-at-once")) == ["450"]
    assert running.told(sender) == []


# --- a real upstream ----------------------------------------------------------------------------------------------------


@needs_root
@pytest.mark.parametrize("position", ["lmtp-filter", "smtp-filter"])
def test_sixty_recipients_split_by_postfix_are_not_delayed_and_nobody_has_it_twice(running: Site, sender: str, position: str) -> None:
    to = people(sender, 60)
    port = running.gateway.ports[position.partition("-")[0]]
    settings = {"default_destination_recipient_limit": "50"}
    with (
        running.hop(script={"dot": Do.WAIT}) as peer,
        postfix(position=position, gateway_port=port, relayhost=free_port(), settings=settings) as server,
    ):
        assert server.send(sender, to, note(sender, to)) == {}
        # Both halves are at the hop at the same time: neither was put off because of the other.
        peer.wait(lambda peer: len(peer.taken_from(sender)) == 2)
        peer.go()
        server.wait_empty()

        assert sorted(len(taken.recipients) for taken in peer.taken_from(sender)) == [10, 50]
        assert copies(peer, sender) == dict.fromkeys(to, 1)
        assert "status=deferred" not in server.log()
        assert server.log().count("status=sent") == 60


# --- small things -------------------------------------------------------------------------------------------------------


def _upload(running: Site, listener: str, sender: str, to: list[str], octets: bytes | None = None) -> Client:
    """A client that has sent its final dot."""
    client = Client(running.gateway.ports[listener], lmtp=listener.startswith("lmtp"))
    client.hello()
    assert set(codes(client.envelope(sender, to))) == {"250"}
    client.content(octets or note(sender, to))
    return client


def _lose_the_answer(running: Site, listener: str, sender: str, to: list[str], octets: bytes) -> None:
    """The answer is on its way, and the connection dies before the client has read it."""
    with _upload(running, listener, sender, to, octets) as client:
        client.wait_answered()
        client.reset()
    wait_until(lambda: not _is_connected(running, listener), "the gateway has seen the connection die")


def _is_connected(running: Site, listener: str) -> bool:
    """Whether anybody is connected to the listener, by the kernel's own table (proc(5): 01 is ESTABLISHED)."""
    port = f":{running.gateway.ports[listener]:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()]
    return any(row[1].endswith(port) and row[3] in {"01", "08"} for row in rows)


def _retry(running: Site, sender: str, to: list[str], octets: bytes, listener: str) -> None:
    """As the upstream's queue does: until it is taken."""
    wait_until(lambda: set(codes(running.send(sender, to, octets, listener=listener))) == {"250"}, "the retry is answered 250")
