"""Mail that goes by link or is signed, with a real Postfix on both sides: Postfix → gateway → Postfix → where it ends."""

import re
import smtplib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.journey.gateway import Gateway, gateway
from tests.journey.site import OWN
from tests.peers import free_port
from tests.peers.hop import Peer, hop
from tests.peers.postfix import Postfix, postfix


@dataclass
class Chain:
    """Colleagues' mail ends in `mailboxes`, others' in `internet`; what goes encrypted goes from the gateway to `encrypted` at once."""

    gateway: Gateway
    behind: Postfix
    ends: dict[str, Peer]
    url: str  # of the portal
    stack: ExitStack
    records: dict[str, str] = field(default_factory=dict)  # what `outgate dkim new-key` has printed
    before: Postfix | None = None

    def new_key(self, *words: str) -> None:
        said = self.gateway.run("dkim", "new-key", OWN, *words)
        name, _, pieces = re.search(r"^ +(\S+)\. 3600 (IN TXT) \(\n(.*?)\)$", said, re.MULTILINE | re.DOTALL).groups()
        self.records[name] = "".join(re.findall(r'"([^"]*)"', pieces))

    def sign_by(self, section: str) -> None:
        """The section [dkim] of our domain, in place of any before."""
        text = self.gateway.config.read_text().partition("[dkim.")[0]
        self.gateway.config.write_text(f'{text}[dkim."{OWN}"]\n{section}\n')

    def start(self) -> None:
        self.gateway.start()
        where = {"gateway_port": self.gateway.ports["lmtp"], "relayhost": self.behind.port}
        self.before = self.stack.enter_context(postfix(position="lmtp-filter", **where))

    def send(self, sender: str, to: list[str], octets: bytes, port: int = 0) -> None:
        with smtplib.SMTP("127.0.0.1", port or self.before.port, timeout=120) as client:
            assert client.sendmail(sender, to, octets) == {}

    def arrived(self, end: str, to: str, is_it: Callable[[bytes], bool]) -> list[bytes]:
        """Every such message for this recipient, once there is one."""

        def found() -> list[bytes]:
            return [taken.octets for taken in list(self.ends[end].messages) if to in taken.recipients and is_it(taken.octets)]

        self.ends[end].wait(lambda _: bool(found()))
        return found()


@contextmanager
def chain(pack: Path, trigger_header: str, **listeners: dict[str, object]) -> Iterator[Chain]:
    """All but what Chain.start starts: keys are made first. `trigger_header`: of the hop that encrypts; `listeners`: besides LMTP."""
    with ExitStack() as stack:
        ends = {name: stack.enter_context(hop()) for name in ("mailboxes", "internet", "encrypted")}
        to_ends = {OWN: f"smtp:[127.0.0.1]:{ends['mailboxes'].port}"}
        behind = stack.enter_context(postfix(transports=to_ends, relayhost=ends["internet"].port))
        hops = {name: {"host": "127.0.0.1", "port": behind.port} for name in ("mailboxes", "internet")}
        hops["encrypted"] = {"host": "127.0.0.1", "port": ends["encrypted"].port, "trigger_header": trigger_header}
        url = f"http://127.0.0.1:{free_port()}"
        extra = f'[place.own]\nkind = "own"\n[portal]\nurl = "{url}"\naddress = "{url.removeprefix("http://")}"\n'
        told = {"lmtp": {"protocol": "lmtp"}, **listeners}
        running = stack.enter_context(gateway(hops, listeners=told, pack=pack, domains=(OWN,), extra=extra, start=False))
        yield Chain(running, behind, ends, url, stack)
