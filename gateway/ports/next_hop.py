"""Where copies are handed over, and what was said of each recipient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.model.envelope import Recipient
from gateway.model.outcome import Copy, Reply


@dataclass(frozen=True, slots=True)
class Handed:
    """What the next hop said of one recipient."""

    recipient: Recipient
    reply: Reply  # the hop's own code and text, or ours (4.4.x) when it could not be asked
    certain: bool = True  # False: the final dot was sent and no reply came
    unusable: bool = False  # a method that cannot serve this recipient: 5yz on size or security, no verified TLS
    dsn: bool = True  # the hop took over NOTIFY=SUCCESS; False: it does not offer DSN (RFC 3461 section 5.2.2)


class NextHop(Protocol):
    """One configured [next_hop.NAME]."""

    @property
    def trigger_header(self) -> str:
        """`Name: value` put on every copy to this hop, and stripped from what users send; "" when there is none."""
        ...

    async def hand_over(self, copy: Copy, deadline: float) -> tuple[Handed, ...]:
        """Send one copy. One Handed for each of copy.recipients, same order, whatever happens; never raises for the world's faults.

        `deadline` is monotonic seconds: past it nothing new is begun and a 4.4.1 is returned, but once the final dot has been sent
        the reply is awaited for up to ten minutes (RFC 5321 section 4.5.3.2.6).
        """
        ...

    async def close(self) -> None:
        """Say QUIT on idle connections."""
        ...
