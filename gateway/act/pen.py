"""A letter to octets in the vault and a row of the outbox: a notice, or a report of delivery (RFC 3464, headers only).

Both have the null reverse-path, so that nothing answers them. What is made here becomes durable with the step it tells of.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.mime.identity import message_id_of, subject_of
from gateway.mime.report import About as Heading
from gateway.mime.report import RecipientStatus, Report, delivery_report, notice
from gateway.model.envelope import Address, Envelope, Recipient
from gateway.model.kept import ToSend
from gateway.model.message import Content
from gateway.policy.guidance import House
from gateway.policy.places import domain_of
from gateway.policy.wording import Letter
from gateway.ports.world import World

LIFETIME = timedelta(days=5)  # how long our outbox tries (RFC 5321 section 4.5.4.1)
_HEADER_OCTETS = 65_536


@dataclass(frozen=True, slots=True)
class Subject:
    """What a letter is about: the case, if there is one, and our id of the message."""

    case: str | None
    message_id: str


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes for one house."""

    world: World
    house: House

    async def notice(
        self, letter: Letter, to: str, about: Subject, original: Content | None = None, *, auto_submitted: str = "auto-replied"
    ) -> ToSend:
        """`original`: the message that it answers."""
        header = header_of(original) if original is not None else b""
        return await self._row(notice(self._heading(letter, to, header), auto_submitted=auto_submitted), to, about)

    async def code(self, letter: Letter, to: str, next_hop: str, until: datetime) -> ToSend:
        """A one-time code: it goes where the mail to its reader goes, and is not worth sending when it is good no longer."""
        row = await self._row(notice(self._heading(letter, to, b""), auto_submitted="auto-generated"), to, Subject(None, ""))
        return replace(row, kind="code", next_hop=next_hop, expires_at=until)

    async def report(
        self,
        letter: Letter,
        to: str,
        about: Subject,
        envelope: Envelope,
        header: bytes,
        statuses: Iterable[RecipientStatus],
        arrived_at: datetime | None = None,
    ) -> ToSend:
        """`header`: of the message that it reports of, as far as its reader may see it."""
        report = Report(
            about=self._heading(letter, to, header),
            reporting_mta=self.house.hostname,
            recipients=tuple(statuses),
            original_header=header,
            envid=envelope.envid,
            arrived_at=arrived_at,
            smtputf8=envelope.smtputf8,
        )
        return await self._row(delivery_report(report), to, about, smtputf8=envelope.smtputf8)

    def _heading(self, letter: Letter, to: str, header: bytes) -> Heading:
        return Heading(
            sender=self.house.sender or self.house.postmaster,
            sender_name=self.house.name,
            to=to,
            subject=letter.subject,
            text=letter.text,
            message_id=f"<{self.world.new_id()}@{self.house.hostname}>",
            at=self.world.clock.now(),
            original_message_id=message_id_of(header.partition(b"\r\n\r\n")[0]) if header else None,
        )

    async def _row(self, octets: bytes, to: str, about: Subject, *, smtputf8: bool = False) -> ToSend:
        now = self.world.clock.now()
        content = self.world.octets(octets)
        try:
            object_id = await self.world.vault.put("notices", content)
        finally:
            content.close()
        return ToSend(
            id=self.world.new_id(),
            object_id=object_id,
            reverse_path="",
            recipients=(Recipient(address_of(to)),),
            next_hop=self.house.notices_hop,
            kind="notice",
            case=about.case,
            message_id=about.message_id,
            next_at=now,
            expires_at=now + LIFETIME,
            smtputf8=smtputf8 or not to.isascii(),
        )


def header_of(content: Content) -> bytes:
    """The beginning of a message, its header section in it."""
    return content.read(0, min(content.octets, _HEADER_OCTETS))


def subject_in(content: Content) -> str:
    """Of the email, so that its sender knows which it is."""
    return subject_of(header_of(content).partition(b"\r\n\r\n")[0])


def address_of(wire: str) -> Address:
    """Of somebody we write to: their address came through our own grammar or configuration."""
    local_part, _, domain = wire.rpartition("@")
    with suppress(ValueError):  # an address literal, or no domain: it is no domain of ours
        domain = domain_of(domain)
    return Address(wire, local_part, domain.lower())
