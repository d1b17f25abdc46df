"""The world as the pipeline sees it: small protocols, implemented in edges/, chosen in app.py, doubled by small classes in tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from gateway.model.envelope import Recipient
from gateway.model.facts import Declared
from gateway.model.finding import FileFinding, Patterns
from gateway.model.kept import Because, Bundle, Done, Held, Intent, ToSend
from gateway.model.message import Arrival, Content, Encoding
from gateway.model.outcome import Copy, Reply
from gateway.model.share import Access, Grant, Parcel, Placed, Session, Share, Wish, WishKind


class Clock(Protocol):
    """Both clocks, so that tests can turn them."""

    def now(self) -> datetime:
        """The time of day, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow; deadlines are in these."""
        ...


# --- next hop ---------------------------------------------------------------------------------------------------------


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


# --- examination ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """One leaf part to be read by the worker."""

    id: str  # the part's id
    start: int  # of the encoded body in the content
    end: int
    encoding: Encoding
    names: tuple[str, ...]
    declared_type: str
    charset: str | None
    is_words: bool  # a body, not a file: its text counts as words
    sha256: str = ""  # hex, of the decoded octets, when known: what was found in the same file before need not be looked for again
    octets: int = 0  # decoded, when known: said of a file whose reader did not live to say it


class Examiner(Protocol):
    """The sandboxed child processes that read foreign formats."""

    async def read(self, content: Content, wanted: tuple[Wanted, ...], patterns: Patterns) -> tuple[FileFinding, ...]:
        """Read parts: a FileFinding for each wanted one (same id) and one for each archive member or nested file found inside.

        Raises:
            TryLater: no worker became free, or the wall clock ran out; nothing is known (never cached).
        """
        ...

    async def close(self) -> None: ...


# --- what is kept -----------------------------------------------------------------------------------------------------


class Opened(Protocol):
    """One object of the vault, to be read in parts. It holds nothing while nobody reads: there is nothing to close."""

    @property
    def octets(self) -> int:
        """How long the plain text is; authenticated."""
        ...

    def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Plain octets from start to before end, in pieces of at most 512 KiB, each authenticated before it is given.

        Raises:
            TryLater: the vault cannot be read now.
            WillNotDo: the object is gone, or what was read was changed. What was given before was right.
        """
        ...


class Vault(Protocol):
    """Encrypted objects. `purpose` picks the family of master keys: holds | shares | notices."""

    async def put(self, purpose: str, content: Content, head: bytes = b"") -> str:
        """Keep head + content; on return it survives a power cut. The new object's id. Raises TryLater."""
        ...

    async def get(self, object_id: str) -> Content:
        """The plain octets, in a private spool that the caller closes. Raises WillNotDo when there is no such object or it was changed."""
        ...

    async def open(self, object_id: str) -> Opened:
        """To be read in parts. Raises TryLater; WillNotDo when there is no such object or it is not whole."""
        ...

    async def delete(self, object_id: str) -> None:
        """Remove it; removing what is not there is no error."""
        ...

    async def check(self) -> None:
        """Raise TryLater when nothing could be put now (down, read-only, full)."""
        ...


class Place(Protocol):
    """One configured [place.NAME]: where the files of a share route go."""

    async def put(self, parcel: Parcel, deadline: float) -> Placed:
        """Keep the files for these people; durable on return, and never there twice: the same share put again is the same put.

        Raises:
            TryLater: not now (throttled, down for a moment); the mail waits upstream.
            Unusable: the place is dead, or cannot serve these people; the next route is asked.
        """
        ...

    async def withdraw(self, share: Share, whom: Grant | None = None) -> None:
        """Nobody can open it any more and its files are gone; what is gone already is no error. `whom`: this person alone cannot.

        Raises:
            TryLater: not now.
            WillNotDo: it cannot be taken from one person without taking it from others.
        """
        ...

    async def check(self) -> None:
        """Whether it would work now, for doctor. Raises TryLater, WillNotDo with what is wrong and what to do."""
        ...

    async def close(self) -> None: ...


class Shares(Protocol):
    """What is known of shares, whatever their place."""

    async def find(self, key: bytes) -> Share | None:
        """The share that an earlier attempt at the same message made. Raises TryLater."""
        ...

    async def issue(self, share: Share) -> Share:
        """Durable on return, before any copy with a link leaves. Where one of this key is there already, that one is opened again.

        Its grants and files are joined, and it expires when the later of the two does. Raises TryLater.
        """
        ...

    async def undo(self, share_id: str, keys: frozenset[str]) -> None:
        """It is known that these people (Address.key) were handed nothing: their grants are undone. Raises TryLater."""
        ...

    async def get(self, share_id: str) -> Share | None: ...


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `burst` at once, and one more every `every`: for one thing (`what`) and one of those who want it (`who`)."""

    what: str  # open | code | ask ...
    who: str  # an address, the hash of a token, a network
    burst: int
    every: timedelta


@dataclass(frozen=True, slots=True)
class CodeTried:
    """What became of a one-time code that somebody has typed."""

    is_right: bool
    tries_left: int  # 0: only a new code helps


@dataclass(frozen=True, slots=True)
class Fetching:
    """What became of somebody's wish to fetch files."""

    accesses: tuple[Access, ...] = ()  # one for each file asked for, same order; () when it was not allowed
    why_not: str = ""  # closed: the share, the grant or the session is not open (any more); limit: fetched often enough


class Visits(Protocol):
    """What the portal knows of shares, and writes: it needs no other table, and no keys but those of the family `shares`.

    Whatever does not open (unknown, expired, idle, revoked, undone) is None or False, the same in every case.
    """

    async def find(self, token: str, now: datetime) -> tuple[str, str] | None:
        """The share and the open grant that this token is of, by their ids. Spaces, hyphens and capitals do not matter: people paste it."""
        ...

    async def get(self, share_id: str) -> Share | None:
        """With the names of its files.."""
        ...

    async def open_session(self, session: Session) -> None: ...

    async def session(self, cookie_hash: bytes, now: datetime, idle: timedelta) -> Session | None:
        """A session that has not ended, of a grant that is open; it lives `idle` longer, at most until it ends."""
        ...

    async def rename_session(self, old: bytes, new: bytes, csrf: str) -> bool:
        """The same session under another cookie, once its mailbox is proved: who knew the old one knows none. False: it has ended."""
        ...

    async def close_session(self, cookie_hash: bytes) -> None: ...

    async def wish(
        self, kind: WishKind, session: Session, by: str, now: datetime, why: str = "", most: int = 5, within: timedelta = timedelta(hours=1)
    ) -> Wish | None:
        """Ask the keeper. The same wish again while the first is being carried out, or right after, is the first: nobody gets two mails.

        `why`: with share-code the language of the page, which the mail then has. None: there were `most` of this grant `within` that time,
        or this session may not wish it.
        """
        ...

    async def wished(self, wish_id: str) -> Wish | None:
        """How far it is."""
        ...

    async def try_code(self, session: Session, code: str, now: datetime) -> CodeTried:
        """Whether it is the last code that was sent for this session. Five tries for a code; right once; then the session is proved."""
        ...

    async def begin(
        self, session: Session, files: tuple[str, ...], network: str, now: datetime, on_the_way: Mapping[str, int] | None = None
    ) -> Fetching:
        """Files are about to be fetched: everything is looked at again, and it is noted before the first octet leaves.

        A download that broke off and goes on within a day is the same access, and counts once. `on_the_way`: octets of each file that this
        person is just being sent, and that `end` will tell of: they count as sent.
        """
        ...

    async def end(self, access_id: str, octets: int, now: datetime, *, is_whole: bool) -> None:
        """So many octets were sent just now; `is_whole`: the last one of the file was among them."""
        ...

    async def accesses(self, share_id: str) -> tuple[Access, ...]:
        """Who fetched what, the oldest first."""
        ...

    async def take(self, limits: tuple[Limit, ...], now: datetime) -> timedelta:
        """One of each; zero when all of them allow it, else how long to wait: then none was taken."""
        ...


class ShareKeeping(Protocol):
    """What the keeper does with shares: wishes carried out, each once; shares that end, and their files after them."""

    async def is_wanted(self, now: datetime) -> bool:
        """Whether there is anything to claim. Cheap: asked every second."""
        ...

    async def claim(self, now: datetime, lease_seconds: float, limit: int = 20) -> tuple[Wish, ...]: ...

    async def finish(self, wish: Wish, state: str, result: str, to_send: tuple[ToSend, ...] = ()) -> bool:
        """It is done or failed, and what goes out because of it, in one commit. False: somebody else was first, and nothing goes out."""
        ...

    def draw_code(self) -> str: ...

    async def send_code(self, wish: Wish, code: str, letter: ToSend, now: datetime) -> str:
        """The code becomes good and its letter goes out, in one commit; "" when that is so, else why not."""
        ...

    async def revoke(self, share_id: str, by: str, why: str = "", address_key: str | None = None) -> bool:
        """Nobody opens it any more, or this one person does not; False when there was nothing to revoke."""
        ...

    async def end(self, now: datetime) -> int:
        """Shares end whose time has come; how many."""
        ...

    async def purge(self, now: datetime, limit: int = 20) -> tuple[Share, ...]:
        """What has ended is purged by its row; of these the files are still to go."""
        ...

    async def withdrawn(self, share_id: str) -> None:
        """The files are gone."""
        ...

    async def fetched(self, now: datetime, limit: int = 100) -> tuple[Access, ...]:
        """Downloads that are over and not yet noted, the oldest first."""
        ...

    async def is_first(self, access: Access) -> bool:
        """Whether it is the first file of its share that anybody has fetched to its end."""
        ...

    async def note(self, accesses: tuple[Access, ...], to_send: tuple[ToSend, ...] = ()) -> None:
        """Into the audit, with what is told because of it, in one commit."""
        ...


class Signer(Protocol):
    """Signs what the gateway has changed or created (RFC 6376): asked of nothing else, and as the last thing (act/sign.py)."""

    async def sign(self, copy: Copy) -> Copy:
        """The same copy with our signatures in front of its head, and our own broken ones left out. As it was, where we have no key for it.

        The fields of its head are signed with it, but for Received and for what next hops take off again (trigger_header).

        Raises:
            TryLater: the content cannot be read back.
        """
        ...

    def is_ours(self, signature: bytes) -> bool:
        """Whether this value of a DKIM-Signature is of a domain that we have a key for: what breaks it can be signed again."""
        ...


class Holds(Protocol):
    """Holds and confirms."""

    async def get(self, case: str) -> Held | None: ...
    async def find(self, *, state: str | None = "open", limit: int = 1000) -> tuple[Held, ...]:
        """Newest first."""
        ...

    async def due(self, now: datetime) -> tuple[Held, ...]:
        """Open holds whose answer_by or keep_until has passed."""
        ...

    async def pass_on(self, case: str, held_for: str, answer_by: datetime | None) -> None:
        """`within` has passed: from now on `held_for` decides."""
        ...

    async def reopen(self, case: str, held_for: str) -> None:
        """A refusal whose notice nobody took: a person must look at it. An open case only changes hands."""
        ...

    async def redecided(self, before: Held, held: Held, because: Because, to_send: tuple[ToSend, ...] = ()) -> bool:
        """Decided again, and these recipients stay kept: the new row, and what goes out. False: the case is no longer as it was read.

        By which next hops copies leave stands in the audit, as it does when a case ends.
        """
        ...

    async def end(
        self, case: str, state: str, because: Because, to_send: tuple[ToSend, ...] = (), declared: tuple[Declared, ...] | None = None
    ) -> bool:
        """Close an open hold with what is to be sent because of it, in one commit; False when it was not open: then nothing is sent.

        `declared`: all that it was decided by in the end, where that has changed.
        """
        ...


class Outbox(Protocol):
    """The small durable queue. Rows are put by Journal.finish, in one commit with what they follow from."""

    async def claim(self, now: datetime, lease_seconds: float, limit: int = 20) -> tuple[ToSend, ...]:
        """Rows that are due, claimed for this process until the lease ends."""
        ...

    async def renew(self, row_id: str, until: datetime) -> None:
        """The attempt is still under way: its lease ends later."""
        ...

    async def done(self, row_id: str, recipient: str, reply: Reply) -> None:
        """This recipient has it (or never will), as the reply says; the row goes with its last recipient."""
        ...

    async def put(self, rows: tuple[ToSend, ...]) -> None:
        """More to send, durable on return."""
        ...

    async def retry(self, row_id: str, at: datetime, why: str) -> None: ...


class Transaction(Protocol):
    """One delivery attempt under its locks."""

    @property
    def done(self) -> Mapping[str, Done]:
        """By Address.key: what must not be done again."""
        ...

    @property
    def first_at(self) -> datetime:
        """When the first attempt at this transaction began that finished something; now, when this is the first."""
        ...

    @property
    def busy(self) -> frozenset[str]:
        """Address.keys that another attempt at the same transaction works on right now: answer 451."""
        ...

    async def finish(self, bundle: Bundle, *, durable: bool) -> None:
        """Journal it. durable: return only after a full sync (holds, notices, partial results); else within a second.

        Raises:
            TryLater: the database did not take it.
        """
        ...

    def answered(self, keys: frozenset[str]) -> None:
        """A 2yz or 5yz covering these was written and the client went on: their entries close, and suppress nothing any more."""
        ...

    def release(self) -> None:
        """Give the locks back. Called once, in a finally. Locks also die with the process."""
        ...


class Journal(Protocol):
    """Who has finished what (DESIGN section 6)."""

    async def begin(self, identity: bytes | None, recipients: tuple[str, ...]) -> Transaction:
        """Take the locks that are free and look up what is done. identity None: nothing is ever skipped.

        Raises:
            TryLater: the database cannot be asked; nothing has happened.
        """
        ...


class Records(Protocol):
    """Decision records: facts, never content."""

    def record(self, entry: Mapping[str, object]) -> None:
        """Hand over one record, a JSON-able mapping; it is synced within a second. Never blocks, never raises."""
        ...


class Counters(Protocol):
    """Numbers for the operator (Prometheus)."""

    def count(self, name: str, **labels: str) -> None: ...
    def observe(self, name: str, seconds: float, **labels: str) -> None: ...


class Suspects(Protocol):
    """Messages in whose reading a process died, or an attempt ended in a bug. Shared by the processes; never raises."""

    def begin(self, name: bytes) -> int:
        """It is being read from now on: should the process die, it gets a point. What to say at the end."""
        ...

    def end(self, mark: int) -> None:
        """It was read, or given up, and the process lives."""
        ...

    def points(self, name: bytes) -> int: ...

    def blame(self, name: bytes) -> None:
        """A point for a bug that the process has outlived."""
        ...

    def clear(self, *names: bytes) -> None:
        """They were read to the end and all is well."""
        ...


# --- spool ------------------------------------------------------------------------------------------------------------


class SpoolWriter(Protocol):
    """One message being spooled. Used up by finish() or discard()."""

    def write(self, data: bytes) -> None:
        """Append. Raises TryLater (4.3.1): disk full or broken; discard() is then still owed."""
        ...

    def finish(self) -> Content:
        """The content, private and not synced; the caller closes it. Raises TryLater (4.3.1)."""
        ...

    def discard(self) -> None:
        """Give everything back; may be called at any time, more than once."""
        ...


# --- all of it --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class World:
    """Every port that carrying a message needs; app.py builds it."""

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


# --- what people ask for ----------------------------------------------------------------------------------------------


class Intents(Protocol):
    """Rows that commands and pages put, each carried out once."""

    async def put(self, kind: str, case: str, because: Because, lifts: tuple[str, ...] = ()) -> str:
        """Durable on return; the intent's id. Raises TryLater."""
        ...

    async def claim(self, now: datetime, lease_seconds: float, limit: int = 20) -> tuple[Intent, ...]:
        """What is to be done now, claimed for this process until the lease ends. Raises TryLater."""
        ...

    async def finish(self, intent_id: str, state: str, result: str = "") -> None:
        """It is done or failed. Raises TryLater."""
        ...

    async def get(self, intent_id: str) -> Intent | None: ...
