"""What stands behind a key of outgate.toml: sizes, times, addresses, names. Each mistake says how it is written."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import idna
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

MB = 1_048_576  # one MB in packs, configuration and notices, as the sender's computer shows it (DESIGN section 4)

_UNITS = {"b": 1, "kb": 1024, "mb": MB, "gb": 1024 * MB, "tb": 1024 * 1024 * MB}
_TIMES = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_SELECTOR = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
BUCKET = re.compile(r"(s3|az)://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/+((?!.*\.\.)[A-Za-z0-9._/-]*[A-Za-z0-9._-]))?/*")
_NOT_OURS = re.compile(  # RFC 5322 section 3.6, RFC 2045, RFC 6376, RFC 8617: fields that users and mail servers need
    r"from|sender|reply-to|to|cc|bcc|subject|date|message-id|in-reply-to|references|comments|keywords|return-path|received|mime-version"
    r"|resent-.*|content-.*|dkim-signature|arc-.*|authentication-results|disposition-notification-to|list-.*"
)
_NO_BROWSER_OPENS = {  # https://fetch.spec.whatwg.org/#port-blocking: ports of other protocols, 10080 (Amanda) among them
    *(0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115),
    *(117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587),
    *(601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669),
    *(6679, 6697, 10080),
}


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


def check_domain(value: str) -> str:
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
    return tuple(check_domain(domain) for domain in value)


def _mailbox(value: str) -> str:
    local, at, domain = value.rpartition("@")
    if value and (not at or not re.fullmatch(r"[^\s@<>\"(),:;\[\]\\]+", local)):
        msg = f"`{value}` is no address; write postmaster@example.gov.uk"
        raise ValueError(msg)
    if value:
        check_domain(domain)
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
    if match is not None and match[3] and int(match[3][1:]) in _NO_BROWSER_OPENS:
        msg = f"`{value}` has a port that browsers refuse to open; take another, such as 10081, or none behind a reverse proxy"
        raise ValueError(msg)
    return value.strip().lower().rstrip("/")


def is_selector(text: str) -> bool:
    """Of a DKIM key (RFC 6376 section 3.1)."""
    return len(text) <= 100 and _SELECTOR.fullmatch(text) is not None


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
Domains = Annotated[tuple[str, ...], AfterValidator(_domains)]
TriggerField = Annotated[str, AfterValidator(_trigger)]
Service = Annotated[str, AfterValidator(_service)]
FolderName = Annotated[str, AfterValidator(_folder_name)]
PublicKey = Annotated[str, AfterValidator(_public_key)]
TransferAddress = Annotated[str, AfterValidator(_download)]
ShownFolder = Annotated[str, AfterValidator(_shown_folder)]


def check_endpoint(endpoint: str) -> None:
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


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
