"""A next hop that does what its script says, and records every message it takes.

    with hop({"rcpt b@x.example": "550 5.1.1 who?"}) as peer: ... peer.port, peer.messages

It runs in threads of its own, so it serves tests with and without an event loop alike. A script says what happens at a stage:

    connect ehlo helo starttls mail rcpt data content dot rset noop quit, or narrower: `rcpt ADDRESS`, `mail ADDRESS`, `dot ADDRESS` (LMTP)

`content` is the moment when the first octets of the content have come. What can happen is a reply (`"451 4.2.1 busy"`; a line end makes
it multi-line; 421 also closes), octets as they are (`b"..."`), a `Do`, or a tuple of these: one after the other, the last for ever.
A stage the script does not name is answered as a good server does. `peer.script` may be changed while it runs.
"""

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

from tests.peers.hop_script import Action, Do, Taken

EXTENSIONS = ("PIPELINING", "SIZE 104857600", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES")


_GOOD = {
    "connect": "220 hop.example ESMTP",
    "helo": "250 hop.example",
    "starttls": "220 2.0.0 go ahead",
    "mail": "250 2.1.0 sender ok",
    "rcpt": "250 2.1.5 recipient ok",
    "data": "354 end with a dot",
    "dot": "250 2.0.0 taken",
    "rset": "250 2.0.0 reset",
    "noop": "250 2.0.0 ok",
    "quit": "221 2.0.0 bye",
}
_PATH = re.compile(r'[^:]*:\s*<((?:"(?:\\.|[^"\\])*"|[^">])*)>\s*(.*)')


class Peer:
    """What the test sees."""

    def __init__(self, port: int, script: Mapping[str, Action]) -> None:
        self.port = port
        self.script = dict(script)
        self.messages: list[Taken] = []
        self.lines: list[tuple[int, str]] = []  # number of the connection, command
        self.reached: Counter[str] = Counter()  # by stage
        self.sessions = 0  # connections so far
        self.open = 0  # connections now
        self.piped = 0  # commands that came before the one before was answered
        self._used: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._go = threading.Event()
        self.stopped = threading.Event()
        self.connections: list[_Session] = []

    def go(self) -> None:
        """Let all that WAIT answer."""
        self._go.set()

    def hang_up(self) -> None:
        """Close the own direction of every connection, whatever goes on in it."""
        for session in self.connections:
            session.stop(socket.SHUT_WR)

    def commands(self, session: int | None = None) -> list[str]:
        """The verbs, in order; of one connection, or of all."""
        return [line.split(" ")[0].upper() for number, line in self.lines if session in (None, number)]

    def wait(self, ready: Callable[["Peer"], bool], seconds: float = 60) -> None:
        """Until it is so; it is looked at after every event."""
        with self._changed:
            assert self._changed.wait_for(lambda: ready(self), seconds), f"the hop was never in the awaited state\n{self.story()}"

    def wait_for(self, stage: str, times: int = 1, seconds: float = 60) -> None:
        self.wait(lambda peer: peer.reached[stage] >= times, seconds)

    def wait_messages(self, count: int = 1, seconds: float = 60) -> list[Taken]:
        self.wait(lambda peer: len(peer.messages) >= count, seconds)
        return self.messages

    def taken_from(self, sender: str) -> list[Taken]:
        """What came from this reverse-path: where several tests share a gateway, its own queue may just bring something of another's."""
        return [taken for taken in list(self.messages) if taken.reverse_path == sender]

    def wait_from(self, sender: str, count: int = 1, seconds: float = 60) -> list[Taken]:
        self.wait(lambda peer: len(peer.taken_from(sender)) >= count, seconds)
        return self.taken_from(sender)

    def story(self) -> str:
        """What has happened here, for whoever wonders why something did not."""
        taken = [f"{one.reverse_path} -> {', '.join(one.recipients)}" for one in list(self.messages)]
        lines = [f"{number}: {line}" for number, line in self.lines[-80:]]
        return "\n".join([f"{self.sessions} connections, {self.open} open; {dict(self.reached)}", "taken:", *taken, "heard:", *lines])

    # --- for the sessions ---------------------------------------------------------------------------------------------

    def happens(self, change: Callable[["Peer"], None]) -> None:
        with self._changed:
            change(self)
            self._changed.notify_all()

    def reach(self, *names: str) -> str | bytes | Do | None:
        """The action for the first of these names that the script has."""
        with self._changed:
            self.reached.update(names)
            self._changed.notify_all()
            for name in names:
                action = self.script.get(name)
                if isinstance(action, tuple):
                    self._used[name] += 1
                    return action[min(self._used[name], len(action)) - 1]
                if action is not None:
                    return action
        return None

    def wait_to_go(self) -> None:
        while not self._go.wait(0.05):
            if self.stopped.is_set():
                raise _Over


@contextmanager
def hop(
    script: Mapping[str, Action] | None = None,
    *,
    extensions: tuple[str, ...] = EXTENSIONS,
    lmtp: bool = False,
    tls: ssl.SSLContext | None = None,
    receive_octets: int = 0,
    port: int = 0,
) -> Iterator[Peer]:
    """`tls`: a server context; STARTTLS is then offered. `receive_octets`: a small buffer, to make it felt when the hop stops reading.

    `port`: one that a gateway already knows, so that each test has a hop of its own there.
    """
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_octets:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_octets)
        server.bind(("127.0.0.1", port))
        server.listen(100)
        peer = Peer(server.getsockname()[1], script or {})
        threads: list[threading.Thread] = []

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    peer.happens(_opened)
                    session = _Session(peer, connection, peer.sessions, extensions, tls, lmtp=lmtp)
                    peer.connections.append(session)
                    threads.append(threading.Thread(target=session.run, daemon=True))
                    threads[-1].start()

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield peer
        finally:
            peer.stopped.set()
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            acceptor.join(60)
            for session in peer.connections:
                session.stop()
            for thread in threads:
                thread.join(60)
                assert not thread.is_alive()


def _opened(peer: Peer) -> None:
    peer.sessions += 1
    peer.open += 1


class _Over(Exception):
    """This session is over."""


class _Session:
    def __init__(
        self, peer: Peer, connection: socket.socket, number: int, extensions: tuple[str, ...], tls: ssl.SSLContext | None, *, lmtp: bool
    ) -> None:
        self._peer = peer
        self._socket = connection
        self._number = number
        self._extensions = extensions
        self._tls = tls
        self._lmtp = lmtp
        self._encrypted = False
        self._input = b""
        self._forget()

    def run(self) -> None:
        try:
            self._at("connect")
            while True:
                self._command(self._line())
        except (_Over, OSError):
            pass
        finally:
            self._socket.close()
            self._peer.happens(lambda peer: setattr(peer, "open", peer.open - 1))

    def stop(self, direction: int = socket.SHUT_RDWR) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(direction)

    # --- octets -------------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        octets = self._socket.recv(262_144)
        if not octets:
            raise _Over
        self._input += octets

    def _line(self) -> str:
        while b"\r\n" not in self._input:
            self._read()
        line, _, self._input = self._input.partition(b"\r\n")
        text = line.decode("utf-8")
        self._peer.happens(lambda peer: peer.lines.append((self._number, text)))
        if self._input:
            self._peer.happens(lambda peer: setattr(peer, "piped", peer.piped + 1))
        return text

    def _say(self, reply: str) -> None:
        *before, last = reply.split("\n")
        code = last[:3]
        lines = [f"{code}-{line.removeprefix(code).lstrip(' -')}" for line in before] + [last]
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())
        if code == "421":
            # In order, not with RST: what was said is to arrive.
            self._close_own_side()

    def _close_own_side(self) -> NoReturn:
        self._socket.shutdown(socket.SHUT_WR)
        while True:
            self._input = b""
            self._read()

    # --- the script ---------------------------------------------------------------------------------------------------

    def _at(self, stage: str, about: str = "", usual: str | None = None) -> bool:
        """Do what the script says at this stage, else the usual; whether a 2yz or 3yz was said."""
        return self._do(self._peer.reach(*([f"{stage} {about}"] if about else []), stage), usual or _GOOD[stage])

    def _do(self, action: str | bytes | Do | None, usual: str) -> bool:
        match action:
            case Do.HANG | Do.KEEP_AND_HANG | Do.DEFER_AND_HANG:
                if action is Do.DEFER_AND_HANG:
                    self._peer.wait_to_go()
                    self._say("452 4.3.1 full")
                self._peer.stopped.wait()
                raise _Over
            case Do.DROP | Do.KEEP_AND_DROP:
                raise _Over
            case Do.RESET:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                raise _Over
            case Do.HALF_CLOSE:
                self._close_own_side()
            case Do.WAIT:
                self._peer.wait_to_go()
            case bytes():
                self._socket.sendall(action)
                return action[:1] in {b"2", b"3"}
            case str():
                usual = action
            case None:
                pass
        self._say(usual)
        return usual[0] in "23"

    def _command(self, line: str) -> None:
        verb = line.split(" ", maxsplit=1)[0].lower()
        match verb:
            case "ehlo" | "lhlo":
                offers = self._extensions + (("STARTTLS",) if self._tls and not self._encrypted else ())
                self._at("ehlo", usual="\n".join(["250 hop.example", *(f"250 {offer}" for offer in offers)]))
                self._forget()
            case "starttls" if self._tls:
                if self._at("starttls"):
                    self._socket = self._tls.wrap_socket(self._socket, server_side=True)
                    self._encrypted = True
            case "mail":
                self._mail(line)
            case "rcpt":
                self._rcpt(line)
            case "data":
                self._data()
            case "rset" | "noop" | "helo":
                self._at(verb)
                self._forget()
            case "quit":
                self._at(verb)
                raise _Over
            case _:
                self._say("500 5.5.1 what?")

    def _forget(self) -> None:
        self._reverse_path: str | None = None
        self._mail_parameters: tuple[str, ...] = ()
        self._recipients: list[str] = []
        self._rcpt_parameters: dict[str, tuple[str, ...]] = {}

    def _mail(self, line: str) -> None:
        if self._reverse_path is not None:
            self._say("503 5.5.1 nested MAIL")
            return
        path, parameters = _path(line)
        if self._at("mail", path):
            self._reverse_path, self._mail_parameters = path, parameters

    def _rcpt(self, line: str) -> None:
        path, parameters = _path(line)
        if self._reverse_path is None:
            self._say("503 5.5.1 MAIL first")
        elif self._at("rcpt", path):
            self._recipients.append(path)
            self._rcpt_parameters[path] = parameters

    def _data(self) -> None:
        if not self._at("data", usual=None if self._recipients else "554 5.5.1 no valid recipients"):
            return
        octets, kept = self._content()
        if kept:
            self._finish(octets)
        self._forget()

    def _content(self) -> tuple[bytes, bool]:
        """Until CRLF.CRLF; False when the script had the last word before."""
        data, begun, spoken = bytearray(b"\r\n"), False, False
        while True:
            if self._input:
                if not begun:
                    begun, spoken = True, self._early()
                start = max(len(data) - 4, 0)
                data += self._input
                self._input = b""
                end = data.find(b"\r\n.\r\n", start)
                if end >= 0:
                    self._input = bytes(data[end + 5 :])
                    return bytes(data[: end + 2]).replace(b"\r\n.", b"\r\n")[2:], not spoken
            self._read()

    def _early(self) -> bool:
        """Whether the script answers before the content is whole."""
        action = self._peer.reach("content")
        if action is Do.WAIT:
            self._peer.wait_to_go()
        elif action is not None:
            self._do(action, "")
        return action not in {None, Do.WAIT}

    def _finish(self, octets: bytes) -> None:
        if not self._recipients:
            self._say("554 5.5.1 no valid recipients")
        elif not self._lmtp:
            self._answer("", tuple(self._recipients), octets, _GOOD["dot"])
        else:
            for recipient in self._recipients:
                self._answer(recipient, (recipient,), octets, f"250 2.1.5 <{recipient}> taken")

    def _answer(self, about: str, recipients: tuple[str, ...], octets: bytes, usual: str) -> None:
        """The message is recorded before the answer leaves: who has heard the answer finds it in `messages`."""
        action = self._peer.reach(*([f"dot {about}"] if about else []), "dot")
        starts = action[:1] if isinstance(action, (str, bytes)) else "2"
        if starts in {"2", b"2"} and action not in {Do.HANG, Do.DEFER_AND_HANG, Do.DROP, Do.RESET, Do.HALF_CLOSE}:
            self._keep(recipients, octets)
        self._do(action, usual)

    def _keep(self, recipients: tuple[str, ...], octets: bytes) -> None:
        certificate = None
        if isinstance(self._socket, ssl.SSLSocket):
            subject = (self._socket.getpeercert() or {}).get("subject", ())
            certificate = next((str(value) for pairs in subject for name, value in pairs if name == "commonName"), None)
        taken = Taken(
            self._reverse_path or "",
            recipients,
            octets,
            self._mail_parameters,
            {one: self._rcpt_parameters[one] for one in recipients},
            self._number,
            self._encrypted,
            certificate,
        )
        self._peer.happens(lambda peer: peer.messages.append(taken))


def _path(line: str) -> tuple[str, tuple[str, ...]]:
    match = _PATH.match(line)
    assert match is not None, line
    return match[1], tuple(match[2].split())
