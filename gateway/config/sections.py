"""The sections of outgate.toml but for the places of shared files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from gateway.config.addresses import DatabaseAddress, Endpoint, HostName, MachineName, Networks, PortalDatabase, Site, check_endpoint
from gateway.config.values import (
    BUCKET,
    MB,
    Domains,
    Kept,
    Lasting,
    Mailbox,
    Octets,
    PathName,
    Seconds,
    Section,
    TriggerField,
    Zone,
    is_selector,
)


class Organisation(Section):
    """Who runs this gateway."""

    name: str
    domains: Domains  # reverse-paths in these are "ours"
    postmaster: Mailbox = ""  # who gets what nobody else can decide; default postmaster@ the first domain
    help: str = ""  # one line in every notice: who to ring, and when
    help_url: str = ""  # stands behind it: a page of the organisation's own
    hostname: HostName = ""  # in HELO, Received and reports; default the machine's own
    timezone: Zone = ""  # of the times in notices: "Europe/London"; default the machine's own

    @property
    def postmaster_address(self) -> str:
        """Where alarms and orphaned cases go."""
        return self.postmaster or f"postmaster@{self.domains[0]}"


class Listener(Section):
    """[listen.NAME]: one listening socket."""

    address: Endpoint
    protocol: Literal["smtp", "lmtp"] = "smtp"
    networks: Networks = ("127.0.0.0/8", "::1/128")  # who may relay; everyone else hears 554 5.7.1
    position: Literal["after-queue", "before-queue"] = "after-queue"  # before-queue: an smtpd_proxy_filter, where nobody may retry
    tls: Literal["none", "offered", "required"] = "none"
    cert: PathName | None = None
    key: PathName | None = None
    client_ca: PathName | None = None  # with it, a client certificate is asked for and verified
    client_names: tuple[str, ...] = ()  # subjects that may relay from anywhere, e.g. "CN=benefits.int"
    xforward: Networks = ("127.0.0.0/8", "::1/128")  # peers whose XFORWARD is believed
    max_message: Octets = 100 * MB
    max_recipients: int = Field(default=1000, ge=1)
    max_sessions: int = Field(default=500, ge=1)
    max_sessions_per_peer: int = Field(default=200, ge=1)
    deadline: Lasting | None = None  # for the whole answer; default 540 s, or 85 s before-queue
    idle: Lasting = 300.0  # without a command or a chunk
    partial_patience: Seconds | None = None  # default 4 h, or 0 before-queue

    @property
    def deadline_seconds(self) -> float:
        """From the end of a message to its answer."""
        return self.deadline if self.deadline is not None else 85.0 if self.position == "before-queue" else 540.0

    @property
    def patience_seconds(self) -> float:
        """How long some may wait upstream while others have the message."""
        return self.partial_patience if self.partial_patience is not None else 0.0 if self.position == "before-queue" else 14400.0

    @model_validator(mode="after")
    def _tls_needs_files(self) -> Listener:
        if self.tls != "none" and (self.cert is None or self.key is None):
            msg = "tls needs `cert` and `key`"
            raise ValueError(msg)
        return self


class Hop(Section):
    """[next_hop.NAME]: where a route leads. Either host and port, or a local mail folder."""

    host: MachineName = ""
    port: int = Field(default=25, ge=1, le=65535)
    maildir: PathName | None = None  # embedded: each recipient gets a Maildir below this folder
    protocol: Literal["smtp", "lmtp"] = "smtp"
    tls: Literal["none", "opportunistic", "verified"] = "opportunistic"
    tls_name: str = ""  # the name the certificate must show; default host
    ca: PathName | None = None  # default: the system's trust store
    cert: PathName | None = None  # client certificate
    key: PathName | None = None
    trigger_header: TriggerField = ""  # "X-Name: value" put on every copy, stripped from what users send
    connections: int = Field(default=20, ge=1)
    connect_timeout: Lasting = 30.0
    reply_timeout: Lasting = 300.0
    data_timeout: Lasting = 600.0  # after the final dot (RFC 5321 section 4.5.3.2.6)

    @model_validator(mode="after")
    def _one_kind(self) -> Hop:
        if bool(self.host) == bool(self.maildir):
            msg = "a next hop has either `host` or `maildir`"
            raise ValueError(msg)
        return self


class PolicySource(Section):
    source: PathName


class Database(Section):
    url: DatabaseAddress = "sqlite:///var/outgate.db"


class VaultPlace(Section):
    """[vault]: where what is kept stands, encrypted."""

    url: str = "var/vault"  # a folder, s3://bucket/prefix or az://container/prefix
    keys: PathName = Path("var/keys")  # a folder of master keys, 0600
    quota: Octets | None = None  # for all that is kept; beyond it mail that would be kept waits upstream (452)
    endpoint: str = ""  # of the bucket: for what is not Amazon's or Azure's own
    region: str = ""  # S3
    account: str = ""  # S3: the access key id; Azure: the storage account
    secret: str = Field(default="", repr=False)  # S3: the secret access key; Azure: an account key or a shared access signature
    secret_file: PathName | None = None  # instead of `secret`
    ca: PathName | None = None  # PEM: whom the endpoint's certificate is from, beside the system's roots

    @property
    def folder(self) -> Path | None:
        """Where it is a folder of this machine."""
        return None if self.bucket else Path(self.url)

    @property
    def bucket(self) -> tuple[str, str, str] | None:
        """Scheme, bucket and prefix, where it is none."""
        match = BUCKET.fullmatch(self.url)
        return (match[1], match[2], match[3] or "") if match else None

    @model_validator(mode="after")
    def _one_kind(self) -> VaultPlace:
        if not self.url.strip():
            msg = "url is empty; write a folder, or take the line out"
            raise ValueError(msg)
        if ("://" in self.url or self.url.startswith(("s3:", "az:"))) and self.bucket is None:
            msg = f"`{self.url}` is no vault; write a folder, s3://bucket/prefix or az://container/prefix"
            raise ValueError(msg)
        given = [name for name in ("endpoint", "region", "account", "secret", "secret_file", "ca") if getattr(self, name)]
        if given and self.bucket is None:
            msg = f'`{given[0]}` belongs to a bucket, and `{self.url}` is a folder; for a bucket write url = "s3://bucket/prefix"'
            raise ValueError(msg)
        secrets = bool(self.secret or self.secret_file)
        if self.secret and self.secret_file:
            msg = "has both `secret` and `secret_file`; leave one out"
            raise ValueError(msg)
        if secrets != bool(self.account) and (secrets or self.url.startswith("s3:")):
            msg = "`account` and `secret` (or `secret_file`) go together; without both the machine's own identity is used"
            raise ValueError(msg)
        check_endpoint(self.endpoint)
        return self


class Examine(Section):
    """[examine]: the sandboxed readers."""

    workers: int = Field(default=2, ge=1)
    memory: Octets = 336 * MB  # of one child; about 160 of these are its libraries
    seconds: Lasting = 6.0  # processor time for one file; of a message in which one needed more, for all of them
    wall: Lasting = 60.0  # for one message, waiting included
    sandbox: Literal["full", "reduced"] = "full"
    ocr: Literal["auto", "off"] = "auto"  # words in pictures and scans, where tesseract is installed
    ocr_seconds: Seconds = 5.0  # of processor time for the pictures of one file, beside `seconds`; of a message four times as much


class SigningDomain(Section):
    """[dkim."DOMAIN"]: keys by their selectors, and who is signed with them."""

    sign: dict[str, PathName] = Field(default_factory=dict)  # SELECTOR = "KEY FILE": an RSA key, an Ed25519 key, or one of each
    standby: dict[str, PathName] = Field(default_factory=dict)  # published and not signed with: the next one, and the last one for a week
    subdomains: bool = False  # whether mail from domains below it is signed with them too

    @model_validator(mode="after")
    def _has_keys(self) -> SigningDomain:
        for selector in (*self.sign, *self.standby):
            if not is_selector(selector):
                msg = f"`{selector}` is no selector; letters, digits and hyphens, as in the name of a machine: outgate2026"
                raise ValueError(msg)
        if not self.sign and not self.standby:
            msg = 'names no key; write sign = {outgate2026 = "dkim/example.gov.uk.outgate2026.key"}; outgate dkim new-key makes one'
            raise ValueError(msg)
        if both := sorted(self.sign.keys() & self.standby.keys()):
            msg = f"`{both[0]}` stands in `sign` and in `standby`; a key is one or the other"
            raise ValueError(msg)
        return self


class NoticesPlace(Section):
    next_hop: str
    sender: Mailbox = ""  # From of notices; default: postmaster


class Retention(Section):
    keep: Kept = 7 * 86400.0  # held messages, unless the pack says otherwise
    journal: Kept = 6 * 86400.0
    decisions: Kept = 400 * 86400.0
    shares: Kept = 400 * 86400.0  # who fetched what, after the share has ended; the files go when it ends


class Portal(Section):
    """[portal]: the page where recipients open the files that travel by link. Without this section there is none."""

    url: Site  # what every link begins with; nothing that a request says of itself is used instead
    address: Endpoint = "127.0.0.1:10081"  # where it listens: behind a reverse proxy, or itself with cert and key
    downloads_url: Site = ""  # another name of the same service, for the files alone; default: url
    apart: bool = False  # it runs as a unit of its own, `outgate serve portal`, with a user or on a machine of its own
    cert: PathName | None = None
    key: PathName | None = None
    proxies: Networks = ()  # reverse proxies that may say where a request comes from (X-Forwarded-For)
    keys: PathName | None = None  # a folder with shares-*.key alone, for a portal with a user of its own; default: vault.keys
    database: PortalDatabase = ""  # postgresql://... of a role that sees the tables of shares alone (README); default: database.url
    session: Lasting = 12 * 3600.0  # a proved mailbox is believed so long
    idle: Lasting = 1800.0  # and so long without a request
    max_connections: int = Field(default=4000, ge=1)
    max_connections_per_peer: int = Field(default=200, ge=1)  # of a network (/24, /48); not of the proxies

    @property
    def is_https(self) -> bool:
        """Whether browsers reach it by TLS, ours or the proxy's."""
        return self.url.startswith("https:")

    @model_validator(mode="after")
    def _is_whole(self) -> Portal:
        if not self.url:
            msg = "url is missing: https://files.example.gov.uk"
            raise ValueError(msg)
        if (self.cert is None) != (self.key is None):
            msg = "`cert` and `key` go together"
            raise ValueError(msg)
        if self.downloads_url and self.downloads_url.partition(":")[0] != self.url.partition(":")[0]:
            msg = "url and downloads_url must both be https"
            raise ValueError(msg)
        if self.downloads_url == self.url:
            msg = "downloads_url must be another name than url; leave it out to have one for both"
            raise ValueError(msg)
        return self


class Processes(Section):
    """[processes]: how many, and where they keep their sockets."""

    smtp: int = Field(default=1, ge=1)
    state: PathName = Path("var")
    metrics: Endpoint | None = None  # Prometheus text at http://ADDRESS/metrics
    log: Literal["json", "text"] = "json"
    stop_timeout: Seconds = 25.0  # for what is under way at SIGTERM; replies to final dots are waited for longer
