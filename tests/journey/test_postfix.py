"""A real Postfix before the gateway, in each of the three positions, and a real one behind it.

Mail ends where the policy says. Delivered copies are the sender's octets, below one Received field for each server on the way; the last
hop is one that records octets, because a mailbox would not show them as they came.
"""

import itertools
import re
import smtplib
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.build import message, pdf, png, prose
from tests.journey.gateway import Gateway, gateway
from tests.journey.site import OWN, below_received, note, restricted
from tests.peers import free_port, needs_root
from tests.peers.hop import Peer, Taken, hop
from tests.peers.postfix import POSITIONS, Position, Postfix, postfix

pytestmark = [pytest.mark.peer, needs_root]

LISTENERS: Mapping[Position, Mapping[str, object]] = {
    "lmtp-filter": {"protocol": "lmtp"},
    "smtp-filter": {},
    "proxy-filter": {"position": "before-queue"},
}
COLLEAGUE, PARTNER, OUTSIDER, LIST = f"bea@{OWN}", "sam@legal.trusted.example", "kim@elsewhere.example", f"everyone@{OWN}"
NOBODY = "nobody@elsewhere.example"  # refused by the Postfix behind
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Chain:
    """Postfix → gateway → Postfix → where it ends."""

    before: Mapping[Position, Postfix]
    gateway: Gateway
    behind: Postfix
    ends: Mapping[str, Peer]  # by route: mailboxes, internet, encrypted

    def wait(self, end: str, sender: str, to: str) -> Taken:
        """The one copy for this recipient."""

        def found() -> list[Taken]:
            return [taken for taken in list(self.ends[end].messages) if taken.reverse_path == sender and to in taken.recipients]

        self.ends[end].wait(lambda _: bool(found()))
        (taken,) = found()
        return taken

    def settle(self) -> None:
        """Until nothing is under way in any Postfix."""
        for server in (*self.before.values(), self.behind):
            server.wait_empty()


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with ExitStack() as stack:
        ends = {name: stack.enter_context(hop()) for name in ("mailboxes", "internet", "encrypted")}
        to_ends = {OWN: f"smtp:[127.0.0.1]:{ends['mailboxes'].port}"}
        refuse = {"smtpd_recipient_restrictions": f"check_recipient_access inline:{{{NOBODY}=REJECT}}"}
        behind = stack.enter_context(postfix(transports=to_ends, relayhost=ends["internet"].port, settings=refuse))
        # Encrypted mail goes to a hop of its own: the gateway speaks to it alone.
        ports = {"mailboxes": behind.port, "internet": behind.port, "encrypted": ends["encrypted"].port}
        hops = {name: {"host": "127.0.0.1", "port": port} for name, port in ports.items()}
        running = stack.enter_context(gateway(hops, listeners=LISTENERS, domains=(OWN,)))
        before = {
            position: stack.enter_context(postfix(position=position, gateway_port=running.ports[position], relayhost=free_port()))
            for position in POSITIONS
        }
        yield Chain(before, running, behind, ends)


def by_swaks(server: Postfix, sender: str, to: list[str], octets: bytes) -> None:
    command = ["swaks", "--server", f"127.0.0.1:{server.port}", "--from", sender, "--to", ",".join(to), "--data", "-", "--suppress-data"]
    lines = octets.replace(b"\r\n", b"\n").removesuffix(b"\n")  # it adds the last line end itself
    done = subprocess.run(command, input=lines, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


def by_python(server: Postfix, sender: str, to: list[str], octets: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as client:
        assert client.sendmail(sender, to, octets) == {}


def by_sendmail(server: Postfix, sender: str, to: list[str], octets: bytes) -> None:
    subprocess.run([*server.sendmail, "-i", "-f", sender, *to], input=octets.replace(b"\r\n", b"\n"), check=True)


WAYS = {"swaks": by_swaks, "Python": by_python, "sendmail": by_sendmail}
# What sendmail picks up never meets a before-queue filter: that one sits in Postfix's SMTP server.
PAIRS = [(position, way) for position in POSITIONS for way in WAYS if (position, way) != ("proxy-filter", "sendmail")]


@pytest.mark.parametrize(("position", "way"), PAIRS)
def test_each_recipient_gets_what_the_policy_says(chain: Chain, position: Position, way: str) -> None:
    sender, to = f"alex-{next(_numbers)}@{OWN}", [COLLEAGUE, PARTNER, OUTSIDER, LIST]
    octets = restricted(sender, to)
    WAYS[way](chain.before[position], sender, to, octets)

    assert below_received(chain.wait("mailboxes", sender, COLLEAGUE).octets, 3) == octets
    assert below_received(chain.wait("encrypted", sender, PARTNER).octets, 2) == octets
    (report,) = _reports(chain, sender)
    assert f"Final-Recipient: rfc822; {LIST}\r\n".encode() in report
    assert list(chain.gateway.cases(sender).values()) == [[OUTSIDER]]
    chain.settle()
    assert [taken.recipients for taken in _all_from(chain, sender)] == [(COLLEAGUE,), (PARTNER,)]


@pytest.mark.parametrize(("position", "way"), PAIRS)
def test_mail_that_no_rule_is_about_arrives_everywhere_octet_for_octet(chain: Chain, position: Position, way: str) -> None:
    sender, to = f"communications@{OWN}", [COLLEAGUE, PARTNER, OUTSIDER, LIST]
    subject = f"News {next(_numbers)}"
    octets = _odd_but_lawful(sender, to, subject)
    WAYS[way](chain.before[position], sender, to, octets)

    chain.settle()
    copies = [taken for taken in _all_from(chain, sender) if subject.encode() in taken.octets]
    assert sorted(recipient for taken in copies for recipient in taken.recipients) == sorted(to)
    assert {below_received(taken.octets, 3) for taken in copies} == {octets}


@pytest.mark.parametrize("position", POSITIONS)
def test_a_dkim_signature_still_verifies_at_the_end(chain: Chain, position: Position) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    sender, to = f"alex-{next(_numbers)}@{OWN}", [COLLEAGUE, OUTSIDER]
    octets = message(sender, to, "Gemäß Vereinbarung", prose(300), attachments=[("a.pdf", pdf(["Plan."]), "application/pdf")])
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    signed = dkim.sign(octets, b"s1", OWN.encode(), pem, canonicalize=(b"simple", b"simple")) + octets
    by_python(chain.before[position], sender, to, signed)

    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    for end, recipient in (("mailboxes", COLLEAGUE), ("internet", OUTSIDER)):
        arrived = chain.wait(end, sender, recipient).octets
        assert dkim.verify(arrived, dnsfunc=_dns(der))
        assert not dkim.verify(arrived.replace(b"Vereinbarung", b"vereinbarung").replace(b"Date: Mon", b"Date: Tue"), dnsfunc=_dns(der))


def test_nobody_learns_of_a_hidden_recipient(chain: Chain) -> None:
    sender, hidden = f"alex-{next(_numbers)}@{OWN}", "hidden@elsewhere.example"
    octets = note(sender, [COLLEAGUE, OUTSIDER])
    by_python(chain.before["lmtp-filter"], sender, [COLLEAGUE, OUTSIDER, hidden], octets)

    for end, recipient in (("mailboxes", COLLEAGUE), ("internet", OUTSIDER), ("internet", hidden)):
        assert b"hidden@" not in chain.wait(end, sender, recipient).octets


def test_before_queue_a_refusal_by_the_hop_is_heard_by_the_client(chain: Chain) -> None:
    sender = f"alex-{next(_numbers)}@{OWN}"
    with pytest.raises(smtplib.SMTPDataError) as refused:
        by_python(chain.before["proxy-filter"], sender, [NOBODY], note(sender, [NOBODY]))

    assert refused.value.smtp_code == 554
    assert b"5.7.1" in refused.value.smtp_error
    assert chain.before["proxy-filter"].queue() == []


# --- small things -------------------------------------------------------------------------------------------------------


def _all_from(chain: Chain, sender: str) -> list[Taken]:
    return [
        taken for end in ("mailboxes", "internet", "encrypted") for taken in list(chain.ends[end].messages) if taken.reverse_path == sender
    ]


def _reports(chain: Chain, sender: str) -> list[bytes]:
    """The DSNs that the sender has got; there is to be one at least."""

    def found() -> list[bytes]:
        return [t.octets for t in list(chain.ends["mailboxes"].messages) if t.recipients == (sender,) and b"\nReporting-MTA: " in t.octets]

    chain.ends["mailboxes"].wait(lambda _: bool(found()))
    return found()


def _odd_but_lawful(sender: str, to: list[str], subject: str) -> bytes:
    """What careless software would mend: blanks at line ends, lines of dots, an empty preamble, odd case, folded fields."""
    octets = message(
        sender,
        to,
        subject,
        ".\n..\n. dot\nblanks  \nFrom here\n\ttab",
        html="<p>.</p>\n<p>Hi</p>",
        inline=[("p1", "p.png", png(), "image/png")],
    )
    return re.sub(rb"(?m)^Subject: ", b"X-Odd:  two  blanks \r\n\tand folded\r\nSUBJECT:  ", octets)


def _dns(key: bytes):
    """The one name that there is in this test's DNS."""
    import base64

    def answer(name: bytes, timeout: int = 5) -> bytes:
        del timeout
        assert name == f"s1._domainkey.{OWN}.".encode()
        return b"v=DKIM1; k=rsa; p=" + base64.b64encode(key)

    return answer
