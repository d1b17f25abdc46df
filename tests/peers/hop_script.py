"""What a scripted next hop can be told, and what it tells: the nouns of hop.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Do(Enum):
    HANG = "say and read nothing any more, until the test is over"
    DEFER_AND_HANG = "say 452 after peer.go(), and read nothing any more"
    DROP = "close; at `dot`: without having kept the message"
    RESET = "close with RST"
    HALF_CLOSE = "close the own direction, and read on"
    WAIT = "answer as usual, but only after peer.go()"
    KEEP_AND_DROP = "at `dot`: keep the message, then close without an answer"
    KEEP_AND_HANG = "at `dot`: keep the message, and never answer"


Action = str | bytes | Do | tuple[str | bytes | Do, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """One message the hop has kept."""

    reverse_path: str
    recipients: tuple[str, ...]  # those it accepted; under LMTP each has a Taken of its own
    octets: bytes  # as sent, without the dots of transparency and the final dot
    mail_parameters: tuple[str, ...] = ()
    rcpt_parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    session: int = 1  # number of the connection, from 1
    tls: bool = False
    certificate: str | None = None  # common name of a verified client certificate
