"""The same line of a pack, its files in four places: our own (in S3), OneDrive, SFTP, Cryptshare. The same journey passes in each.

The gateway, its database, S3, OpenSSH's sftp server and its client, Chromium: all real; Graph and Cryptshare as in tests/peers.
"""

import email
import email.policy
import hashlib
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.build import docx, message
from tests.journey.gateway import pack_in
from tests.journey.site import OWN, WORD, Site, site
from tests.peers import folder, free_port, wait_until
from tests.peers.cryptshare import Server, cryptshare
from tests.peers.graph import Graph, graph
from tests.peers.s3 import S3, s3
from tests.peers.sftp import SftpServer, sftp
from tests.web.chromium import chromium, context

pytestmark = [pytest.mark.peer, pytest.mark.slow]

ANN, KIM, LEE = f"ann@{OWN}", "kim@elsewhere.example", "lee@elsewhere.example"
LINK = """\
  link:
    {kind: share, place: own, not_for: colleagues, provides: [protected-files], expires: {after: 14d}, clause: a test}
  encrypted:
"""
PARTNERS = """\
entries:
  - domain: elsewhere.example
    folder: elsewhere
    account: exelse
    liaisons: [{name: Jo Smith, mailbox: jo@elsewhere.example, phone: 860-555-0100}]
"""
FILES = {"plan.docx": docx(["A."], header="CONFIDENTIAL"), "costs.docx": docx(["B."] * 400, header="CONFIDENTIAL")}
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

    def send(self, to: str, answer: str = "250") -> str:
        """Two confidential files to somebody outside. What their copy says, in words; all else of it is looked at here."""
        attachments = [(name, octets, WORD) for name, octets in FILES.items()]
        octets = message(ANN, [to], "The plan", "See there.", attachments=attachments)
        with self.site.hop() as hop:
            (said,) = self.site.send(ANN, [to], octets)
            assert said.startswith(answer), said
            if answer != "250":
                assert not hop.messages
                return ""
            (copy,) = [taken.octets for taken in hop.wait_messages()]
        assert not [name for name in FILES if name.encode() in copy]
        parsed = email.message_from_bytes(copy, policy=email.policy.default)
        assert parsed["Subject"] == "The plan"
        return str(parsed.get_body(("plain",)).get_content())

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
        pack = pack_in(stack.enter_context(folder("pack")), {"partners.yaml": PARTNERS}, replace={"  encrypted:\n": LINK})
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
