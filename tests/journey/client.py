"""A client that does what no library lets it do: leave at any moment, say any octets, and show every reply.

Replies are text: `"250 2.1.5 abc sent"`, all their lines joined by a blank.
"""

import re
import socket
import struct
from collections.abc import Sequence
from types import TracebackType
from typing import Self


class Client:
    """One connection by SMTP or LMTP. Every wait ends after `seconds`."""

    def __init__(self, port: int, *, lmtp: bool = False, seconds: float = 60) -> None:
        self._lmtp = lmtp
        self._socket = socket.create_connection(("127.0.0.1", port), seconds)
        self._file = self._socket.makefile("rb")
        self._recipients = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def hello(self) -> str:
        """Read the greeting and say EHLO or LHLO; what is offered."""
        assert self.reply().startswith("220 ")
        return self.ask("LHLO client.example" if self._lmtp else "EHLO client.example")

    def ask(self, line: str) -> str:
        self.send(line.encode() + b"\r\n")
        return self.reply()

    def envelope(self, sender: str, recipients: Sequence[str], parameters: str = "") -> list[str]:
        """MAIL and each RCPT; the replies to RCPT."""
        assert self.ask(f"MAIL FROM:<{sender}>{parameters}").startswith("250 ")
        replies = [self.ask(f"RCPT TO:<{recipient}>") for recipient in recipients]
        self._recipients = sum(reply.startswith("250 ") for reply in replies)
        return replies

    def content(self, message: bytes) -> None:
        """DATA, the message with its dots doubled, and the final dot. The answer is not read."""
        assert self.ask("DATA").startswith("354 ")
        self.send(re.sub(rb"(?m)^\.", b"..", message) + b".\r\n")

    def answers(self) -> list[str]:
        """To the final dot: one by SMTP, one for each accepted recipient by LMTP."""
        return [self.reply() for _ in range(self._recipients if self._lmtp else 1)]

    def send(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def reply(self) -> str:
        lines = []
        while True:
            line = self._file.readline()
            assert line.endswith(b"\r\n"), f"the connection ended after {lines}"
            lines.append(line.decode("ascii").rstrip())
            if line[3:4] == b" ":
                return lines[0] if len(lines) == 1 else " ".join(lines)

    def wait_answered(self) -> None:
        """Until the answer has come to this machine; it stays unread."""
        assert self._socket.recv(1, socket.MSG_PEEK)

    def rest(self) -> bytes:
        """All that still comes until the other side closes."""
        return self._file.read()

    def close(self) -> None:
        """In order: the other side reads an end."""
        self._file.close()
        self._socket.close()

    def reset(self) -> None:
        """By RST: what was not read is lost."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


def send(port: int, sender: str, recipients: Sequence[str], message: bytes, *, lmtp: bool = False, parameters: str = "") -> list[str]:
    """A whole conversation, QUIT included; the answers to the message."""
    with Client(port, lmtp=lmtp) as client:
        client.hello()
        for reply in client.envelope(sender, recipients, parameters):
            assert reply.startswith("250 "), reply
        client.content(message)
        answers = client.answers()
        assert client.ask("QUIT").startswith("221 ")
    return answers
