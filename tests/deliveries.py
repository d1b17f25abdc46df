"""Whole deliveries in a small world: a policy with every verdict, hops that do what a script says, an upstream that retries."""

import asyncio
import email
import io
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import strategies as st

from gateway.log import Log
from gateway.mime.identity import digest_without_trace, identity, message_id_of
from gateway.model.finding import Patterns
from gateway.pipeline import Pipeline, Terms
from gateway.policy.guidance import House
from gateway.policy.places import Places
from gateway.policy.rules import Act, Ask, Audience, Person, Policy, Route, Rule
from tests.doubles import Luck, ScriptedHop, Stage, arrival, recipient
from tests.strategies import ladders

SECRETS = ("geheimnis-subject", "geheimnis-body", "geheimnis-name.txt", "geheimnis-person")
MESSAGE = (
    b"From: ann@own.example\r\nTo: visible@free.example\r\nSubject: geheimnis-subject\r\nMessage-ID: <m1@own.example>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ngeheimnis-body\r\n.\r\n"
    b"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=geheimnis-name.txt\r\n\r\nfile\r\n--b--\r\n"
)
DECEIVING = MESSAGE.replace(b"MIME-Version", b"x-encrypt : no\r\n\tthanks\r\nMIME-Version", 1)
TRIGGER = "X-Encrypt: yes"
HOUSE = House(
    "Own Council",
    frozenset({"own.example"}),
    "postmaster@own.example",
    "gateway.own.example",
    "Help desk, 01629 000000",
    notices_hop="plain",
)
DOMAINS = ("free", "stamped", "sealed", "shared", "kept", "asked", "refused")


def policy(refuse_by: str = "notice", no_route: str = "hold", version: str = "sha256:1", **changes) -> Policy:
    """Each domain of DOMAINS meets what it is called; free and stamped go by `plain`, shared by link, and else they go by `sealed`."""
    rules = (
        Rule("stamp-it", (_to("stamped"),), acts=(Act("stamp", stamps=(("X-Stamp", "1"),)),)),
        Rule("seal-it", (_to("sealed"),), acts=(Act("require", frozenset({"protected-message"})),)),
        Rule(
            "keep-it",
            (_to("kept"),),
            acts=(Act("hold", held_for="officer", within=timedelta(hours=4), then="duty"),),
            clause="clause 4",
            says="kept mail is looked at",
        ),
        Rule("ask-it", (_to("asked"),), acts=(Act("confirm", held_for="sender", within=timedelta(days=1), then="officer"),)),
        Rule("refuse-it", (_to("refused"),), acts=(Act("refuse"),), says="nobody may write there"),
        Rule("share-it", (_to("shared"), Ask("files", "at_least", 1)), acts=(Act("require", frozenset({"protected-files"})),)),
    )
    settings = {
        "name": "small", "version": version, "ladder": ladders(0), "patterns": Patterns(), "rules": rules,
        "routes": (
            Route("plain", "relay", "plain"),
            Route("links", "share", place="own", provides=frozenset({"protected-files"}), expires_after=timedelta(days=14)),
            Route("sealed", "relay", "sealed", provides=frozenset({"protected-files", "protected-message"})),
        ),
        "audiences": tuple(Audience(name, Places.of([(f"{name}.example", True)])) for name in DOMAINS),
        "no_route": Act(no_route, held_for="officer"),
        "protections": {"protected-files": "files", "protected-message": "message"},
        "people": {
            "officer": Person("information-officer", "officer@own.example"),
            "duty": Person("duty", "duty@own.example", phone="01629 000001"),
        },
        "refuse_by": refuse_by, "source": "A Policy v1", "owner": "owner@own.example",
    }  # fmt: skip
    return Policy(**(settings | changes))


def _to(name: str) -> Ask:
    return Ask("audience", "any", frozenset({name}))


@dataclass(frozen=True)
class Story:
    """Everything that chance decides."""

    each: bool
    sender: str
    recipients: tuple
    script: dict
    luck: tuple
    patience_hours: int
    refuse_by: str
    no_route: str
    heard: tuple  # for each attempt: whether the client got the reply
    hours: tuple  # before each further attempt
    again_at_once: bool  # a second attempt while the first hangs
    octets: bytes = MESSAGE
    is_large: bool = False  # as the pipeline sees it
    place: tuple = ()  # what the place does with one parcel after the other


@dataclass
class Told:
    """What the upstream heard in one attempt, and how the world was at that moment."""

    codes: dict[str, int]  # by Address.key
    state: "State"


@dataclass
class State:
    taken: Counter
    kept: frozenset
    refused: frozenset
    bounced: Counter
    queued: Counter
    journalled: frozenset
    locked: frozenset
    unknown: frozenset
    journal_failed: bool

    def done(self, key: str) -> bool:
        return bool(self.taken[key] or key in self.kept | self.refused or self.bounced[key] or self.queued[key])


@dataclass
class Ledger:
    """What happened in a story."""

    story: Story
    stage: Stage
    told: list[Told] = field(default_factory=list)
    bounced_upstream: set[str] = field(default_factory=set)
    log: str = ""

    @property
    def end(self) -> State:
        return state_of(self.stage)

    @property
    def keys(self):
        return {one.address.key for one in self.story.recipients}


def state_of(stage: Stage) -> State:
    cases = stage.holds.cases.values()
    told_cases = {row.case for row in stage.outbox.ever}
    return State(
        taken=Counter(taken.recipient for hop in stage.hops.values() for taken in hop.taken),
        kept=frozenset(one.address.key for held in cases if held.state == "open" for one in held.envelope.recipients),
        refused=frozenset(
            one.address.key for held in cases if held.state == "refused" and held.case in told_cases for one in held.envelope.recipients
        ),
        bounced=Counter(
            name
            for row in stage.outbox.ever
            if row.kind == "notice" and row.case is None
            for name in failed_in(stage.vault.objects[row.object_id])
        ),
        queued=Counter(one.address.key for row in stage.outbox.ever if row.kind == "rest" for one in row.recipients),
        journalled=frozenset(stage.journal.steps.get(IDENTITY[stage], {})),
        locked=frozenset(key for _, key in stage.journal.locked),
        unknown=frozenset(key for hop in stage.hops.values() for key in hop.unknown),
        journal_failed="journal.finish" in stage.luck.failed,
    )


IDENTITY: dict[Stage, bytes | None] = {}


def failed_in(octets: bytes) -> tuple[str, ...]:
    """The recipients that a DSN says have failed, as its fields name them."""
    found = email.message_from_bytes(octets)
    if found.get_content_type() != "multipart/report":
        return ()
    fields = found.get_payload()[1].get_payload()
    return tuple(one["Final-Recipient"].partition(";")[2].strip() for one in fields if one["Final-Recipient"])


async def play(story: Story, pack: Policy | None = None) -> Ledger:
    """The attempts of an upstream until it has no recipient left to try; in the end the world is well again."""
    luck = Luck(story.luck)
    hops = [
        ScriptedHop(
            name, {key: list(left) for (hop, key), left in story.script.items() if hop == name}, TRIGGER if name == "sealed" else ""
        )
        for name in ("plain", "sealed")
    ]
    stage = Stage(*hops, luck=luck, place=story.place)
    ledger = Ledger(story, stage)
    IDENTITY[stage] = identity("in", "", story.sender, None, message_id_of(story.octets), digest_without_trace(story.octets))
    stream = io.StringIO()
    rules = pack or policy(story.refuse_by, story.no_route)
    terms = Terms(story.each, 7 * 86400.0, story.patience_hours * 3600.0)
    pipeline = Pipeline(
        stage.world,
        lambda: rules,
        HOUSE,
        lambda listener: terms,
        frozenset({"x-encrypt"}),
        Log(stream, now=stage.clock.now),
        **({"large_octets": 0} if story.is_large else {}),
    )
    todo = story.recipients
    for attempt in range(12):
        if not todo:
            break
        if attempt >= len(story.heard):
            luck._plan.clear()  # the world is well again
        heard = attempt >= len(story.heard) or story.heard[attempt]
        codes = await _attempt(story, stage, pipeline, todo, heard, ledger)
        if heard:
            ledger.bounced_upstream |= {key for key, code in codes.items() if code >= 500}
            todo = tuple(one for one in todo if 400 <= codes[one.address.key] < 500)
        stage.clock.turn(hours=story.hours[attempt % len(story.hours)])
    ledger.log = stream.getvalue()
    del IDENTITY[stage]
    IDENTITY[stage] = None
    return ledger


async def _attempt(story, stage, pipeline, todo, heard, ledger) -> dict[str, int]:
    message = arrival(story.octets, story.sender, todo, stage.clock)
    answer = None
    try:
        answer = await pipeline.deliver(message)
        codes = [reply.code for reply in answer.replies]
    except Exception:  # noqa: BLE001 - whatever it is, the listener says 451
        codes = [451]
    codes = codes if story.each and len(codes) == len(todo) else [codes[0]] * len(todo)
    by_key = {one.address.key: code for one, code in zip(todo, codes, strict=True)}
    ledger.told.append(Told(by_key, state_of(stage)))
    if story.again_at_once and stage.journal.locked:
        await _busy(story, stage, pipeline, todo, ledger)
    if answer is not None and answer.confirm is not None:
        answer.confirm(heard and not all(400 <= code < 500 for code in codes))
    for hop in stage.hops.values():
        hop.go_on.set()
    await pipeline.drain()
    for _ in range(3):
        await asyncio.sleep(0)
    for hop in stage.hops.values():
        hop.go_on.clear()
    assert not stage.journal.locked, "a lock outlived its attempt"
    assert message.content.is_closed
    return by_key


async def _busy(story, stage, pipeline, todo, ledger):
    """The same again while the first still has its locks."""
    message = arrival(story.octets, story.sender, todo, stage.clock)
    before = state_of(stage)
    try:
        answer = await pipeline.deliver(message)
    except Exception:  # noqa: BLE001 - the same
        return
    codes = [reply.code for reply in answer.replies]
    assert all(code == 451 for code in codes), codes
    assert state_of(stage).taken == before.taken
    answer.confirm(False)


# --- by chance ------------------------------------------------------------------------------------------------------------

ANSWERS = ("ok", "ok", "later", "no", "unusable", "unusable-now", "uncertain-taken", "uncertain-lost")


PLACE = ("", "", "", "later", "late", "unusable", "unusable-for-first", "revoked", "revoked-for-first", "bug")
LUCK = ("", "", "", "", "", "fails", "unknown", "bug")
SENDERS = ("ann@own.example", "ann@own.example", "", "eve@foreign.example")


@st.composite
def stories(
    draw, *, senders=SENDERS, domains=DOMAINS, answers=(*ANSWERS, "hang", "bug"), unlucky=True, luck=LUCK, octets=(MESSAGE,), fewest_calls=0
):
    """`luck`: what calls of the world do, `fewest_calls` of them at least; `answers`: what hops do."""
    least = draw(st.sampled_from([1, 2, 3]))
    names = draw(st.lists(st.sampled_from(domains), min_size=least, max_size=5))
    notify = st.sampled_from([None, None, None, ("NEVER",), ("FAILURE", "DELAY")])
    recipients = tuple(recipient(f"geheimnis-person{number}@{name}.example", draw(notify)) for number, name in enumerate(names))
    script = {
        (hop, one.address.key): tuple(draw(st.lists(st.sampled_from(answers), max_size=3)))
        for one in recipients
        if one.address.domain.split(".")[0] in ("free", "stamped", "sealed", "shared")
        for hop in ("plain", "sealed")
    }
    words = st.sampled_from(luck)
    return Story(
        each=draw(st.booleans()),
        sender=draw(st.sampled_from(senders)),
        recipients=recipients,
        script=script,
        luck=tuple(draw(st.lists(words, min_size=fewest_calls, max_size=30))) if unlucky and (fewest_calls or draw(st.booleans())) else (),
        patience_hours=draw(st.sampled_from([0, 4])),
        refuse_by=draw(st.sampled_from(["notice", "smtp"])),
        no_route=draw(st.sampled_from(["hold", "refuse", "confirm"])),
        heard=tuple(draw(st.lists(st.booleans(), min_size=1, max_size=4))),
        hours=tuple(draw(st.lists(st.sampled_from([0, 1, 5]), min_size=1, max_size=4))),
        again_at_once=draw(st.booleans()),
        octets=draw(st.sampled_from(octets)),
        is_large=draw(st.booleans()),
        place=tuple(draw(st.lists(st.sampled_from(PLACE), max_size=4))) if "shared" in names else (),
    )
