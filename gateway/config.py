"""outgate.toml to frozen settings. Every mistake has the key it is in and a way out.

In: the path of a TOML file. Out: Settings. Not here: whether next hops answer, whether the pack is right (doctor and app look).
Secrets stand in this file or in files it names; the file should be readable by the service alone.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit
from zoneinfo import available_timezones

import idna
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from gateway.errors import BadConfig, Problem

MB = 1_048_576  # one MB in packs, configuration and notices, as the sender's computer shows it (DESIGN section 4)

_UNITS = {"b": 1, "kb": 1024, "mb": MB, "gb": 1024 * MB, "tb": 1024 * 1024 * MB}
_TIMES = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_SELECTOR = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_SIGNING_KEYS = frozenset({"sign", "standby", "subdomains"})  # of [dkim."DOMAIN"]
_KEY = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(?:\.|$)""")
_BUCKET = re.compile(r"(s3|az)://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/+((?!.*\.\.)[A-Za-z0-9._/-]*[A-Za-z0-9._-]))?/*")
_NOT_OURS = re.compile(  # RFC 5322 section 3.6, RFC 2045, RFC 6376, RFC 8617: fields that users and mail servers need
    r"from|sender|reply-to|to|cc|bcc|subject|date|message-id|in-reply-to|references|comments|keywords|return-path|received|mime-version"
    r"|resent-.*|content-.*|dkim-signature|arc-.*|authentication-results|disposition-notification-to|list-.*"
)


def _octets(value: object) -> object:
    """`35MB`, `512KB` or a plain number of octets."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(b|kb|mb|gb|tb)?", value.strip().lower())
        if match is None:
            msg = f"`{value}` is no size; write 35MB, 512KB or a number of octets"
            raise ValueError(msg)
        return int(float(match[1]) * _UNITS[match[2] or "b"])
    return value


def _seconds(value: object) -> object:
    """`85s`, `10m`, `4h`, `7d` or a plain number of seconds."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)?", value.strip().lower())
        if match is None:
            msg = f"`{value}` is no time; write 85s, 10m, 4h, 7d or a number of seconds"
            raise ValueError(msg)
        return float(match[1]) * _TIMES[match[2] or "s"]
    return value


def _endpoint(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        msg = f"`{value}` is no address; write 127.0.0.1:10025 or [::1]:10025"
        raise ValueError(msg)
    return value


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for network in value:
        ipaddress.ip_network(network)
    return value


def _domain(value: str) -> str:
    """One of ours, exactly. Written as people know it; U-labels and A-labels are both right."""
    if _is_domain(value):
        return value
    bare = value.strip().lstrip("@*.")
    msg = f"`{value}` is no domain; write {bare if _is_domain(bare) else 'example.gov.uk'}"
    raise ValueError(msg)


def _is_domain(value: str) -> bool:
    """As idna has it, and underscores, which some inner domains have."""
    plain = value.replace("_", "a")
    try:
        return idna.uts46_remap(plain, std3_rules=True) == plain.lower() and bool(idna.encode(plain, uts46=True))
    except idna.IDNAError:
        return False


def _domains(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        msg = 'must name one domain at least, domains = ["example.gov.uk"]: without one no mail would be ours'
        raise ValueError(msg)
    return tuple(_domain(domain) for domain in value)


def _mailbox(value: str) -> str:
    local, at, domain = value.rpartition("@")
    if value and (not at or not re.fullmatch(r"[^\s@<>\"(),:;\[\]\\]+", local)):
        msg = f"`{value}` is no address; write postmaster@example.gov.uk"
        raise ValueError(msg)
    if value:
        _domain(domain)
    return value


def _trigger(value: str) -> str:
    """A header field as it goes into a copy (RFC 5322 section 2.2): any other line would end the header section, and mail go in clear."""
    match = re.fullmatch(r"([!-9;-~]+): ?([!-~](?:[ -~]*[!-~])?)", value)
    if value and match is None:
        msg = f"`{value}` is no header field; write `X-Name: value`, in ASCII and on one line"
        raise ValueError(msg)
    if match is not None and _NOT_OURS.fullmatch(match[1].lower()):
        msg = f"`{match[1]}` belongs to the message, and would be taken out of what users send; write `X-Name: value`"
        raise ValueError(msg)
    return value


def _host_name(value: str) -> str:
    if value and not re.fullmatch(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*", value):
        msg = f"`{value}` is no name of a machine; write outgate.example.gov.uk, or leave it out for the machine's own"
        raise ValueError(msg)
    return value


def _zone(value: str) -> str:
    if value and value not in available_timezones():
        msg = f"`{value}` is no time zone; write Europe/London, or leave it out for the machine's own"
        raise ValueError(msg)
    return value


def _site(value: str) -> str:
    """Scheme, host and port alone: what browsers call an origin. Without TLS only on this machine, for trying things out."""
    match = re.fullmatch(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?/?", value.strip().lower())
    if value and match is None:
        msg = f"`{value}` is no address of a site of its own; write https://files.example.gov.uk, without a path"
        raise ValueError(msg)
    if match is not None and match[1] == "http" and match[2] not in ("localhost", "127.0.0.1", "[::1]"):
        msg = f"`{value}` goes in clear; write https://{match[2]}"
        raise ValueError(msg)
    return value.strip().lower().rstrip("/")


def is_selector(text: str) -> bool:
    """Of a DKIM key (RFC 6376 section 3.1)."""
    return len(text) <= 100 and _SELECTOR.fullmatch(text) is not None


def _quoted(value: object) -> object:
    """[dkim.example.gov.uk] is dkim, example, gov and uk to TOML; what a person means by it is clear."""
    for name, section in value.items() if isinstance(value, dict) else ():
        path, inside = [name], section
        while "." not in name and isinstance(inside, dict) and not _SIGNING_KEYS & inside.keys() and inside:
            path.append(next(iter(inside)))
            inside = inside[path[-1]]
        if len(path) > 1 and isinstance(inside, dict):
            msg = f'a domain has dots, so TOML wants it in quotation marks: [dkim."{".".join(path)}"]'
            raise ValueError(msg)
        _domain(name)
    return value


def _service(value: str) -> str:
    """The address of an API, which may have a path."""
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~-]+)*/?", value):
        msg = f"`{value}` is no address of a service; write https://files.example.gov.uk"
        raise ValueError(msg)
    return value.rstrip("/")


def _folder_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,60}[A-Za-z0-9]", value):
        msg = f"`{value}` is no name of a folder; write letters, digits, blanks and hyphens"
        raise ValueError(msg)
    return value


def _public_key(value: str) -> str:
    """One line as it stands in /etc/ssh/ssh_host_ed25519_key.pub, or as ssh-keyscan prints it behind the name."""
    if not re.fullmatch(r"(ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/=]{40,}( .*)?", value.strip()):
        msg = "is no public key of a host; write the line of its .pub file: ssh-ed25519 AAAA..."
        raise ValueError(msg)
    return value.strip()


def _download(value: str) -> str:
    if value and (not value.startswith("https://") or re.findall(r"\{(\w*)\}", value) != ["transfer"]):
        msg = f"`{value}` is no address of a transfer; write https://files.example.gov.uk/download?id={{transfer}}"
        raise ValueError(msg)
    return value


def _shown_folder(value: str) -> str:
    if not value.startswith("/") or set(re.findall(r"\{(\w*)\}", value)) - {"folder"} or value.count("{") != value.count("}"):
        msg = f"`{value}` is no folder; write /{{folder}}, or / where each partner sees its own alone"
        raise ValueError(msg)
    return value.rstrip("/")


Octets = Annotated[int, BeforeValidator(_octets), Field(gt=0)]
Seconds = Annotated[float, BeforeValidator(_seconds), Field(ge=0)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
Zone = Annotated[str, AfterValidator(_zone)]
HostName = Annotated[str, AfterValidator(_host_name)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Networks = Annotated[tuple[str, ...], AfterValidator(_networks)]
Site = Annotated[str, AfterValidator(_site)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Organisation(_Section):
    """Who runs this gateway."""

    name: str
    domains: Annotated[tuple[str, ...], AfterValidator(_domains)]  # reverse-paths in these are "ours"
    postmaster: Mailbox = ""  # who gets what nobody else can decide; default postmaster@ the first domain
    help: str = ""  # one line in every notice: who to ring, and when
    help_url: str = ""  # stands behind it: a page of the organisation's own
    hostname: HostName = ""  # in HELO, Received and reports; default the machine's own
    timezone: Zone = ""  # of the times in notices: "Europe/London"; default the machine's own

    @property
    def postmaster_address(self) -> str:
        """Where alarms and orphaned cases go."""
        return self.postmaster or f"postmaster@{self.domains[0]}"


class Listener(_Section):
    """[listen.NAME]: one listening socket."""

    address: Endpoint
    protocol: Literal["smtp", "lmtp"] = "smtp"
    networks: Networks = ("127.0.0.0/8", "::1/128")  # who may relay; everyone else hears 554 5.7.1
    position: Literal["after-queue", "before-queue"] = "after-queue"  # before-queue: an smtpd_proxy_filter, where nobody may retry
    tls: Literal["none", "offered", "required"] = "none"
    cert: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None  # with it, a client certificate is asked for and verified
    client_names: tuple[str, ...] = ()  # subjects that may relay from anywhere, e.g. "CN=benefits.int"
    xforward: Networks = ("127.0.0.0/8", "::1/128")  # peers whose XFORWARD is believed
    max_message: Octets = 100 * MB
    max_recipients: int = Field(default=1000, ge=1)
    max_sessions: int = Field(default=500, ge=1)
    max_sessions_per_peer: int = Field(default=200, ge=1)
    deadline: Seconds | None = None  # for the whole answer; default 540 s, or 85 s before-queue
    idle: Seconds = 300.0  # without a command or a chunk
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


class Hop(_Section):
    """[next_hop.NAME]: where a route leads. Either host and port, or a local mail folder."""

    host: str = ""
    port: int = Field(default=25, ge=1, le=65535)
    maildir: Path | None = None  # embedded: each recipient gets a Maildir below this folder
    protocol: Literal["smtp", "lmtp"] = "smtp"
    tls: Literal["none", "opportunistic", "verified"] = "opportunistic"
    tls_name: str = ""  # the name the certificate must show; default host
    ca: Path | None = None  # default: the system's trust store
    cert: Path | None = None  # client certificate
    key: Path | None = None
    trigger_header: Annotated[str, AfterValidator(_trigger)] = ""  # "X-Name: value" put on every copy, stripped from what users send
    connections: int = Field(default=20, ge=1)
    connect_timeout: Seconds = 30.0
    reply_timeout: Seconds = 300.0
    data_timeout: Seconds = 600.0  # after the final dot (RFC 5321 section 4.5.3.2.6)

    @model_validator(mode="after")
    def _one_kind(self) -> Hop:
        if bool(self.host) == bool(self.maildir):
            msg = "a next hop has either `host` or `maildir`"
            raise ValueError(msg)
        return self


class PolicySource(_Section):
    source: Path


class Database(_Section):
    url: str = "sqlite:///var/outgate.db"


class VaultPlace(_Section):
    """[vault]: where what is kept stands, encrypted."""

    url: str = "var/vault"  # a folder, s3://bucket/prefix or az://container/prefix
    keys: Path = Path("var/keys")  # a folder of master keys, 0600
    quota: Octets | None = None  # for all that is kept; beyond it mail that would be kept waits upstream (452)
    endpoint: str = ""  # of the bucket: for what is not Amazon's or Azure's own
    region: str = ""  # S3
    account: str = ""  # S3: the access key id; Azure: the storage account
    secret: str = Field(default="", repr=False)  # S3: the secret access key; Azure: an account key or a shared access signature
    secret_file: Path | None = None  # instead of `secret`
    ca: Path | None = None  # PEM: whom the endpoint's certificate is from, beside the system's roots

    @property
    def folder(self) -> Path | None:
        """Where it is a folder of this machine."""
        return None if self.bucket else Path(self.url)

    @property
    def bucket(self) -> tuple[str, str, str] | None:
        """Scheme, bucket and prefix, where it is none."""
        match = _BUCKET.fullmatch(self.url)
        return (match[1], match[2], match[3] or "") if match else None

    @model_validator(mode="after")
    def _one_kind(self) -> VaultPlace:
        if "://" in self.url and self.bucket is None:
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
        _check_endpoint(self.endpoint)
        return self


def _check_endpoint(endpoint: str) -> None:
    """In clear only to this machine: what is kept is encrypted, but who may write and delete there is not."""
    address = urlsplit(endpoint)
    if not endpoint or (address.scheme == "https" and address.hostname):
        return
    if address.scheme != "http" or not address.hostname:
        msg = f"endpoint: `{endpoint}` is no address; write https://s3.example.gov.uk"
        raise ValueError(msg)
    if not is_loopback(address.hostname):
        msg = f"endpoint: http:// is only for this machine; write https://{address.hostname}"
        raise ValueError(msg)


def is_loopback(host: str) -> bool:
    """This machine itself, where nobody else reads along."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Examine(_Section):
    """[examine]: the sandboxed readers."""

    workers: int = Field(default=2, ge=1)
    memory: Octets = 336 * MB  # of one child; about 160 of these are its libraries
    seconds: Seconds = 6.0  # processor time for one file; of a message in which one needed more, for all of them
    wall: Seconds = 60.0  # for one message, waiting included
    sandbox: Literal["full", "reduced"] = "full"
    ocr: Literal["auto", "off"] = "auto"  # words in pictures and scans, where tesseract is installed
    ocr_seconds: Seconds = 5.0  # of the processor time of one file


class SigningDomain(_Section):
    """[dkim."DOMAIN"]: keys by their selectors, and who is signed with them."""

    sign: dict[str, Path] = {}  # SELECTOR = "KEY FILE": an RSA key, an Ed25519 key, or one of each
    standby: dict[str, Path] = {}  # published and not signed with: the next one, and the last one for a week
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


class NoticesPlace(_Section):
    next_hop: str
    sender: Mailbox = ""  # From of notices; default: postmaster


class OwnPlace(_Section):
    """[place.NAME] kind = "own": our vault and our pages. Until when, how often: the route of the pack says it."""

    kind: Literal["own"]


class OneDrivePlace(_Section):
    """[place.NAME] kind = "onedrive": OneDrive for Business or a SharePoint library, by Microsoft Graph."""

    kind: Literal["onedrive"]
    tenant: str = Field(min_length=1)  # of the organisation: its id, or a domain of it
    client_id: str = Field(min_length=1)  # of the registered application
    key: Path  # PEM, the private key of its certificate
    cert: Path  # PEM, the certificate that was uploaded to the application
    user: str = ""  # whose OneDrive: files@example.gov.uk
    site: str = ""  # or which site: example.sharepoint.com:/sites/files
    drive: str = ""  # or which drive, by its id
    folder: Annotated[str, AfterValidator(_folder_name)] = "Outgate"  # below the root of the drive, ours alone
    link: Literal["people", "organisation", "anyone"] = "people"  # for whom links open
    login: Site = "https://login.microsoftonline.com"  # national clouds have their own
    graph: Annotated[str, AfterValidator(_service)] = "https://graph.microsoft.com/v1.0"
    ca: Path | None = None  # default: the system's trust store
    uploads: int = Field(default=4, ge=1)  # shares at the same time, of each process

    @property
    def where(self) -> str:
        """The path of the drive in Graph."""
        if self.user:
            return f"/users/{quote(self.user)}/drive"
        return f"/sites/{quote(self.site, safe=':/')}:/drive" if self.site else f"/drives/{quote(self.drive)}"

    @model_validator(mode="after")
    def _one_drive(self) -> OneDrivePlace:
        if sum(map(bool, (self.user, self.site, self.drive))) != 1:
            msg = "needs one of `user`, `site` and `drive`: whose OneDrive it is"
            raise ValueError(msg)
        return self


class SftpPlace(_Section):
    """[place.NAME] kind = "sftp": a service where each partner has a folder, named in the pack's register."""

    kind: Literal["sftp"]
    host: str = Field(min_length=1)
    port: int = Field(default=22, ge=1, le=65535)
    user: str = Field(min_length=1)
    key: Path  # our private key, as OpenSSH writes it
    host_keys: tuple[Annotated[str, AfterValidator(_public_key)], ...] = Field(min_length=1)  # the service's: any other is refused
    folder: str = "."  # where the partners' folders are, as we see it after the login
    shown_host: str = ""  # how partners call the service; default: host and port
    shown_port: int = Field(default=22, ge=1, le=65535)
    shown_folder: Annotated[str, AfterValidator(_shown_folder)] = "/{folder}"  # a partner's folder, as they see it after their login
    web_url: Site = ""  # a page of the service for browsers, where there is one: for files of up to 1.5 GB
    verify: Literal["read", "size"] = "read"  # what was written is read back and compared, or only its size
    connect_timeout: Seconds = 15.0
    uploads: int = Field(default=4, ge=1)


class CryptsharePlace(_Section):
    """[place.NAME] kind = "cryptshare": a Cryptshare server, by its REST API 1.12 or later."""

    kind: Literal["cryptshare"]
    url: Annotated[str, AfterValidator(_service)]
    client_id: Path  # a file with the client id that the server's administrator registered; as secret as a password
    opens_with: Literal["password", "link"] = "password"  # the sender gets it with the receipt, and tells it another way than by email
    link: Annotated[str, AfterValidator(_download)] = ""  # where people download, {transfer} in it; default: as the server says it
    phone: str = "-"  # shown to recipients beside the sender's address
    ca: Path | None = None
    uploads: int = Field(default=4, ge=1)


Place = Annotated[OwnPlace | OneDrivePlace | SftpPlace | CryptsharePlace, Field(discriminator="kind")]
_PLACES: dict[str, type[_Section]] = {"own": OwnPlace, "onedrive": OneDrivePlace, "sftp": SftpPlace, "cryptshare": CryptsharePlace}


class Retention(_Section):
    keep: Seconds = 7 * 86400.0  # held messages, unless the pack says otherwise
    journal: Seconds = 6 * 86400.0
    decisions: Seconds = 400 * 86400.0
    shares: Seconds = 400 * 86400.0  # who fetched what, after the share has ended; the files go when it ends


class Portal(_Section):
    """[portal]: the page where recipients open the files that travel by link. Without this section there is none."""

    url: Site  # what every link begins with; nothing that a request says of itself is used instead
    address: Endpoint = "127.0.0.1:10080"  # where it listens: behind a reverse proxy, or itself with cert and key
    downloads_url: Site = ""  # another name of the same service, for the files alone; default: url
    apart: bool = False  # it runs as a unit of its own, `outgate serve portal`, with a user or on a machine of its own
    cert: Path | None = None
    key: Path | None = None
    proxies: Networks = ()  # reverse proxies that may say where a request comes from (X-Forwarded-For)
    keys: Path | None = None  # a folder with shares-*.key alone, for a portal with a user of its own; default: vault.keys
    database: str = ""  # postgresql://... of a role that sees the tables of shares alone (README); default: database.url
    session: Seconds = 12 * 3600.0  # a proved mailbox is believed so long
    idle: Seconds = 1800.0  # and so long without a request
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


class Processes(_Section):
    """[processes]: how many, and where they keep their sockets."""

    smtp: int = Field(default=1, ge=1)
    state: Path = Path("var")
    metrics: Endpoint | None = None  # Prometheus text at http://ADDRESS/metrics
    log: Literal["json", "text"] = "json"


class Settings(_Section):
    """All of outgate.toml."""

    organisation: Organisation
    listen: dict[str, Listener] = Field(min_length=1)
    next_hop: dict[str, Hop] = Field(min_length=1)
    policy: PolicySource
    database: Database = Database()
    vault: VaultPlace = VaultPlace()
    examine: Examine = Examine()
    notices: NoticesPlace
    place: dict[str, Place] = {}
    dkim: Annotated[dict[str, SigningDomain], BeforeValidator(_quoted)] = {}
    retention: Retention = Retention()
    portal: Portal | None = None
    processes: Processes = Processes()
    _file: Path = PrivateAttr(default=Path("outgate.toml"))

    @property
    def file(self) -> Path:
        """Where they stand, as the person named it: for what is said of them."""
        return self._file

    def standing_at(self, file: Path) -> Settings:
        """Noted for `file`; it is no setting itself."""
        self._file = file
        return self

    def wrong(self, says: str) -> BadConfig:
        """An error that no reading of the file shows: what it names is not there, or is taken."""
        return BadConfig((Problem(str(self._file), 0, 0, says),))

    @model_validator(mode="after")
    def _notices_have_a_way(self) -> Settings:
        if self.notices.next_hop not in self.next_hop:
            msg = f"notices.next_hop names `{self.notices.next_hop}`, which is no [next_hop.NAME]; there are: {', '.join(self.next_hop)}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _links_lead_somewhere(self) -> Settings:
        own = [name for name, place in self.place.items() if _PLACES[place.kind] is OwnPlace]
        if own and self.portal is None:
            msg = f"place.{own[0]} is our own, and its links lead to the portal: add [portal] with url"
            raise ValueError(msg)
        return self


def load(path: Path) -> Settings:
    """Read outgate.toml. Relative paths in it are relative to its own folder.

    Raises:
        BadConfig: with a Problem for everything that is wrong.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig((Problem(str(path), 0, 0, f"cannot be read: {error.strerror}; name another file with --config"),)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfig((_syntax(path, error),)) from error
    try:
        return _absolute(Settings.model_validate(raw).standing_at(path), path.parent.resolve())
    except ValidationError as error:
        text = path.read_text(encoding="utf-8")
        raise BadConfig(tuple(_problem(path, text, dict(item)) for item in error.errors())) from error


def _syntax(path: Path, error: Exception) -> Problem:
    place = re.search(r"at line (\d+), column (\d+)", str(error))
    line, column = (int(place[1]), int(place[2])) if place else (0, 0)
    return Problem(str(path), line, column, f"is no TOML: {error}")


def _problem(path: Path, text: str, item: dict[str, object]) -> Problem:
    where = tuple(str(key) for key in item["loc"]) if isinstance(item["loc"], tuple) else ()
    kind = where[2] if where[:1] == ("place",) and len(where) > 2 else ""  # Pydantic names the member of a union, too
    where = (*where[:2], *where[3:]) if kind else where
    says = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        says = f"unknown key `{where[-1]}`{_advice(where, kind)}"
    elif item["type"] == "missing":
        says = "is missing"
    elif item["type"] in ("union_tag_invalid", "union_tag_not_found"):
        says = f"`kind` says what sort of place it is; there are: {', '.join(_PLACES)}"
    return Problem(str(path), _line(text, where), 1, f"{'.'.join(where) or 'the file'}: {says}")


def _line(text: str, where: tuple[str, ...]) -> int:
    """The line of a key in its own section, else that of the section; 0 when neither stands there in the usual form."""
    section: tuple[str, ...] = ()
    nearest = 0
    for number, row in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", row):
            section = tuple("".join(key) for key in _KEY.findall(header[1]))
            nearest = nearest or (number if section and where[: len(section)] == section else 0)
        elif (key := re.match(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\")\s*=", row)) and (*section, key[1].strip('"')) == where[: len(section) + 1]:
            return number
    return nearest


def _advice(where: tuple[str, ...], kind: str) -> str:
    tables = {"listen": Listener, "next_hop": Hop, "place": _PLACES.get(kind), "portal": Portal, "dkim": SigningDomain}
    sections = {name: field.annotation for name, field in Settings.model_fields.items()} | tables
    keys = {name: list(model.model_fields) for name, model in sections.items() if isinstance(model, type) and issubclass(model, BaseModel)}
    home = next((name for name, names in keys.items() if where[-1] in names and name not in ("listen", "next_hop", "dkim", where[0])), None)
    if home is not None:
        return f"; it belongs below [{home}]: is that line there, and no # before it?"
    names = keys.get(where[0], []) if len(where) > 1 else list(Settings.model_fields)
    close = difflib.get_close_matches(where[-1], names, 1)
    return f"; did you mean `{close[0]}`?" if close else f"; there are: {', '.join(names)}"


def _absolute(settings: Settings, base: Path) -> Settings:
    """Every path in the settings, seen from the folder of the file."""

    def fix(model: BaseModel) -> dict[str, object]:
        changed: dict[str, object] = {}
        for name in type(model).model_fields:
            value = getattr(model, name)
            if isinstance(value, Path):
                changed[name] = base / value
            elif isinstance(value, BaseModel):
                changed[name] = value.model_copy(update=fix(value))
            elif isinstance(value, dict):
                changed[name] = {
                    key: base / item if isinstance(item, Path) else item.model_copy(update=fix(item)) for key, item in value.items()
                }
        return changed

    settings = settings.model_copy(update=fix(settings))
    url = settings.database.url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = f"sqlite:///{base / url.removeprefix('sqlite:///')}"
    return settings.model_copy(
        update={"database": Database(url=url), "vault": settings.vault.model_copy(update=_absolute_vault(settings.vault, base))}
    )


def _absolute_vault(vault: VaultPlace, base: Path) -> dict[str, object]:
    return {} if vault.folder is None else {"url": str(base / vault.folder)}
