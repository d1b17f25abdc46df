"""STARTTLS towards a next hop: none, opportunistic, verified, and what an attacker in between may try."""

import asyncio
import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
import trustme

from gateway.errors import BadConfig
from tests.edges.relaying import LARGE, LOOPS, SMALL, A, copy_of, hand_over, relay_to, run, words
from tests.peers.hop import Action, Do, Peer, hop

OK, NO_TLS = "250 2.0.0", "451 4.7.5!"
pytestmark = pytest.mark.slow

INJECTED = b"220 2.0.0 go ahead\r\n250 2.0.0 injected\r\n"
HALF_INJECTED = b"220 2.0.0 go ahead\r\n250-SIZE 1"


@dataclass(frozen=True)
class World:
    good: ssl.SSLContext
    asks: ssl.SSLContext  # for a client certificate
    broken: ssl.SSLContext  # has no certificate: every handshake fails
    files: dict[str, Path]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("tls")
    ours, other = trustme.CA(), trustme.CA()
    server, client = ours.issue_cert("127.0.0.1", "mx.partner.example"), ours.issue_cert("gw.example", common_name="gateway")
    good, asks, broken = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(3))
    server.configure_cert(good)
    server.configure_cert(asks)
    ours.configure_trust(asks)
    asks.verify_mode = ssl.CERT_REQUIRED
    files = {name: folder / f"{name}.pem" for name in ("ca", "other_ca", "cert", "key")}
    ours.cert_pem.write_to_path(files["ca"])
    other.cert_pem.write_to_path(files["other_ca"])
    client.private_key_pem.write_to_path(files["key"])
    files["cert"].write_bytes(b"".join(blob.bytes() for blob in client.cert_chain_pems))
    return World(good, asks, broken, files)


@dataclass(frozen=True)
class Row:
    name: str
    tls: str
    offered: str | None  # attribute of World
    expect: str
    encrypted: bool = False
    script: Action | None = None  # at starttls
    settings: tuple[tuple[str, str], ...] = ()  # of these, ca, cert and key name files of World
    certificate: str | None = None


CA = ("ca", "ca")
ROWS = [
    Row("none: not even when offered", "none", "good", OK),
    Row("opportunistic: any certificate will do", "opportunistic", "good", OK, encrypted=True),
    Row("opportunistic: not offered", "opportunistic", None, OK),
    Row("opportunistic: refused", "opportunistic", "good", OK, script="454 4.7.0 not now"),
    Row("opportunistic: the handshake fails", "opportunistic", "broken", OK),
    Row("opportunistic: it drops", "opportunistic", "good", OK, script=Do.DROP),
    Row("opportunistic: response injection", "opportunistic", "good", OK, script=INJECTED),
    Row("opportunistic: it wants a certificate that we have not", "opportunistic", "asks", OK),
    Row("opportunistic: it wants a certificate", "opportunistic", "asks", OK, True, None, (("cert", "cert"), ("key", "key")), "gateway"),
    Row("verified", "verified", "good", OK, encrypted=True, settings=(CA,)),
    Row("verified under another name", "verified", "good", OK, encrypted=True, settings=(CA, ("tls_name", "mx.partner.example"))),
    Row("verified: wrong name", "verified", "good", NO_TLS, settings=(CA, ("tls_name", "mx.other.example"))),
    Row("verified: unknown authority", "verified", "good", NO_TLS, settings=(("ca", "other_ca"),)),
    Row("verified: the system's authorities do not know it", "verified", "good", NO_TLS),
    Row("verified: not offered", "verified", None, NO_TLS, settings=(CA,)),
    Row("verified: refused", "verified", "good", NO_TLS, script="454 4.7.0 not now", settings=(CA,)),
    Row("verified: the handshake fails", "verified", "broken", NO_TLS, settings=(CA,)),
    Row("verified: response injection", "verified", "good", NO_TLS, script=INJECTED, settings=(CA,)),
    Row("verified: half a response injected", "verified", "good", NO_TLS, script=HALF_INJECTED, settings=(CA,)),
    Row("verified with a client certificate", "verified", "asks", OK, True, None, (CA, ("cert", "cert"), ("key", "key")), "gateway"),
    Row("verified: it wants a certificate that we have not", "verified", "asks", "451 4.4.2", settings=(CA,)),
]


def settings_of(row: Row, world: World) -> dict[str, object]:
    return {"tls": row.tls} | {key: world.files.get(value, value) for key, value in row.settings}


def serving(row: Row, world: World):
    script = {} if row.script is None else {"starttls": row.script}
    return hop(script, tls=None if row.offered is None else getattr(world, row.offered))


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_starttls(row: Row, world: World, loop: str) -> None:
    with serving(row, world) as peer:
        first, second = hand_over(peer, copy_of(SMALL, A), copy_of(SMALL, A), loop=loop, **settings_of(row, world))

        assert words(first) == words(second) == [row.expect]
        assert [(taken.tls, taken.certificate) for taken in peer.messages] == [(row.encrypted, row.certificate)] * (2 * (row.expect == OK))
        said = [line for _, line in peer.lines if line.startswith("MAIL")]
        assert row.expect == OK or not said


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize(
    ("script", "expect"),
    [
        ({}, OK),
        ({"content": "552 5.3.4 enough"}, "552 5.3.4!"),
        ({"content": Do.HANG}, "451 4.4.2"),
        ({"content": Do.DROP}, "451 4.4.2"),
        ({"dot": Do.DROP}, "451 4.4.2?"),
        ({"dot": Do.KEEP_AND_DROP}, "451 4.4.2?"),
    ],
)
def test_much_content_under_tls(script: dict[str, Action], expect: str, world: World, loop: str) -> None:
    copy, short = copy_of(LARGE, A), {"reply_timeout": 0.5} if Do.HANG in script.values() else {}
    with hop(script, tls=world.good) as peer:
        (handed,) = hand_over(peer, copy, loop=loop, tls="verified", ca=world.files["ca"], **short)

        assert words(handed) == [expect]
        assert all(taken.octets == copy.head + LARGE for taken in peer.messages)
        assert len(peer.messages) == (expect == OK) + (script == {"dot": Do.KEEP_AND_DROP})


class _Silent:
    """In place of a context: it says 220, and then nothing."""

    def __init__(self) -> None:
        self.hears = threading.Event()

    def wrap_socket(self, connection: socket.socket, *, server_side: bool) -> NoReturn:
        assert server_side
        while connection.recv(65_536):
            self.hears.set()
        raise OSError("the client has gone")


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("tls", ["opportunistic", "verified"])
def test_a_handshake_that_hangs_ends_in_time(tls: str, world: World, loop: str) -> None:
    silent = _Silent()
    with hop(tls=silent) as peer:
        (handed,) = hand_over(peer, copy_of(SMALL, A), loop=loop, tls=tls, ca=world.files["ca"], connect_timeout=0.3)

        assert words(handed) == [NO_TLS if tls == "verified" else OK]
        assert silent.hears.is_set()


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("tls", ["opportunistic", "verified"])
def test_a_handshake_that_hangs_is_not_waited_for_at_a_stop(tls: str, world: World, loop: str) -> None:
    silent = _Silent()
    with hop(tls=silent) as peer:

        async def work() -> list[str]:
            relay, now = relay_to(peer, tls=tls, ca=world.files["ca"]), asyncio.get_running_loop().time
            begun = asyncio.ensure_future(relay.hand_over(copy_of(SMALL, A), now() + 60))
            assert await asyncio.to_thread(silent.hears.wait, 60)
            relay.stop()
            return words(await asyncio.wait_for(begun, 10))

        assert run(loop, work) == ["451 4.4.2"]
        peer.wait(lambda peer: peer.open == 0)
        assert peer.sessions == 1


def test_what_was_announced_in_clear_is_forgotten(world: World) -> None:
    greeting = ("250-hop.example\n250-STARTTLS\n250 SIZE 10", "250 hop.example\n250 PIPELINING")
    with hop({"ehlo": greeting}, tls=world.good) as peer:
        (handed,) = hand_over(peer, copy_of(SMALL, A), tls="opportunistic")

        assert words(handed) == [OK]
        assert [line for _, line in peer.lines if line.startswith("MAIL")] == ["MAIL FROM:<s@our.example>"]


@pytest.mark.parametrize("files", [{"ca": "missing.pem"}, {"cert": "missing.pem", "key": "missing.pem"}, {"ca": __file__}])
def test_a_file_that_cannot_be_used_is_said_at_the_start(files: dict[str, str]) -> None:
    with pytest.raises(BadConfig, match=r"next_hop\.partners: `ca`, `cert` or `key` cannot be used: .+; each must be a PEM file"):
        relay_to(Peer(1, {}), tls="verified", **files)
