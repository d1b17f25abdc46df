"""Files that travel by link, as recipients and officers meet them: through real processes, from the mail to the last octet and the end."""

import asyncio
import email
import email.policy
import hashlib
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from gateway.edges.clock import SystemClock
from gateway.edges.state import State
from gateway.model.share import Session, WishKind
from tests.build import docx, message
from tests.journey.gateway import pack_in
from tests.journey.site import OWN, WORD, Site, site
from tests.peers import folder, free_port, wait_until

pytestmark = pytest.mark.peer

ANN, KIM = f"ann@{OWN}", "kim@elsewhere.example"
LINK = """\
  link:
    {kind: share, place: own, not_for: colleagues, provides: [protected-files], expires: {after: 60d, idle: 30d}, download_limit: 3,
     tell_when_fetched: true, clause: our own links}
  own-link:"""
DECIDES = ("--by", "A. Smith", "--why", "the wrong person")


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with folder("pack") as directory:
        pack = pack_in(directory, {}, replace={"  own-link:": LINK})
        port = free_port()
        extra = f'[place.own]\nkind = "own"\n[portal]\nurl = "http://127.0.0.1:{port}"\naddress = "127.0.0.1:{port}"\n'
        with site(pack=pack, extra=extra) as running:
            yield running


def shared(running: Site, to: str) -> tuple[str, str, bytes]:
    """A confidential file to somebody outside: the share's number, the token of their link, the file."""
    file = docx(["A."], header="CONFIDENTIAL")
    octets = message(ANN, [to], "The plan", "See there.", attachments=[("plan.docx", file, WORD)])
    with running.hop() as hop:
        (answer,) = running.send(ANN, [to], octets)
        assert answer.startswith("250"), answer
        (copy,) = [taken.octets for taken in hop.wait_messages()]
    assert b"plan.docx" not in copy
    body = email.message_from_bytes(copy, policy=email.policy.default).get_body(("plain",)).get_content()
    (token,) = set(re.findall(r"http://127\.0\.0\.1:\d+/#([a-z2-7]{32})", body))
    newest = json.loads(running.gateway.run("share", "list", "--json"))[0]
    return newest["share"], token, file


@asynccontextmanager
async def beside(running: Site) -> AsyncIterator[State]:
    """The same database, as the portal process has it open."""
    var = running.gateway.directory / "var"
    state = State(f"sqlite:///{var}/outgate.db", var, var / "keys", SystemClock())
    await state.open()
    try:
        yield state
    finally:
        await state.close()


async def come_in(state: State, token: str) -> Session:
    """As the portal does it."""
    now = datetime.now(UTC)
    share_id, grant_id = await state.visits.find(token, now)
    cookie = hashlib.sha256(token.encode()).digest()
    ends = (now + timedelta(minutes=5), now + timedelta(hours=1))
    session = Session(cookie, share_id, grant_id, "csrf", "127.0.0.0/24", now, *ends)
    await state.visits.open_session(session)
    return session


def code_in(octets: bytes) -> str:
    text = email.message_from_bytes(octets, policy=email.policy.default).get_content()
    return "".join(re.search(r"^ +(\d{4}) (\d{4})\r?$", text, re.MULTILINE).groups())


def test_a_code_comes_at_once_and_opens_the_files_and_officers_see_who_fetched_them(running: Site):
    number, token, file = shared(running, KIM)

    async def story() -> float:
        async with beside(running) as state:
            session = await come_in(state, token)
            with running.hop() as hop:
                started = time.monotonic()
                await state.visits.wish(WishKind.CODE, session, "", datetime.now(UTC))
                (mail,) = await asyncio.to_thread(hop.wait_messages)
                seconds = time.monotonic() - started
            assert mail.recipients == (KIM,)
            assert (await state.visits.try_code(session, code_in(mail.octets), datetime.now(UTC))).is_right
            (there,) = (await state.visits.get(session.share)).files
            (access,) = (await state.visits.begin(session, (there.id,), "127.0.0.0/24", datetime.now(UTC))).accesses
            await state.visits.end(access.id, len(file), datetime.now(UTC), is_whole=True)
            assert there.sha256 == hashlib.sha256(file).hexdigest()
            return seconds

    print(f"from the page's wish to the code at the next hop: {asyncio.run(story()):.3f} s")
    receipt, fetched = running.wait_told(ANN, 2)
    assert b"Fetched: the first" not in receipt
    assert b"Fetched: the first" in fetched
    assert KIM.encode() in fetched

    shown = running.gateway.run("share", "show", number.lower().replace("-", ""))
    assert re.search(rf"^Share     {number}: open$", shown, re.MULTILINE)
    assert f"{KIM}  file " in shown
    assert "(plan.docx), whole, from 127.0.0.0/24" in shown
    as_json = json.loads(running.gateway.run("share", "show", number, "--json"))
    assert [(one["by"], one["octets"], one["whole"]) for one in as_json["fetched"]] == [(KIM, len(file), True)]
    assert number in running.gateway.run("share", "list")
    log = running.gateway.log()
    assert not [secret for secret in (token, "plan.docx", KIM) if secret in log]


def refusals(running: Site, to: str) -> list[str]:
    """What the sender was told of mail that has not gone to this one, each in one line."""
    mails = [email.message_from_bytes(octets, policy=email.policy.default) for octets in running.told(ANN)]
    texts = [" ".join(mail.get_body(("plain",)).get_content().split()) for mail in mails]
    return [text for text in texts if f"has not gone to {to}" in text]


def test_what_is_taken_back_while_a_copy_waits_goes_no_other_way(running: Site):
    """By LMTP the upstream tries again for whom it had no answer; the next route, `encrypted`, would have brought them the files."""
    first, late = "moe@elsewhere.example", "zoe@elsewhere.example"
    octets = message(ANN, [first, late], "The plan", "See there.", attachments=[("plan.docx", docx(["B."], header="CONFIDENTIAL"), WORD)])
    with running.hop(script={f"rcpt {late}": "451 4.3.0 not now"}) as hop:
        answers = running.send(ANN, [first, late], octets, listener="lmtp")
        assert [answer[:3] for answer in answers] == ["250", "451"]
        hop.wait_messages()
    number = json.loads(running.gateway.run("share", "list", "--json"))[0]["share"]
    running.gateway.run("share", "revoke", number, *DECIDES)

    with running.hop() as hop, running.hop("encrypted") as encrypted:
        (answer,) = running.send(ANN, [late], octets, listener="lmtp")
        assert answer.startswith("250"), answer
        wait_until(lambda: bool(refusals(running, late)), "the sender is told")
        assert [*hop.messages, *encrypted.messages] == []
    assert "were taken back before it reached them" in refusals(running, late)[0]
    assert running.gateway.run("share", "list", "--json", "--all").count(number) == 1


def test_a_share_is_revoked_for_one_then_for_all_and_forgotten(running: Site):
    number, token, _ = shared(running, "lee@elsewhere.example")
    said = running.gateway.run("share", "revoke", number, "--to", "nobody@elsewhere.example", *DECIDES, check=False)
    assert "has no part in share" in said
    said = running.gateway.run("share", "revoke", number, *DECIDES)
    assert said == f"share {number}: nobody can open it any more; its files are being deleted\n"
    assert "is not open" in running.gateway.run("share", "revoke", number, *DECIDES, check=False)
    vault = running.gateway.directory / "var" / "vault" / "shares"
    wait_until(lambda: "its files are deleted" in running.gateway.run("share", "show", number), "the files are deleted")
    kept = {row[0] for row in running.gateway.rows("SELECT object_id FROM share_file WHERE object_id <> ''")}
    assert {f"shares-{path.name}" for path in vault.glob("*/*")} == kept

    async def is_closed() -> bool:
        async with beside(running) as state:
            return await state.visits.find(token, datetime.now(UTC)) is None

    assert asyncio.run(is_closed())
    assert 'revoked by A. Smith: "the wrong person"' in running.gateway.run("share", "show", number)
    assert "gone" in running.gateway.run("share", "purge", number, *DECIDES)
    assert "there is no share" in running.gateway.run("share", "show", number, check=False)
    assert number not in str(running.gateway.rows("SELECT share_id FROM share_grant UNION SELECT share_id FROM share_intent"))
    events = [json.loads(line)["event"] for line in running.gateway.run("audit", "export").splitlines() if number in line]
    assert events == ["share.made", "share.revoked", "share.purged", "share.withdrawn", "share.erased"]
    assert running.gateway.run("audit", "verify").startswith("The audit is whole")


def test_an_open_share_is_purged_in_one_command(running: Site):
    number, _, _ = shared(running, "max@elsewhere.example")
    assert "gone" in running.gateway.run("share", "purge", number, *DECIDES)
    assert number not in running.gateway.run("share", "list", "--all")


def test_a_pack_that_names_another_place_is_refused(running: Site):
    with folder("other") as directory:
        other = pack_in(directory, {}, replace={"  own-link:": LINK.replace("place: own", "place: cloud")})
        said = running.gateway.run("policy", "check", str(other), check=False)
    assert "route `link` puts files in place `cloud`, which is not configured; there are: own" in said
