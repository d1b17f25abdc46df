"""Mail whose files go by link, under fire: what must be true of every link, share and file when all is over."""

import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from gateway.pipeline import POISON
from tests.build import docx, message
from tests.journey.gateway import pack_in
from tests.long.killing import Killing, _ask, killing, opened
from tests.long.mails import DOCX, OUTSIDER, PARTNER, Fate, Mail, number_in
from tests.peers import folder, free_port

RECIPIENTS = (OUTSIDER, PARTNER, "lee@outside.example", "ida@third.example")
ROUTE = """\
  link:
    {kind: share, place: own, not_for: colleagues, provides: [protected-files], expires: {after: 60d}, clause: our own links}
  encrypted:
"""
DAY = 86_400
RECEIPT = b"with a link instead of"
Poisoned = dict[str, set[str]]  # by sender: from whom their message is kept, since processes died while they read it
_TOKEN = re.compile(rb"/#([a-z2-7]{32})")


def draw(number: int, random: Random) -> Mail:
    """The next message: one or two files that must go by link, to one to three people, sometimes beside a file that may stay."""
    name = f"{number:06}"
    sender, people = f"kill-{name}@sender.example", random.sample(RECIPIENTS, random.randint(1, 3))
    files = [(f"plan-{name}-{at}.docx", plan(name, at), DOCX) for at in range(random.randint(1, 2))]
    files += [("notes.txt", b"Notes.\r\n" * 50, "text/plain")] * random.randrange(2)
    octets = message(sender, people, f"plan {name}", f"This is kill-{name}.\n", attachments=files, message_id=sender)
    return Mail(name, dict.fromkeys(people, Fate.INTERNET), octets)


def plan(name: str, number: int) -> bytes:
    return docx([f"Plan {name}, {number}."], header="CONFIDENTIAL", pad_octets=int(name) % 5 * 30_000)


@contextmanager
def sharing(random: Random, say: Any) -> Iterator[Killing]:
    """A gateway with links of its own, between Postfix and hops."""
    with folder("pack") as directory:
        pack = pack_in(directory, {}, replace={"  encrypted:\n": ROUTE})
        port = free_port()
        extra = f'[place.own]\nkind = "own"\n[portal]\nurl = "http://127.0.0.1:{port}"\naddress = "127.0.0.1:{port}"\n'
        with killing(random, say, draw, pack=pack, extra=extra) as world:
            yield world


def wrong_in(world: Killing) -> list[str]:
    """What is not as it must be, after a drain and a sweep; a line for each.

    A message that three processes were killed over while they read it is held as poison for those who have not got it: its case says why,
    and whom it is kept from. Nothing else may be held.
    """
    _sweep(world)
    held = _held(world)
    poisoned = {sender: whom for sender, (rules, whom) in held.items() if rules == {POISON}}
    return [
        *(f"{sender}: held for {sorted(rules)}" for sender, (rules, _) in held.items() if sender not in poisoned),
        *_copies(world, poisoned),
        *_shares(world, poisoned),
        *_files(world, poisoned),
        *_receipts(world, poisoned),
    ]


def _sweep(world: Killing) -> None:
    """As if a day had gone by: what is younger is never touched."""
    old = time.time() - 2 * DAY
    for path in (world.gateway.directory / "var" / "vault").glob("*/*/*"):
        os.utime(path, (old, old))
    world.gateway.run("vault", "sweep", "--yes")


def _held(world: Killing) -> dict[str, tuple[set[str], set[str]]]:
    """By sender: the rules that anything of theirs is held by, and from whom."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    for envelope, decision in _ask(world.gateway, "SELECT envelope, decision FROM hold"):
        sender = json.loads(envelope)["reverse_path"]["wire"]
        rules, whom = found.setdefault(sender, (set(), set()))
        rules.update(reason["rule"] for reason in json.loads(decision)["reasons"])
        whom.update(recipient["address"]["wire"] for recipient in json.loads(envelope)["recipients"])
    return found


def _copies(world: Killing, poisoned: Poisoned) -> Iterator[str]:
    """Everybody has the mail, without its files, and always the same link; it leads to their own open grant."""
    query = "SELECT token_hash, sender, address, g.state FROM share_grant g JOIN share s ON s.id = share_id WHERE role = 'recipient'"
    granted = {bytes(token): row for token, *row in _ask(world.gateway, query)}
    found: dict[tuple[str, str], set[bytes]] = {}
    for hop, ledger in world.ledgers.items():
        for taken in [one for one in ledger if number_in(one.reverse_path) is not None]:
            (to,) = taken.recipients if len(taken.recipients) == 1 else ("",)
            tokens = set(_TOKEN.findall(taken.octets))
            if hop != "internet" or len(tokens) != 1 or b"plan-" in taken.octets:
                yield f"{taken.reverse_path} to {taken.recipients} at {hop}: {len(tokens)} links"
            found.setdefault((taken.reverse_path, to), set()).update(tokens)
    for mail in world.mails:
        for to in mail.fates:
            tokens = found.get((mail.sender, to), set())
            if len(tokens) != 1 and (tokens or to not in poisoned.get(mail.sender, ())):
                yield f"{mail.sender} to {to}: {len(tokens)} links"
            yield from (
                f"{mail.sender} to {to}: the link leads to nothing ({granted.get(hashlib.sha256(token).digest())})"
                for token in tokens
                if granted.get(hashlib.sha256(token).digest()) != [mail.sender, to, "open"]
            )


def _shares(world: Killing, poisoned: Poisoned) -> Iterator[str]:
    """One for each message that went to anybody."""
    counts = dict(_ask(world.gateway, "SELECT sender, count(*) FROM share GROUP BY sender"))
    for mail in world.mails:
        if counts.pop(mail.sender, 1 if _went_to_nobody(mail, poisoned) else 0) != 1:
            yield f"{mail.sender}: not one share"
    yield from (f"{sender}: a share of no message" for sender in counts)
    nobody = _ask(
        world.gateway, "SELECT id FROM share WHERE state = 'open' AND id NOT IN (SELECT share_id FROM share_grant WHERE state = 'open')"
    )
    yield from (f"share {share} is open to nobody" for (share,) in nobody)


def _went_to_nobody(mail: Mail, poisoned: Poisoned) -> bool:
    return poisoned.get(mail.sender, set()) >= set(mail.fates)


def _receipts(world: Killing, poisoned: Poisoned) -> Iterator[str]:
    """The sender has been told of everybody's link, or will be: what an attempt left behind that was killed half-way waits for a while."""
    query = "SELECT sender, address FROM share_grant g JOIN share s ON s.id = share_id WHERE role = 'recipient' AND NOT is_told"
    yield from (f"{sender}: nobody told of {to}" for sender, to in _ask(world.gateway, query) if sender not in poisoned)
    told = {
        to for ledger in world.ledgers.values() for one in ledger if RECEIPT in one.octets.replace(b"\r\n", b"") for to in one.recipients
    }
    waiting = " ".join(text for (text,) in _ask(world.gateway, "SELECT recipients FROM outbox WHERE kind = 'notice'"))
    missing = [mail.sender for mail in world.mails if mail.sender not in told and mail.sender not in waiting]
    yield from (f"{sender}: no receipt" for sender in missing if sender not in poisoned)


def _files(world: Killing, poisoned: Poisoned) -> Iterator[str]:
    """Each share has the files of its message, as they were; in the vault there is nothing else."""
    var = world.gateway.directory / "var"
    rows = _ask(
        world.gateway, "SELECT sender, f.sha256, object_id FROM share_file f JOIN share s ON s.id = share_id WHERE s.state = 'open'"
    )
    for sender, sha256, object_id in rows:
        if hashlib.sha256(opened(var, object_id)).hexdigest() != sha256:
            yield f"{sender}: a file is another"
    for mail in world.mails:
        mine = sorted(sha256 for sender, sha256, _ in rows if sender == mail.sender)
        there = sorted(hashlib.sha256(plan(mail.number, at)).hexdigest() for at in range(mail.octets.count(b'filename="plan-') or 1))
        if mine != there and (mine or not _went_to_nobody(mail, poisoned)):
            yield f"{mail.sender}: {len(mine)} files for {len(there)}"
    kept = {object_id for _, _, object_id in rows}
    there = {f"shares-{path.name}" for path in (var / "vault" / "shares").glob("*/*")}
    yield from (f"{object_id}: a file without a link" for object_id in there - kept)
    yield from (f"{object_id}: a link without its file" for object_id in kept - there)
