"""The world of the pipeline: every port that carrying a message needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from gateway.model.message import Arrival, Content
from gateway.ports.clock import Clock
from gateway.ports.examiner import Examiner
from gateway.ports.journal import Journal
from gateway.ports.next_hop import NextHop
from gateway.ports.places import Place, Shares
from gateway.ports.signer import Signer
from gateway.ports.spool import SpoolWriter
from gateway.ports.traces import Counters, Records, Suspects
from gateway.ports.vault import Vault


@dataclass(frozen=True, slots=True)
class World:
    """Every port that carrying a message needs; app/ builds it."""

    clock: Clock
    hops: Mapping[str, NextHop]  # by the NAME of [next_hop.NAME]
    examiner: Examiner
    vault: Vault
    journal: Journal
    records: Records
    counters: Counters
    suspects: Suspects
    check: Callable[[], Awaitable[None]]  # raises TryLater when nothing could be made durable now
    new_case: Callable[[], Awaitable[str]]  # a case number nobody has
    new_id: Callable[[], str]  # short unique ids: outbox rows, Message-IDs
    octets: Callable[[bytes], Content]  # a Content over octets we made
    head: Callable[[Arrival], bytes]  # our Received field with the loop stamp
    spool: Callable[[], SpoolWriter]  # a private spool, for octets that are too many for memory
    places: Mapping[str, Place] = field(default_factory=dict)  # by the NAME of [place.NAME]
    shares: Shares | None = None  # None: there are no places
    signer: Signer | None = None  # None: nothing is signed
