"""The same line of a pack, its files in four places: our own (in S3), OneDrive, SFTP, Cryptshare. The same journey passes in each.

The gateway, its database, S3, OpenSSH's sftp server and its client, Chromium: all real; Graph and Cryptshare as in tests/peers.
"""

import email
import email.policy
import hashlib
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.build import docx, message
from tests.journey.gateway import pack_in
from tests.journey.site import OWN, WORD, Site, site
from tests.peers import folder, free_port, wait_until
from tests.peers.cryptshare import Server, cryptshare
from tests.peers.graph import Graph, graph
from tests.peers.https import Do, Reply
from tests.peers.s3 import S3, s3
from tests.peers.sftp import SftpServer, sftp
from tests.web.chromium import chromium, context

pytestmark = [pytest.mark.peer, pytest.mark.slow]

ANN, KIM, LEE = f"ann@{OWN}", "kim@elsewhere.example", "lee@elsewhere.example"
LINK = """\
  link:
    {kind: share, place: own, not_for: colleagues, provides: [protected-files], expires: {after: 14d}, clause: a test}
  own-link:"""
PARTNERS = """\
entries:
  - domain: elsewhere.example
    folder: elsewhere
    account: exelse
    liaisons: [{name: Jo Smith, mailbox: jo@elsewhere.example, phone: 860-555-0100}]
"""
FILES = {"plan.docx": docx(["A."], header="CONFIDENTIAL"), "costs.docx": docx(["B."] * 400, header="CONFIDENTIAL")}
NUMBER = count(1)
KINDS = ("own", "onedrive", "sftp", "cryptshare")


@dataclass
class Running:
    site: Site
    pack: Path
    s3: S3
    graph: Graph
    sftp: SftpServer
    cryptshare: Server
    portal: str

    def switch(self, kind: str) -> None:
        """The one word of the pack, and a reload."""
        path = self.pack / "pack.yaml"
        text = re.sub(r"(kind: share, place: )\w+", rf"\g<1>{kind}", path.read_text())
        if text != path.read_text():
            path.write_text(text)
            self.site.gateway.reload()

    def letter(self, *to: str) -> bytes:
        """Two confidential files to somebody outside; no two letters are the same, for a retry finds its share."""
        return message(
            ANN, list(to), "The plan", f"See there ({next(NUMBER)}).", attachments=[(name, octets, WORD) for name, octets in FILES.items()]
        )

    def send(self, to: str, octets: bytes = b"") -> str:
        """What their copy says, in words; all else of it is looked at here."""
        with self.site.hop() as hop:
            (said,) = self.site.send(ANN, [to], octets or self.letter(to))
            assert said.startswith("250"), said
            (copy,) = [taken.octets for taken in hop.wait_messages()]
        return words_of(copy)

    def receipt(self, of: str) -> str:
        """The notice to the sender that speaks of this."""
        found: list[str] = []

        def is_there() -> bool:
            mails = (email.message_from_bytes(octets, policy=email.policy.default) for octets in self.site.told(ANN))
            found[:] = [text for mail in mails if of in (text := str(mail.get_body(("plain",)).get_content()))]
            return bool(found)

        wait_until(is_there, f"the sender is told of {of}")
        return found[-1]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with ExitStack() as stack:
        peers = [stack.enter_context(peer) for peer in (s3(), graph(), sftp("elsewhere"), cryptshare())]
        bucket, drive, files, transfers = peers
        pack = pack_in(stack.enter_context(folder("pack")), {"partners.yaml": PARTNERS}, replace={"  own-link:": LINK})
        url = f"http://127.0.0.1:{free_port()}"
        places = {
            "own": {"kind": "own"},
            "onedrive": drive.settings(),
            "sftp": files.settings(shown_folder=f"{files.home}/{{folder}}"),
            "cryptshare": transfers.settings(),
        }
        extra = f'[portal]\nurl = "{url}"\naddress = "{url.removeprefix("http://")}"\n' + "".join(map(section, places.items()))
        vault = bucket.settings("journey")
        opened = stack.enter_context(site(pack=pack, extra=extra, vault=vault))
        yield Running(opened, pack, bucket, drive, files, transfers, url)


def words_of(copy: bytes) -> str:
    """Without the files, and otherwise as it was."""
    assert not [name for name in FILES if name.encode() in copy]
    parsed = email.message_from_bytes(copy, policy=email.policy.default)
    assert parsed["Subject"] == "The plan"
    assert [part.get_content_type() for part in parsed.walk()].count(WORD) == 0
    return str(parsed.get_body(("plain",)).get_content())


def section(named) -> str:
    name, settings = named
    rows = (f"{key} = {value if isinstance(value, (int, list)) else repr(value)}" for key, value in settings.items())
    return "\n".join((f"[place.{name}]", *rows, "")).replace("['", '["').replace("']", '"]')


def sums(files) -> dict[str, str]:
    return {name: hashlib.sha256(octets).hexdigest() for name, octets in files.items()}


# --- as the recipient -----------------------------------------------------------------------------------------------------


def opened_own(running: Running, words: str, who: str, directory: Path) -> dict[str, str]:
    """In Chromium, with the code that comes by mail."""
    (link,) = set(re.findall(rf"{running.portal}/#[a-z2-7]+", words))
    found = {}
    with chromium() as browser, context(browser) as visit, running.site.hop() as hop:
        page = visit.new_page()
        page.goto(link)
        page.locator("main form button").first.click()
        (mail,) = [taken for taken in hop.wait_messages() if taken.recipients == (who,)]
        page.fill("#code", code_in(mail.octets))
        page.locator("main form button").first.click()
        for number in range(len(FILES)):
            with page.expect_download() as fetched:
                page.locator(".files a.button").nth(number).click()
            path = directory / str(number)
            fetched.value.save_as(path)
            found[fetched.value.suggested_filename] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def code_in(octets: bytes) -> str:
    text = email.message_from_bytes(octets, policy=email.policy.default).get_content()
    return "".join(re.search(r"^ +(\d{4}) (\d{4})\r?$", text, re.MULTILINE).groups())


def opened_onedrive(running: Running, words: str, who: str, directory: Path) -> dict[str, str]:
    (link,) = set(re.findall(r"https://ct\.sharepoint\.example/\S+", words))
    assert running.graph.opened(link, "mallory@elsewhere.example") is None
    return sums(running.graph.opened(link, who) or {})


def opened_sftp(running: Running, words: str, who: str, directory: Path) -> dict[str, str]:
    """With OpenSSH's client, which knows the fingerprint and the folder from the mail."""
    server = running.sftp
    told = re.search(r"Folder: (\S+) Host: (\S+), port (\d+) User: (\S+) Fingerprint of the host's key: (\S+)", " ".join(words.split()))
    key = subprocess.run(("ssh-keygen", "-lf", server.directory / "host.pub"), capture_output=True, text=True, check=True).stdout.split()[1]
    assert told.groups()[1:] == ("127.0.0.1", str(server.port), "exelse", key)
    assert "Jo Smith (jo@elsewhere.example, 860-555-0100)" in " ".join(words.split())
    known = directory / "known_hosts"
    known.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n")
    options = [
        f"-o{name}" for name in (f"UserKnownHostsFile={known}", "StrictHostKeyChecking=yes", f"IdentityFile={server.directory}/client")
    ]
    user = server.settings()["user"]
    command = ("sftp", "-q", "-F", "none", "-b", "-", "-P", str(server.port), *options, f"{user}@127.0.0.1")
    subprocess.run(command, input=f"get {told[1]}/* {directory}/\n", text=True, check=True, capture_output=True)
    return sums({path.name: path.read_bytes() for path in directory.glob("*.docx")})


def opened_cryptshare(running: Running, words: str, who: str, directory: Path) -> dict[str, str]:
    """With the password that the sender was told, and nobody else."""
    (link,) = set(re.findall(rf"{running.cryptshare.url}/\S+", words))
    password = re.search(r"[A-Z][a-z]\d[a-z](?:-[A-Z][a-z]\d[a-z]){4}", running.receipt("Cryptshare"))[0]
    assert password not in words
    assert f"{ANN} tells you" in " ".join(words.split())
    assert running.cryptshare.opened(link) is None
    return sums(running.cryptshare.opened(link, password) or {})


OPENED = {"own": opened_own, "onedrive": opened_onedrive, "sftp": opened_sftp, "cryptshare": opened_cryptshare}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_line_of_the_pack_and_another_place_and_the_same_journey(running: Running, tmp_path, kind):
    running.switch(kind)

    words = running.send(KIM)

    assert OPENED[kind](running, words, KIM, tmp_path) == sums(FILES)
    log = running.site.gateway.log()
    assert not [name for name in (*FILES, KIM) if name in log]


# --- and when something is in the way ---------------------------------------------------------------------------------------

OTHERS = KINDS[1:]
DECIDES = ("--by", "A. Smith", "--why", "the wrong person")


def there(running: Running, kind: str) -> list[str]:
    """What the place has that somebody could open."""
    if kind == "onedrive":
        return sorted(running.graph.files())
    if kind == "sftp":
        return sorted(running.sftp.files())
    return sorted(one.id for one in running.cryptshare.transfers() if one.state == "ACTIVE")


@pytest.mark.parametrize("kind", OTHERS)
def test_what_an_officer_revokes_is_gone_from_its_place(running: Running, kind):
    running.switch(kind)
    before = there(running, kind)
    running.send("max@elsewhere.example")
    assert len(there(running, kind)) > len(before)
    number, place = newest(running)
    assert place == kind

    running.site.gateway.run("share", "revoke", number, *DECIDES)

    running.site.gateway.wait_event("share.withdrawn", share=number, place=kind)
    assert there(running, kind) == before


@pytest.mark.parametrize("kind", ["onedrive", "cryptshare"])
def test_what_is_revoked_for_one_person_is_gone_for_them_alone(running: Running, kind):
    running.switch(kind)
    running.cryptshare.refused_recipients = set()
    before = there(running, kind)
    with running.site.hop() as hop:
        (said,) = running.site.send(ANN, [KIM, LEE], running.letter(KIM, LEE))
        assert said.startswith("250"), said
        hop.wait_messages(2)
    new = len(there(running, kind)) - len(before)
    number, _ = newest(running)

    running.site.gateway.run("share", "revoke", number, "--to", LEE, *DECIDES)

    running.site.gateway.wait_event("share.revoked", share=number)
    assert len(there(running, kind)) == len(before) + new // 2


def newest(running: Running) -> tuple[str, str]:
    """The number of the newest share, and its place."""
    ((number, place),) = running.site.gateway.rows("SELECT id, place FROM share ORDER BY made_at DESC LIMIT 1")
    return number, place


BUSY = Reply(503, retry_after="86400")


@pytest.mark.parametrize("kind", ["onedrive", "cryptshare"])
def test_while_a_place_is_busy_the_mail_waits_upstream_and_goes_once(running: Running, kind):
    running.switch(kind)
    octets = running.letter(LEE)
    if kind == "onedrive":
        running.graph.trouble("session", BUSY)
    else:
        running.cryptshare.trouble("begin", BUSY)

    with running.site.hop() as hop:
        (said,) = running.site.send(ANN, [LEE], octets)
        assert said.startswith("451"), said
        assert not hop.messages

    before = there(running, kind)
    running.send(LEE, octets)
    expected = len(FILES) if kind == "onedrive" else 1
    assert len(there(running, kind)) == len(before) + expected


def test_a_dead_place_is_the_next_route_and_never_plain(running: Running):
    running.switch("sftp")
    running.sftp.stop()
    try:
        with running.site.hop() as plain, running.site.hop("encrypted") as encrypted:
            (said,) = running.site.send(ANN, [KIM], running.letter(KIM))
            assert said.startswith("250"), said
            (copy,) = encrypted.wait_messages()
            assert not plain.messages
        assert all(name.encode() in copy.octets for name in FILES)
    finally:
        running.sftp.start()


def test_of_two_people_one_whom_the_service_refuses_goes_another_way(running: Running):
    running.switch("cryptshare")
    running.cryptshare.refused_recipients = {LEE}
    with running.site.hop() as plain, running.site.hop("encrypted") as encrypted:
        (said,) = running.site.send(ANN, [KIM, LEE], running.letter(KIM, LEE))
        assert said.startswith("250"), said
        (linked,) = plain.wait_messages()
        (whole,) = encrypted.wait_messages()
    running.cryptshare.refused_recipients = set()
    assert (linked.recipients, whole.recipients) == ((KIM,), (LEE,))
    assert running.cryptshare.url in words_of(linked.octets)
    assert all(name.encode() in whole.octets for name in FILES)


def test_killed_in_the_middle_of_an_upload_and_sent_again_there_is_one_share(running: Running):
    running.switch("onedrive")
    gateway, peer = running.site.gateway, running.graph
    before, octets = len(peer.files()), running.letter(LEE)
    peer.go.clear()
    peer.trouble("range", Do.WAIT)
    seen = peer.seen["range"]
    with ThreadPoolExecutor(1) as client:
        sending = client.submit(running.site.send, ANN, [LEE], octets)
        wait_until(lambda: peer.seen["range"] > seen, "the upload is under way")
        gateway.kill()
        peer.go.set()
        assert sending.exception() is not None or not sending.result()[0].startswith("250")
    gateway.start()

    running.send(LEE, octets)

    assert len(peer.files()) == before + len(FILES)
    (number, _) = newest(running)
    assert len(gateway.rows(f"SELECT id FROM share WHERE key = (SELECT key FROM share WHERE id = '{number}')")) == 1  # noqa: S608


def test_doctor_looks_at_every_place(running: Running):
    running.switch("own")
    said = running.site.gateway.run("doctor", check=False)

    for kind in KINDS:
        assert re.search(rf"^ok    place {kind}: ", said, re.MULTILINE), said
    running.sftp.stop()
    running.cryptshare.is_registered = False
    try:
        said = running.site.gateway.run("doctor", check=False)
    finally:
        running.sftp.start()
        running.cryptshare.is_registered = True
    assert re.search(r"^LOOK  place sftp: .*it cannot be reached", said, re.MULTILINE), said
    assert re.search(r"^LOOK  place cryptshare: .*our client id is not registered; have its administrator add it", said, re.MULTILINE), said
