"""Files that go by link, from the sender's Postfix to the recipient's browser: which are replaced, what else arrives, who opens what."""

import email
import email.policy
import hashlib
import itertools
import re
import smtplib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from gateway.mime.decode import decode
from gateway.parse import parse_buffer
from tests.build import docx, message, pdf, png
from tests.edges.signatures import signatures, verified
from tests.journey.gateway import Gateway, gateway, pack_in
from tests.journey.site import OWN, WORD
from tests.peers import folder, free_port, needs_root
from tests.peers.hop import Peer, hop
from tests.peers.postfix import Postfix, postfix
from tests.web.chromium import PHONE, chromium, context, violations

pytestmark = [pytest.mark.peer, pytest.mark.slow, needs_root]

MB = 1_048_576
PDF = "application/pdf"
OUTSIDER, PARTNER = "kim@elsewhere.example", "sam@legal.trusted.example"
LIMITED = """\
  encrypted:
    {kind: relay, next_hop: encrypted, not_for: colleagues, provides: [protected-files, protected-message], limits: {attachments: 12MB},
     clause: encrypted email}
"""
ENCRYPTED = re.compile(r"  encrypted:\n.*?clause: encrypted email}\n", re.DOTALL)
_numbers = itertools.count(1)


@dataclass
class Chain:
    """Postfix → gateway → Postfix → where it ends."""

    gateway: Gateway
    before: Postfix
    ends: dict[str, Peer]
    url: str
    records: dict[str, str]

    def send(self, sender: str, to: list[str], octets: bytes) -> None:
        with smtplib.SMTP("127.0.0.1", self.before.port, timeout=120) as client:
            assert client.sendmail(sender, to, octets) == {}

    def arrived(self, end: str, to: str, words: str, seconds: float = 60) -> list[bytes]:
        """Every message for this recipient with these words in its header section, once there is one."""

        def found() -> list[bytes]:
            mails = [taken.octets for taken in list(self.ends[end].messages) if to in taken.recipients]
            return [octets for octets in mails if words.encode() in octets.partition(b"\r\n\r\n")[0]]

        self.ends[end].wait(lambda _: bool(found()), seconds)
        return found()


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with ExitStack() as stack:
        ends = {name: stack.enter_context(hop()) for name in ("mailboxes", "internet", "encrypted")}
        to_ends = {OWN: f"smtp:[127.0.0.1]:{ends['mailboxes'].port}"}
        behind = stack.enter_context(postfix(transports=to_ends, relayhost=ends["internet"].port))
        hops = {name: {"host": "127.0.0.1", "port": behind.port} for name in ("mailboxes", "internet")}
        hops["encrypted"] = {"host": "127.0.0.1", "port": ends["encrypted"].port, "trigger_header": "X-Encrypt: yes"}
        pack = pack_in(stack.enter_context(folder("pack")), {})
        text = (pack / "pack.yaml").read_text()
        (pack / "pack.yaml").write_text(ENCRYPTED.sub(lambda _: LIMITED, text, count=1))
        url = f"http://127.0.0.1:{free_port()}"
        extra = f'[place.own]\nkind = "own"\n[portal]\nurl = "{url}"\naddress = "{url.removeprefix("http://")}"\n'
        listeners = {"lmtp": {"protocol": "lmtp"}}
        running = stack.enter_context(gateway(hops, listeners=listeners, pack=pack, domains=(OWN,), extra=extra, start=False))
        said = running.run("dkim", "new-key", OWN, "--selector", "r1")
        name, _, pieces = re.search(r"^ +(\S+)\. 3600 (IN TXT) \(\n(.*?)\)$", said, re.MULTILINE | re.DOTALL).groups()
        with running.config.open("a") as config:
            config.write(f'[dkim."{OWN}"]\nsign = {{r1 = "var/dkim/{OWN}.r1.key"}}\n')
        running.start()
        before = stack.enter_context(postfix(position="lmtp-filter", gateway_port=running.ports["lmtp"], relayhost=free_port()))
        yield Chain(running, before, ends, url, {name: "".join(re.findall(r'"([^"]*)"', pieces))})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def subject() -> str:
    return f"Number-{next(_numbers)}"


def parts_of(octets: bytes) -> list[tuple[str, bytes]]:
    """Names and encoded octets of every leaf."""
    found = parse_buffer(octets)
    holders = {part.parent for part in found.parts}
    return [(" ".join(part.names), octets[part.header.start : part.body.end]) for part in found.parts if part.id not in holders]


def decoded(octets: bytes, name: str) -> bytes:
    part = next(one for one in parse_buffer(octets).parts if name in one.names)
    return b"".join(decode(octets, part.body, part.encoding))


def link_in(octets: bytes, url: str) -> str:
    body = email.message_from_bytes(octets, policy=email.policy.default).get_body(("plain",)).get_content()
    (link,) = set(re.findall(rf"{re.escape(url)}/#\S+", body))
    return link


def is_the_rest(copy: bytes, octets: bytes, *gone: str) -> None:
    """Everything but the files that went is there, octet for octet, and the words say that they went."""
    before, after = parts_of(octets), parts_of(copy)
    kept = [(name, part) for name, part in before if name not in gone]
    assert [name for name, _ in after] == [name for name, _ in kept]
    assert after[1:] == kept[1:]
    assert after[0][1].endswith(kept[0][1].partition(b"\r\n\r\n")[2])
    assert b"The files are not in this email." in after[0][1]
    assert not [name for name in gone if name.encode() in copy]


def fetched(chain: Chain, browser: Browser, link: str, to: str, folder: Path, about: str, **options: object) -> dict[str, bytes]:
    """As the recipient, in Chromium, with the code from the mail: every file by its name."""
    with context(browser, **options) as visit:
        page = visit.new_page()
        page.goto(link)
        seen = len(chain.ends["internet"].messages)
        page.locator("main form button").first.click()
        chain.ends["internet"].wait(lambda _: any(to in one.recipients for one in list(chain.ends["internet"].messages)[seen:]))
        mail = next(one.octets for one in list(chain.ends["internet"].messages)[seen:] if to in one.recipients)
        text = email.message_from_bytes(mail, policy=email.policy.default).get_content()
        page.fill("#code", "".join(re.search(r"^ {4}(\d{4}) (\d{4})\s*$", text, re.MULTILINE).groups()))
        page.locator("main form button").first.click()
        assert violations(page) == []
        page.screenshot(path=folder / f"{about}.png", full_page=True)
        found = {}
        for button in page.locator(".files a.button").all():
            with page.expect_download() as download:
                button.click()
            download.value.save_as(folder / "file")
            found[download.value.suggested_filename] = (folder / "file").read_bytes()
        return found


def test_a_public_pdf_that_is_too_large_for_the_recipient(chain: Chain, browser: Browser, tmp_path: Path) -> None:
    sender, about = f"ann@{OWN}", subject()
    file = pdf(["Annual report"], header="PUBLIC", pad_octets=25 * MB)
    octets = message(
        sender, [OUTSIDER], about, "Dear Kim,\n\nhere it is.", html="<p>Dear Kim,</p>", attachments=[("Report.pdf", file, PDF)]
    )
    chain.send(sender, [OUTSIDER], octets)

    (copy,) = chain.arrived("internet", OUTSIDER, about)
    assert len(copy) < 20_000
    assert [name for name, _ in parts_of(copy)] == ["", ""]
    html = email.message_from_bytes(copy, policy=email.policy.default).get_body(("html",)).get_content()
    link = link_in(copy, chain.url)
    assert f'<a href="{link}"' in html.replace("\n", " ")
    assert "- File 1: PDF, 25" in copy.decode()
    assert verified(copy, chain.records) == [True]
    assert fetched(chain, browser, link, OUTSIDER, tmp_path, "desktop") == {"Report.pdf": file}


def test_a_confidential_document_to_an_outsider(chain: Chain, browser: Browser, tmp_path: Path) -> None:
    sender, about = f"ann@{OWN}", subject()
    file = docx(["A."], header="CONFIDENTIAL")
    octets = message(sender, [OUTSIDER], about, "See there.", attachments=[("plan.docx", file, WORD)])
    chain.send(sender, [OUTSIDER], octets)

    (copy,) = chain.arrived("internet", OUTSIDER, about)
    is_the_rest(copy, octets, "plan.docx")
    assert [tags["s"] for tags in signatures(copy)] == ["r1"]
    assert verified(copy, chain.records) == [True]
    phone = fetched(chain, browser, link_in(copy, chain.url), OUTSIDER, tmp_path, "phone", viewport=PHONE)
    assert phone == {"plan.docx": file}
    receipt = next(one for one in chain.arrived("mailboxes", sender, "Sent, with a link instead of a file") if b"plan.docx" in one)
    assert OUTSIDER.encode() in receipt
    assert f"{chain.url}/#".encode() in receipt.replace(b"=\r\n", b"").replace(b"=23", b"#")


def test_a_large_restricted_file_whose_covering_mail_is_encrypted_or_waits(chain: Chain) -> None:
    sender, about = f"ann@{OWN}", subject()
    file = docx(["A."], header="RESTRICTED", pad_octets=30 * MB)
    octets = message(sender, [PARTNER], about, "See there.", attachments=[("plan.docx", file, WORD)])
    chain.ends["encrypted"].script[f"rcpt {PARTNER}"] = ("451 4.3.0 not now", "250 2.1.5 ok")
    chain.send(sender, [PARTNER], octets)

    chain.before.wait_deferred()
    assert not chain.ends["encrypted"].messages
    assert _shares(chain, PARTNER) == ["undone"]
    chain.before.flush()
    (copy,) = chain.arrived("encrypted", PARTNER, about)
    assert b"X-Encrypt: yes\r\n" in copy
    assert b"plan.docx, 30" in copy  # the encrypted mail may name it
    assert not [one for one in chain.ends["internet"].messages if PARTNER in one.recipients]
    assert _shares(chain, PARTNER) == ["open"]
    assert link_in(copy, chain.url)


def _shares(chain: Chain, to: str) -> list[str]:
    """The states of all shares that this person is in."""
    query = "SELECT share.state FROM share JOIN share_grant ON share.id = share_id WHERE address = "
    return [state for (state,) in chain.gateway.rows(f"{query} '{to}'")]


def test_of_five_files_two_go_by_link(chain: Chain, browser: Browser, tmp_path: Path) -> None:
    sender, about = f"ann@{OWN}", subject()
    secret = [docx([f"{number}."], header="CONFIDENTIAL") for number in (1, 2)]
    files = [
        ("map.pdf", pdf(["Map."], header="PUBLIC"), PDF),
        ("one.docx", secret[0], WORD),
        ("notes.txt", b"Notes.\r\n" * 9, "text/plain"),
        ("two.docx", secret[1], WORD),
        ("plan.png", png(), "image/png"),
    ]
    octets = message(sender, [OUTSIDER, f"bea@{OWN}"], about, "Grüße aus Köln", attachments=files)
    chain.send(sender, [OUTSIDER, f"bea@{OWN}"], octets)

    (copy,) = chain.arrived("internet", OUTSIDER, about)
    (whole,) = chain.arrived("mailboxes", f"bea@{OWN}", about)
    is_the_rest(copy, octets, "one.docx", "two.docx")
    assert whole.endswith(octets)
    for name, content, _ in (files[0], files[2], files[4]):
        assert hashlib.sha256(decoded(copy, name)).digest() == hashlib.sha256(content).digest()
    assert verified(copy, chain.records) == [True]
    assert fetched(chain, browser, link_in(copy, chain.url), OUTSIDER, tmp_path, "two") == {"one.docx": secret[0], "two.docx": secret[1]}
