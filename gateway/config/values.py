"""What stands behind a key of outgate.toml: sizes, times, domains, names. Each mistake says how it is written. Hosts: addresses.py."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

import idna
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

MB = 1_048_576  # one MB in packs, configuration and notices, as the sender's computer shows it (DESIGN section 4)

_UNITS = {"b": 1, "kb": 1024, "mb": MB, "gb": 1024 * MB, "tb": 1024 * 1024 * MB}
_TIMES = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LEAST_KEPT = 3600.0  # seconds
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_SELECTOR = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
BUCKET = re.compile(r"(s3|az)://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/+((?!.*\.\.)[A-Za-z0-9._/-]*[A-Za-z0-9._-]))?/*")
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


def _path(value: object) -> object:
    """Behind a key for a file or folder something stands: the empty path would be the folder of the settings."""
    if isinstance(value, str) and not value.strip():
        msg = "is empty; write a path, or take the line out"
        raise ValueError(msg)
    return value


def _lasting(value: float) -> float:
    """Something that has to happen within this time."""
    if value <= 0:
        msg = "must be more than 0; write 85s, 10m, 4h, 7d or a number of seconds"
        raise ValueError(msg)
    return value


def _kept(value: float) -> float:
    """How long something is kept. A number without a unit counts seconds, and whoever writes 7 means days."""
    if value < _LEAST_KEPT:
        days = f"{value:g}d if days are meant, " if value else ""
        msg = f"{value:g} seconds is too short to keep anything; write {days}an hour (1h) at least"
        raise ValueError(msg)
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


def _zone(value: str) -> str:
    if value and value not in available_timezones():
        msg = f"`{value}` is no time zone; write Europe/London, or leave it out for the machine's own"
        raise ValueError(msg)
    return value


def is_selector(text: str) -> bool:
    """Of a DKIM key (RFC 6376 section 3.1)."""
    return len(text) <= 100 and _SELECTOR.fullmatch(text) is not None


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
Lasting = Annotated[Seconds, AfterValidator(_lasting)]
Kept = Annotated[Seconds, AfterValidator(_kept)]
PathName = Annotated[Path, BeforeValidator(_path)]
Zone = Annotated[str, AfterValidator(_zone)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Domains = Annotated[tuple[str, ...], AfterValidator(_domains)]
TriggerField = Annotated[str, AfterValidator(_trigger)]
FolderName = Annotated[str, AfterValidator(_folder_name)]
PublicKey = Annotated[str, AfterValidator(_public_key)]
TransferAddress = Annotated[str, AfterValidator(_download)]
ShownFolder = Annotated[str, AfterValidator(_shown_folder)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
