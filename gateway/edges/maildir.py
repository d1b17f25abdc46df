"""The embedded next hop: mail folders on this machine, one Maildir for each recipient address.

In: a Copy. Out: its octets as they would be on the wire, line ends CRLF, in <maildir>/<recipient address>/new, durable before the answer
(file synced, renamed, folder synced). Nothing is added, no Return-Path either: what is here is what a next hop would have got.
Not here: mailboxes of real people. No DSN is ever made.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import re
import secrets
import time
from contextlib import suppress
from io import FileIO
from pathlib import Path

from gateway.config import Hop
from gateway.edges.outgoing import written
from gateway.edges.syncing import sync_folder
from gateway.errors import TryLater
from gateway.model.envelope import Recipient
from gateway.model.outcome import Copy, Reply
from gateway.ports.next_hop import Handed

_ODD = re.compile(r"[^a-z0-9+=_.@-]|^[.-]")  # neither a separator, nor a hidden name, nor one that looks like an option
_MAX_NAME = 200  # a file name may have 255 octets; the digest needs room
_TAKEN = Reply(250, "2.1.5", "delivered to the mail folder")
_LATE = Reply(451, "4.4.1", "no time is left")
_NO_ROOM = Reply(451, "4.3.1", "the mail folder cannot take the message now")


class Maildir:
    """ports.NextHop over <settings.maildir>. One for each [next_hop.NAME] with a maildir, in each process."""

    def __init__(self, name: str, settings: Hop, hostname: str) -> None:
        if settings.maildir is None:
            raise ValueError(f"next_hop.{name} has no maildir")
        self.trigger_header = settings.trigger_header
        self._folder = settings.maildir
        self._host = re.sub(r"[^A-Za-z0-9.-]", "_", hostname)
        self._numbers = itertools.count(1)

    async def hand_over(self, copy: Copy, deadline: float) -> tuple[Handed, ...]:
        """See ports.NextHop."""
        return await asyncio.to_thread(self._deliver, copy, deadline)

    async def close(self) -> None:
        """Nothing stays open."""

    # --- in a thread --------------------------------------------------------------------------------------------------

    def _deliver(self, copy: Copy, deadline: float) -> tuple[Handed, ...]:
        return tuple(self._deliver_to(recipient, copy, deadline) for recipient in copy.recipients)

    def _deliver_to(self, recipient: Recipient, copy: Copy, deadline: float) -> Handed:
        if time.monotonic() >= deadline:
            return Handed(recipient, _LATE, dsn=False)
        try:
            self._write(self._folder / folder_name(recipient), copy)
        except (OSError, TryLater):
            return Handed(recipient, _NO_ROOM, dsn=False)
        return Handed(recipient, _TAKEN, dsn=False)

    def _write(self, box: Path, copy: Copy) -> None:
        name = f"{time.time():.6f}.P{os.getpid()}Q{next(self._numbers)}R{secrets.token_hex(4)}.{self._host}"
        draft, final = box / "tmp" / name, box / "new" / name
        box.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (box, box / "tmp", box / "new", box / "cur"):
            folder.mkdir(mode=0o700, exist_ok=True)
        try:
            _write_synced(draft, copy)
            draft.rename(final)
            for folder in (final.parent, box, box.parent, box.parent.parent):  # any of them may be new, made by whomever
                sync_folder(folder)
        except BaseException:
            # It is answered with 451 and comes again: what is half done must not be found beside it.
            for path in (draft, final):
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            raise


def folder_name(recipient: Recipient) -> str:
    """One name for all spellings of one mailbox. Odd characters are percent-encoded: no address leads out of its own folder."""
    address = recipient.address
    name = f"{_encoded(address.local_part).replace('@', '%40')}@{_encoded(address.domain)}"
    if len(name) <= _MAX_NAME:
        return name
    return f"{name[: _MAX_NAME - 65]}%{hashlib.sha256(name.encode('ascii')).hexdigest()}"


def _encoded(text: str) -> str:
    return _ODD.sub(lambda match: "".join(f"%{octet:02X}" for octet in match[0].encode("utf-8", "surrogateescape")), text.lower())


def _write_synced(path: Path, copy: Copy) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with FileIO(descriptor, "w") as file:
        for octets in written(copy):
            rest = memoryview(octets)
            while rest:
                rest = rest[file.write(rest) :]
        os.fsync(descriptor)
