"""Whatever a next hop does, each recipient has exactly one outcome: in the reply, at the hop, and in the sender's mailbox."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.journey.site import OWN, Site, note, restricted, site
from tests.peers import wait_until
from tests.peers.hop import Action, Do, Peer

pytestmark = pytest.mark.peer

# What the hop makes of a recipient. IN_DOUBT: it has the message, and nobody knows.
DELIVERED, DEFERRED, REFUSED, IN_DOUBT = "delivered", "deferred", "refused", "in doubt"
HASTY = {"connect_timeout": "2s", "reply_timeout": "2s", "data_timeout": "2s"}
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    """Mail to outsiders goes to a hop by SMTP, mail to colleagues to one by LMTP."""
    with site(settings={"mailboxes": {"protocol": "lmtp"}}) as running:
        yield running


@pytest.fixture(scope="module")
def hasty() -> Iterator[Site]:
    """The same, but it does not wait long. For hops that hang alone: on a busy machine one that is well may take as long."""
    with site(settings={"internet": HASTY, "mailboxes": {"protocol": "lmtp", **HASTY}, "encrypted": HASTY}) as running:
        yield running


@dataclass(frozen=True)
class Row:
    """A script in which A, B and C stand for recipients, and what the hop makes of each."""

    name: str
    script: dict[str, Action]
    expect: tuple[str, ...]

    def __str__(self) -> str:
        return self.name

    def hangs(self) -> bool:
        return not {Do.HANG, Do.KEEP_AND_HANG}.isdisjoint(self.script.values())


def _both(what: str) -> tuple[str, str]:
    return what, what


NO, LATER = "550 5.7.1 no", "451 4.7.1 later"
BEFORE = ("connect", "ehlo")  # about the session: no message is to blame
ENVELOPE = ("mail", "rcpt", "data")
ROWS = [
    Row("all is well", {}, _both(DELIVERED)),
    *(Row(f"it refuses at {stage}", {stage: NO, "helo": NO}, _both(DEFERRED)) for stage in BEFORE),
    *(Row(f"it refuses at {stage}", {stage: NO}, _both(REFUSED)) for stage in (*ENVELOPE, "dot")),
    *(Row(f"it defers at {stage}", {stage: LATER, "helo": LATER}, _both(DEFERRED)) for stage in (*BEFORE, *ENVELOPE, "dot")),
    *(Row(f"it hangs at {stage}", {stage: Do.HANG}, _both(DEFERRED)) for stage in (*BEFORE, *ENVELOPE, "dot")),
    *(Row(f"it drops at {stage}", {stage: Do.DROP}, _both(DEFERRED)) for stage in (*BEFORE, *ENVELOPE, "content", "dot")),
    *(Row(f"it half-closes at {stage}", {stage: Do.HALF_CLOSE}, _both(DEFERRED)) for stage in (*BEFORE, *ENVELOPE, "content", "dot")),
    *(Row(f"it resets at {stage}", {stage: Do.RESET}, _both(DEFERRED)) for stage in ("rcpt", "content", "dot")),
    Row("it accepts one, refuses the other", {"rcpt B": NO}, (DELIVERED, REFUSED)),
    Row("it accepts one, defers the other", {"rcpt A": LATER}, (DEFERRED, DELIVERED)),
    Row("it refuses one, defers the other", {"rcpt A": NO, "rcpt B": LATER}, (REFUSED, DEFERRED)),
    Row("one of each", {"rcpt B": NO, "rcpt C": LATER}, (DELIVERED, REFUSED, DEFERRED)),
]
ROWS_SMTP = [Row("it takes the message and hangs", {"dot": Do.KEEP_AND_HANG}, _both(IN_DOUBT))]
ROWS_SMTP += [Row("it refuses in the middle of the content", {"content": "554 5.6.0 enough"}, _both(REFUSED))]
ROWS_SMTP += [Row("it takes the message and drops", {"dot": Do.KEEP_AND_DROP}, _both(IN_DOUBT))]
ROWS_LMTP = [
    Row("it takes it for one, refuses it for the other", {"dot B": NO}, (DELIVERED, REFUSED)),
    Row("it takes it for one, defers it for the other", {"dot B": LATER}, (DELIVERED, DEFERRED)),
    Row("it takes it for one, then drops", {"dot B": Do.DROP}, (DELIVERED, DEFERRED)),
    Row("it takes it for one, then hangs", {"dot B": Do.HANG}, (DELIVERED, DEFERRED)),
    Row("it takes it for both, but says so for one", {"dot B": Do.KEEP_AND_DROP}, (DELIVERED, IN_DOUBT)),
]
POSITIONS = [
    *(pytest.param(row, "smtp", "internet", id=f"SMTP to SMTP: {row}") for row in ROWS + ROWS_SMTP),
    *(pytest.param(row, "lmtp", "mailboxes", id=f"LMTP to LMTP: {row}") for row in ROWS + ROWS_LMTP),
    *(pytest.param(row, "lmtp", "internet", id=f"LMTP to SMTP: {row}") for row in ROWS_SMTP + ROWS[-4:]),
    *(pytest.param(row, "smtp", "mailboxes", id=f"SMTP to LMTP: {row}") for row in ROWS_LMTP + ROWS[-4:]),
]


@pytest.mark.parametrize(("row", "listener", "name"), POSITIONS)
def test_each_recipient_has_exactly_one_outcome(running: Site, hasty: Site, row: Row, listener: str, name: str) -> None:
    running = hasty if row.hangs() else running
    number, domain = next(_numbers), OWN if name == "mailboxes" else "elsewhere.example"
    sender = f"alex-{number}@{OWN}"
    made_of = {f"{letter}-{number}@{domain}": what for letter, what in zip("abc", row.expect, strict=False)}
    octets = note(sender, list(made_of))
    with running.hop(name, {_named(stage, made_of): action for stage, action in row.script.items()}, lmtp=name == "mailboxes") as peer:
        first = running.send(sender, list(made_of), octets, listener=listener)
        bounced = _is_as_said(running, sender, made_of, first, listener)
        assert copies(peer) == {one: 1 for one, what in made_of.items() if what in {DELIVERED, IN_DOUBT}}

        # What the upstream's queue does next, the hop being well again.
        peer.script = {}
        again = [one for one, answer in _by_recipient(made_of, first).items() if answer[0] == "4"]
        if again:
            assert {answer[:3] for answer in running.send(sender, again, octets, listener=listener)} == {"250"}
        expect = Counter({one: 1 for one, what in made_of.items() if what != REFUSED})
        expect.update(
            {one: 1 for one, what in made_of.items() if one in again and (what == IN_DOUBT or (what == REFUSED and one not in bounced))}
        )
        assert copies(peer) == expect
    wait_until(lambda: not running.gateway.rows("SELECT id FROM outbox"), "nothing is left to be sent")
    assert _reported(running.told(sender)) == bounced


def _is_as_said(running: Site, sender: str, made_of: dict[str, str], answers: list[str], listener: str) -> set[str]:
    """The reply of each, or the one for all (DESIGN section 6). Those of whom a DSN of ours tells."""
    wanted = {DELIVERED: "2", DEFERRED: "4", IN_DOUBT: "4", REFUSED: "5"}
    if listener == "lmtp":
        assert [answer[0] for answer in answers] == [wanted[what] for what in made_of.values()], answers
        return set()
    kinds = set(made_of.values())
    expect = "4" if kinds & {DEFERRED, IN_DOUBT} else "5" if kinds == {REFUSED} else "2"
    assert [answer[0] for answer in answers] == [expect], answers
    bounced = {one for one, what in made_of.items() if what == REFUSED and DELIVERED in kinds}
    if bounced:
        running.wait_told(sender)
    return bounced


# --- more than one hop --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listener", ["smtp", "lmtp"])
def test_one_hop_is_down_and_the_other_is_not(running: Site, listener: str) -> None:
    sender, to = _new_people()
    colleague, outsider = to
    octets = note(sender, to)
    with running.hop("mailboxes", lmtp=True) as boxes:
        assert _codes(running.send(sender, to, octets, listener=listener)) == (["250", "451"] if listener == "lmtp" else ["451"])
        assert copies(boxes) == {colleague: 1}
        with running.hop("internet") as internet:
            again = [outsider] if listener == "lmtp" else to
            assert _codes(running.send(sender, again, octets, listener=listener)) == ["250"]

            assert copies(internet) == {outsider: 1}
        assert copies(boxes) == {colleague: 1}
    assert running.told(sender) == []


@pytest.mark.parametrize("listener", ["smtp", "lmtp"])
def test_what_is_kept_is_kept_once_although_a_hop_is_down(running: Site, listener: str) -> None:
    sender, to = _new_people()
    colleague, outsider = to
    octets = restricted(sender, to)
    assert _codes(running.send(sender, to, octets, listener=listener)) == (["451", "250"] if listener == "lmtp" else ["451"])
    with running.hop("mailboxes", lmtp=True) as boxes:
        again = [colleague] if listener == "lmtp" else to
        assert _codes(running.send(sender, again, octets, listener=listener)) == ["250"]

        assert copies(boxes) == {colleague: 1}
    assert list(running.gateway.cases(sender).values()) == [[outsider]]
    assert len(running.wait_told(sender)) == 1


def test_a_method_that_cannot_serve_somebody_is_replaced_by_the_next_for_them_alone(running: Site) -> None:
    sender, _ = _new_people()
    small, large = (f"{name}-{next(_numbers)}@elsewhere.example" for name in ("small", "large"))
    with running.hop("internet", {f"rcpt {small}": "552 5.3.4 too large for me"}) as internet, running.hop("encrypted") as encrypted:
        assert _codes(running.send(sender, [small, large], note(sender, [small, large]))) == ["250"]

        assert copies(internet) == {large: 1}
        assert copies(encrypted) == {small: 1}


def test_when_no_method_can_serve_them_it_is_kept_and_the_sender_is_told(running: Site) -> None:
    sender, _ = _new_people()
    to = f"small-{next(_numbers)}@elsewhere.example"
    script: dict[str, Action] = {"rcpt": "552 5.3.4 too large for me"}
    with running.hop("internet", script) as internet, running.hop("encrypted", script) as encrypted:
        assert _codes(running.send(sender, [to], note(sender, [to]))) == ["250"]

        assert internet.reached["rcpt"] == encrypted.reached["rcpt"] == 1  # once for each method
    assert list(running.gateway.cases(sender).values()) == [[to]]
    assert to.encode() in running.wait_told(sender)[0]


def test_a_method_that_cannot_serve_somebody_while_the_next_is_down_waits_upstream(running: Site) -> None:
    sender, _ = _new_people()
    to = f"small-{next(_numbers)}@elsewhere.example"
    with running.hop("internet", {"rcpt": "552 5.3.4 too large for me"}):
        assert _codes(running.send(sender, [to], note(sender, [to]))) == ["451"]
    assert running.gateway.cases(sender) == {}


# --- small things -------------------------------------------------------------------------------------------------------


def copies(peer: Peer) -> Counter[str]:
    """How many times each recipient has the message."""
    return Counter(recipient for taken in list(peer.messages) for recipient in taken.recipients)


def _new_people() -> tuple[str, list[str]]:
    """A sender; a colleague and an outsider."""
    number = next(_numbers)
    return f"alex-{number}@{OWN}", [f"bea-{number}@{OWN}", f"kim-{number}@elsewhere.example"]


def _named(stage: str, people: dict[str, str]) -> str:
    verb, _, letter = stage.partition(" ")
    return f"{verb} {next(one for one in people if one.startswith(letter.lower()))}" if letter else verb


def _by_recipient(people: dict[str, str], answers: list[str]) -> dict[str, str]:
    return dict(zip(people, answers if len(answers) > 1 else answers * len(people), strict=True))


def _codes(answers: list[str]) -> list[str]:
    return [answer[:3] for answer in answers]


def _reported(notices: list[bytes]) -> set[str]:
    """Of whom these DSNs say that they failed."""
    return {found.decode() for octets in notices for found in re.findall(rb"^Final-Recipient: rfc822; (\S+)", octets, re.MULTILINE)}
