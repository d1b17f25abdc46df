"""One line of the protocol: a command read, a reply written. Pure.

Standards: RFC 5321 sections 2.3.8 (a line ends with CR LF), 4.1.1, 4.2, 4.5.3.1.5 (512 octets of reply).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from gateway.listen.parameters import Refused
from gateway.model.outcome import Reply

MOST_COMMAND_OCTETS = 2048  # DSN parameters and UTF-8 addresses need more than the 512 of RFC 5321 section 4.5.3.1.4


def one_line(reply: Reply) -> bytes:
    """The reply as octets: ASCII, one line, at most 512 octets (RFC 5321 section 4.5.3.1.5)."""
    text = reply.text
    if not (text.isascii() and text.isprintable()):
        letters = (letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
        text = "".join(letter if letter.isascii() and letter.isprintable() else "?" if letter.isprintable() else " " for letter in letters)
    return f"{reply.code} {reply.status} {text}".encode("ascii")[:510] + b"\r\n"


@lru_cache(maxsize=256)
def said(code: int, status: str, text: str) -> bytes:
    """A reply in words of our own, which are always the same few."""
    return one_line(Reply(code, status, text))


def parse_command(line: bytes) -> tuple[bytes, str]:
    """Verb, upper-case, and argument. Raises Refused."""
    if len(line) > MOST_COMMAND_OCTETS:
        raise Refused(500, "5.5.2", "The command line is too long")
    command = line[:-2]
    if line[-2:] != b"\r\n" or b"\r" in command or b"\0" in command:
        raise Refused(500, "5.5.2", "A command ends with CR LF, and has no CR, LF or NUL inside")
    verb, _, argument = command.partition(b" ")
    try:
        return verb.upper(), argument.decode("utf-8").strip(" ")
    except UnicodeDecodeError as error:
        raise Refused(500, "5.5.2", "The command is not UTF-8") from error
