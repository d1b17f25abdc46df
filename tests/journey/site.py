"""A gateway among its next hops: ports that it knows, behind which each test puts a hop of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.build import docx, message
from tests.journey.client import send
from tests.journey.gateway import REPOSITORY, Gateway, gateway
from tests.peers import free_port
from tests.peers.hop import Peer, hop

OWN = "sender.example"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ROUTES = ("mailboxes", "internet", "encrypted")


@dataclass
class Site:
    """`gateway` and, of its hops, the ports; notices have a hop of their own, which is always there."""

    gateway: Gateway
    hops: Mapping[str, int]
    notices: Peer

    @contextmanager
    def hop(self, name: str = "internet", script: Mapping[str, Any] | None = None, **settings: Any) -> Iterator[Peer]:
        """Something behind the port of this next hop."""
        with hop(script, port=self.hops[name], **settings) as peer:
            yield peer

    def send(self, sender: str, recipients: list[str], octets: bytes, *, listener: str = "smtp", parameters: str = "") -> list[str]:
        """To a listener whose name says its protocol; the answers."""
        return send(self.gateway.ports[listener], sender, recipients, octets, lmtp=listener.startswith("lmtp"), parameters=parameters)

    def told(self, address: str) -> list[bytes]:
        """The notices that this address has got so far."""
        return [taken.octets for taken in list(self.notices.messages) if address in taken.recipients]

    def wait_told(self, address: str, count: int = 1, seconds: float = 60) -> list[bytes]:
        self.notices.wait(lambda _: len(self.told(address)) >= count, seconds)
        return self.told(address)


@contextmanager
def site(
    *,
    listeners: Mapping[str, Mapping[str, object]] | None = None,
    settings: Mapping[str, Mapping[str, object]] | None = None,
    pack: Path = REPOSITORY / "rules" / "starter",
    **rest: Any,
) -> Iterator[Site]:
    """`settings` are of a next hop, by its name; `rest` goes to gateway()."""
    ports = {name: free_port() for name in ROUTES}
    with hop() as notices:
        hops = {name: {"host": "127.0.0.1", "port": port, **(settings or {}).get(name, {})} for name, port in ports.items()}
        hops["notices"] = {"host": "127.0.0.1", "port": notices.port}
        chosen = listeners or {"smtp": {}, "lmtp": {"protocol": "lmtp"}}
        with gateway(hops, listeners=chosen, pack=pack, domains=(OWN,), notices="notices", **rest) as running:
            yield Site(running, ports, notices)


def note(sender: str, recipients: list[str], subject: str = "For your information", text: str = "Hello.", **rest: Any) -> bytes:
    """A small message that every rule of the starter pack lets go to anybody."""
    return message(sender, recipients, subject, text, **rest)


def restricted(sender: str, recipients: list[str], subject: str = "The plan", **rest: Any) -> bytes:
    """A message with a Word file whose page header says RESTRICTED."""
    return message(sender, recipients, subject, "See there.", attachments=[("plan.docx", docx(["A."], header="RESTRICTED"), WORD)], **rest)


def below_received(octets: bytes, fields: int = 1) -> bytes:
    """What stands below so many Received fields at the top."""
    for _ in range(fields):
        assert octets.startswith(b"Received: "), octets[:200]
        end = octets.index(b"\r\n") + 2
        while octets[end : end + 1] in (b" ", b"\t"):
            end = octets.index(b"\r\n", end) + 2
        octets = octets[end:]
    return octets
