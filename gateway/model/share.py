"""A link instead of an attachment: what was taken out of a message, who may have it, and until when.

A share is made once for each message and route, and has a grant for each person: each with a link of their own. Its number is what people
see and say ("7KQ-402"). A retry of the same transaction finds the share by its `key` and gives everybody the link that they have had.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.model.message import Content


class Standing(StrEnum):
    """What has become of a share or a grant."""

    OPEN = "open"  # a link may be out there
    UNDONE = "undone"  # it is known that no copy with its link was handed over; a retry opens it again, the sweep takes it
    REVOKED = "revoked"  # by the sender or an officer
    EXPIRED = "expired"  # by time, by idleness, or by its download limit
    PURGED = "purged"  # and the files are gone


@dataclass(frozen=True, slots=True)
class SharedFile:
    """One file that travels by link."""

    id: str  # of the file finding, which is the id of its part in the message
    name: str  # as the sender's program named it; shown to who may open it, never in plain mail unless the pack says so
    media_type: str  # as detected, never as declared
    octets: int  # decoded
    sha256: str  # hex, of the decoded octets
    object_id: str = ""  # in the vault; "" where the place keeps files by itself


@dataclass(frozen=True, slots=True)
class Grant:
    """One person's right to files of a share. The token of the link is never kept, only its hash."""

    id: str
    address: str  # Address.wire
    key: str  # Address.key
    role: str  # recipient | sender: the sender sees who fetched what, and may revoke
    files: tuple[str, ...]  # ids of SharedFiles
    audiences: tuple[str, ...] = ()  # those they were in when it was decided
    state: Standing = Standing.OPEN
    opened_at: datetime | None = None  # when they first proved their mailbox
    downloads: int = 0
    is_told: bool = False  # a receipt has told the sender of it: a further attempt does not (what was kept is told of as a whole, once)


@dataclass(frozen=True, slots=True)
class Share:
    """What one message left behind in a place. INVARIANT: one for each `key`."""

    id: str  # the number that people see
    key: bytes  # of the transaction, the route and the place: what a retry finds it by
    message_id: str  # our Arrival.id
    sender: str  # Address.wire of the reverse-path
    route: str
    place: str  # [place.NAME]
    pack: str
    pack_version: str
    made_at: datetime  # or made again, for a retry of the message
    expires_at: datetime
    idle: timedelta | None = None  # it also ends when nobody has fetched anything for so long
    download_limit: int | None = None  # of each file, for each person
    language: str = "en"  # of the message, BCP 47: the page's, where the browser asks for none that there is
    files: tuple[SharedFile, ...] = ()
    grants: tuple[Grant, ...] = ()
    state: Standing = Standing.OPEN
    used_at: datetime | None = None  # when somebody last fetched something
    reference: str = ""  # what the place calls it: a folder, an item, a transfer
    ended_at: datetime | None = None
    ended_by: str = ""  # "time", or who revoked it
    ended_why: str = ""

    @property
    def ends_at(self) -> datetime:
        """When it ends if nobody fetches anything any more; who fetches something puts it off, at most to `expires_at`.

        A retry that opens it again gives it all its time again.
        """
        if self.idle is None:
            return self.expires_at
        return min(self.expires_at, max(self.used_at or self.made_at, self.made_at) + self.idle)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A share on its way into its place, with the octets. `contents` are decoded files in private spools, owned by the caller."""

    share: Share
    contents: Mapping[str, Content]  # by SharedFile.id


@dataclass(frozen=True, slots=True)
class Offer:
    """What one person is told: where the files are for them, and how they open them."""

    address: str  # Address.wire
    link: str  # https://..., sftp://...: may stand in plain mail; "" when nothing can be clicked
    until: datetime  # as the place has confirmed it
    how: str  # own | onedrive | sftp | cryptshare: which text says how to open
    said: Mapping[str, str] = field(default_factory=dict)  # further placeholders of that text: access_key, folder, host, liaison ...


@dataclass(frozen=True, slots=True)
class Placed:
    """The files are durably in the place. One offer for each recipient's grant of the share, same order."""

    share: Share  # with its object ids and its reference
    offers: tuple[Offer, ...]
    sender: Offer | None = None  # for the sender's own grant: where they see who fetched what, and revoke


def revoked_of(there: Share, keys: Iterable[str]) -> tuple[str, ...]:
    """Of these recipients (Address.key) those from whom the files were taken back: everybody, where it was revoked as a whole. Pure."""
    theirs = {grant.key for grant in there.grants if grant.role == "recipient" and grant.state is Standing.REVOKED}
    is_all = bool(there.grants) and all(grant.state is Standing.REVOKED for grant in there.grants)
    return tuple(key for key in keys if is_all or key in theirs)


def is_open_for(there: Share, key: str, at: datetime) -> bool:
    """Whether the link of this recipient (Address.key) has not ended. That a row says so comes later than the end by time. Pure."""
    mine = any(grant.key == key and grant.role == "recipient" and grant.state is Standing.OPEN for grant in there.grants)
    return mine and at < there.ends_at


# --- what people do with it -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Access:
    """One file fetched, or begun to be fetched, by one person. A download that goes on where it broke off is the same access."""

    id: str
    share: str
    grant: str
    file: str  # SharedFile.id
    network: str  # of the peer: a /24 or /48, not the address itself
    began_at: datetime
    octets: int = 0  # sent
    is_whole: bool = False  # the last octet was sent
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that has shown the token of a grant. It sees nothing before it has proved the mailbox too."""

    cookie_hash: bytes  # SHA-256 of the cookie: who reads the database cannot take a session over
    share: str
    grant: str
    csrf: str
    network: str
    made_at: datetime
    idle_until: datetime
    ends_at: datetime
    proved_at: datetime | None = None  # the one-time code was right


class WishKind(StrEnum):
    """What a page may ask the keeper for."""

    CODE = "share-code"  # send the one-time code to the mailbox of the grant
    ASK = "share-ask"  # somebody to whom a link was forwarded asks the sender
    REVOKE = "share-revoke"  # nobody shall open the share any more


@dataclass(frozen=True, slots=True)
class Wish:
    """What a page or a command asks for; the keeper carries it out, once."""

    id: str
    kind: WishKind
    share: str
    by: str  # who asks: an address that was proved, the name of an officer; with share-ask an address that nobody has proved
    at: datetime
    grant: str = ""
    cookie_hash: bytes = b""  # with share-code: the session that the code will be good for
    why: str = ""
    state: str = "new"  # new | running | done | failed
    result: str = ""  # what to tell who asked
