"""Mail that the gateway has changed or written, as it comes to its end behind a real Postfix: signed, by keys that commands have made.

`outgate dkim new-key` makes them, what it prints stands in a name server, `outgate dkim check` finds it there, and receivers verify by it.
"""

import itertools
import re
import smtplib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import dkim
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.build import docx, message, pdf, prose
from tests.edges.signatures import key, signatures, verified
from tests.journey.gateway import Gateway, gateway, pack_in
from tests.journey.site import OWN, WORD, below_received
from tests.peers import folder, free_port, needs_root, wait_until
from tests.peers.hop import Peer, hop
from tests.peers.names import names
from tests.peers.postfix import Postfix, postfix

pytestmark = [pytest.mark.peer, needs_root]

COLLEAGUE, OUTSIDER = f"bea@{OWN}", "kim@elsewhere.example"
STAMP = "  - id: stamped\n    when: {audience: outsiders}\n    stamp: {X-Council-Marking: official}\n"
LINK = """\
  link:
    {kind: share, place: own, not_for: colleagues, provides: [protected-files], expires: {after: 60d}, clause: our own links}
  own-link:"""
_numbers = itertools.count(1)


@dataclass
class Chain:
    """Postfix → gateway → Postfix → where it ends; and a name server that knows what the commands have printed."""

    gateway: Gateway
    before: Postfix
    ends: dict[str, Peer]
    server: str
    records: dict[str, str] = field(default_factory=dict)

    def new_key(self, *words: str) -> None:
        """Made by the command, and published as it says."""
        said = self.gateway.run("dkim", "new-key", OWN, *words)
        name, _, pieces = re.search(r"^ +(\S+)\. 3600 (IN TXT) \(\n(.*?)\)$", said, re.MULTILINE | re.DOTALL).groups()
        self.records[name] = "".join(re.findall(r'"([^"]*)"', pieces))

    def published(self) -> dict[str, tuple[str, ...]]:
        return {name: (" ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255)),) for name, text in self.records.items()}

    def configure(self, section: str) -> None:
        text = self.gateway.config.read_text().partition("[dkim.")[0]
        self.gateway.config.write_text(f'{text}[dkim."{OWN}"]\n{section}\n')

    def send(self, sender: str, to: list[str], octets: bytes, port: int = 0) -> None:
        with smtplib.SMTP("127.0.0.1", port or self.before.port, timeout=60) as client:
            assert client.sendmail(sender, to, octets) == {}

    def wait(self, end: str, to: str, words: bytes) -> bytes:
        """The one message for this recipient that has these words in it."""

        def found() -> list[bytes]:
            return [taken.octets for taken in list(self.ends[end].messages) if to in taken.recipients and words in taken.octets]

        self.ends[end].wait(lambda _: bool(found()))
        (octets,) = found()
        return octets


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with ExitStack() as stack:
        ends = {name: stack.enter_context(hop()) for name in ("mailboxes", "internet", "encrypted")}
        to_ends = {OWN: f"smtp:[127.0.0.1]:{ends['mailboxes'].port}"}
        behind = stack.enter_context(postfix(transports=to_ends, relayhost=ends["internet"].port))
        hops = {name: {"host": "127.0.0.1", "port": behind.port} for name in ("mailboxes", "internet")}
        hops["encrypted"] = {"host": "127.0.0.1", "port": ends["encrypted"].port, "trigger_header": "X-Route: 4711"}
        pack = pack_in(stack.enter_context(folder("pack")), {}, replace={"never:  ": f"{STAMP}\nnever:  ", "  own-link:": LINK})
        port = free_port()
        listeners = {"lmtp": {"protocol": "lmtp"}, "smtp": {}}
        extra = f'[place.own]\nkind = "own"\n[portal]\nurl = "http://127.0.0.1:{port}"\naddress = "127.0.0.1:{port}"\n'
        running = stack.enter_context(gateway(hops, listeners=listeners, pack=pack, domains=(OWN,), extra=extra, start=False))
        published: dict[str, tuple[str, ...]] = {}
        found = Chain(running, None, ends, stack.enter_context(names(published)))
        for words in (("--selector", "r1"), ("--selector", "e1", "--type", "ed25519")):
            found.new_key(*words)
        published.update(found.published())
        found.configure(f'sign = {{r1 = "var/dkim/{OWN}.r1.key", e1 = "var/dkim/{OWN}.e1.key"}}')
        running.start()
        found.before = stack.enter_context(postfix(position="lmtp-filter", gateway_port=running.ports["lmtp"], relayhost=behind.port))
        yield found


def subject() -> str:
    return f"Number {next(_numbers)}"


def signed_upstream(octets: bytes, *more: bytes) -> bytes:
    """As a server before the gateway signs, with a key of its own and the domain of the sender."""
    private = key("rsa", "s1").private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    fields = (b"from", b"to", b"subject", b"date", b"message-id", b"content-type", *more)
    return dkim.sign(octets, b"s1", OWN.encode(), private, include_headers=fields) + octets


def upstream(chain: Chain) -> dict[str, str]:
    return {**chain.records, f"s1._domainkey.{OWN}": key("rsa", "s1").record}


def test_the_command_finds_the_records_that_the_command_printed(chain: Chain) -> None:
    said = chain.gateway.run("dkim", "check", "--server", chain.server)

    assert said == (
        f"ok    r1._domainkey.{OWN} (signs): the record is that of the key\n"
        f"ok    e1._domainkey.{OWN} (signs): the record is that of the key\n"
    )


def test_a_stamped_message_verifies_and_what_nobody_changed_has_no_signature_of_ours(chain: Chain) -> None:
    sender, about = f"alex@{OWN}", subject()
    attached = [("a.pdf", pdf(["Plan."]), "application/pdf")]
    octets = message(sender, [COLLEAGUE, OUTSIDER], about, f"Grüße.\n\n{prose(300)}\n\n\n", attachments=attached)
    chain.send(sender, [COLLEAGUE, OUTSIDER], octets)

    arrived = chain.wait("internet", OUTSIDER, about.encode())
    assert b"X-Council-Marking: official\r\n" in arrived
    assert arrived.endswith(octets)
    assert [tags["s"] for tags in signatures(arrived)] == ["r1", "e1"]
    assert verified(arrived, chain.records) == [True, True]
    assert verified(arrived.replace(b"Marking: official", b"Marking: public"), chain.records) == [False, False]
    assert below_received(chain.wait("mailboxes", COLLEAGUE, about.encode()), 3) == octets


def test_a_signature_of_our_own_that_the_stamp_breaks_is_replaced(chain: Chain) -> None:
    """The sender's server signed a field that only rules may set: the field goes, and the signature over it."""
    sender, about = f"alex@{OWN}", subject()
    forged = b"X-Council-Marking: public\r\n" + message(sender, [OUTSIDER], about, "Hello.")
    octets = signed_upstream(forged, b"x-council-marking", b"x-council-marking")
    assert verified(octets, upstream(chain)) == [True]
    chain.send(sender, [OUTSIDER, COLLEAGUE], octets)

    for end, to in (("internet", OUTSIDER), ("mailboxes", COLLEAGUE)):
        arrived = chain.wait(end, to, about.encode())
        assert b"public" not in arrived
        assert [tags["s"] for tags in signatures(arrived)] == ["r1", "e1"]
        assert verified(arrived, upstream(chain)) == [True, True]


def test_a_signature_of_our_own_that_is_still_good_stays(chain: Chain) -> None:
    sender, about = f"alex@{OWN}", subject()
    chain.send(sender, [OUTSIDER, COLLEAGUE], signed_upstream(message(sender, [OUTSIDER], about, "Hello.")))

    stamped = chain.wait("internet", OUTSIDER, about.encode())
    assert [tags["s"] for tags in signatures(stamped)] == ["r1", "e1", "s1"]
    assert verified(stamped, upstream(chain)) == [True, True, True]
    untouched = chain.wait("mailboxes", COLLEAGUE, about.encode())
    assert [tags["s"] for tags in signatures(untouched)] == ["s1"]
    assert verified(untouched, upstream(chain)) == [True]


def test_what_postfix_adds_to_mail_that_lacks_it_breaks_nothing(chain: Chain) -> None:
    """Date and Message-ID: a Postfix behind the gateway puts them into what local programs send without."""
    sender, about = f"program@{OWN}", subject()
    octets = f"From: {sender}\r\nTo: {OUTSIDER}\r\nSubject: {about}\r\n\r\nHello.\r\n".encode()
    chain.send(sender, [OUTSIDER], octets, chain.gateway.ports["smtp"])

    arrived = chain.wait("internet", OUTSIDER, about.encode())
    assert b"\r\nMessage-Id: <" in arrived
    assert verified(arrived, chain.records) == [True, True]


def test_a_notice_and_what_is_let_go_later_verify(chain: Chain) -> None:
    sender, about = f"sam@{OWN}", subject()
    attached = [("plan.docx", docx(["A."], header="RESTRICTED"), WORD)]
    chain.send(sender, [OUTSIDER], message(sender, [OUTSIDER], about, "See there.", attachments=attached))
    notice = chain.wait("mailboxes", sender, b"Subject: Not sent")
    ((case, _),) = chain.gateway.cases(sender).items()
    chain.gateway.run("hold", "release", case, "--by", "the test", "--why", "it may go")

    assert [(tags["d"], tags["s"]) for tags in signatures(notice)] == [(OWN, "r1"), (OWN, "e1")]
    assert verified(notice, chain.records) == [True, True]
    released = chain.wait("encrypted", OUTSIDER, about.encode())
    assert b"X-Route: 4711\r\nX-Council-Marking: official\r\n" in released
    assert verified(released, chain.records) == [True, True]
    assert verified(released.replace(b"X-Route: 4711\r\n", b""), chain.records) == [True, True]  # that hop takes it off


def test_a_copy_whose_file_went_by_link_verifies_and_so_does_its_receipt(chain: Chain) -> None:
    sender, about = f"lou@{OWN}", subject()
    files = [("plan.docx", docx(["A."], header="CONFIDENTIAL"), WORD), ("map.pdf", pdf(["Map."]), "application/pdf")]
    octets = signed_upstream(message(sender, [OUTSIDER], about, "Grüße.\n\n", attachments=files))
    theirs = b"DKIM-Signature: v=1; a=rsa-sha256; d=else.example; s=x; h=from; bh=AAAA; b=AAAA\r\n"
    chain.send(sender, [OUTSIDER], theirs + octets)

    arrived = chain.wait("internet", OUTSIDER, about.encode())
    assert b"map.pdf" in arrived
    assert b"plan.docx" not in arrived
    assert [(tags["d"], tags["s"]) for tags in signatures(arrived)] == [(OWN, "r1"), (OWN, "e1"), ("else.example", "x")]
    assert verified(arrived, upstream(chain)) == [True, True, False]
    assert theirs in arrived
    receipt = chain.wait("mailboxes", sender, b"Subject: ")
    assert verified(receipt, chain.records) == [True, True]


def test_a_reload_signs_with_the_next_key(chain: Chain) -> None:
    chain.new_key("--selector", "r2")
    chain.configure(f'sign = {{r2 = "var/dkim/{OWN}.r2.key"}}\nstandby = {{r1 = "var/dkim/{OWN}.r1.key"}}')
    assert {event["event"] for event in chain.gateway.reload()} == {"policy.loaded"}
    sender, about = f"alex@{OWN}", subject()
    chain.send(sender, [OUTSIDER], message(sender, [OUTSIDER], about, "Hello."))

    arrived = chain.wait("internet", OUTSIDER, about.encode())
    assert [tags["s"] for tags in signatures(arrived)] == ["r2"]
    assert verified(arrived, chain.records) == [True]


def test_a_key_that_others_may_read_changes_nothing(chain: Chain) -> None:
    path = chain.gateway.directory / "var" / "dkim" / f"{OWN}.r2.key"
    path.chmod(0o644)
    try:
        events = chain.gateway.reload()
    finally:
        path.chmod(0o600)

    assert {event["event"] for event in events} == {"policy.rejected"}
    assert all("may be read by others: chmod 600" in problem for event in events for problem in event["problems"])
    wait_until(lambda: chain.gateway.process is not None, "it serves on", 5)
