"""The DNS record of a signing key, looked up and compared with the key (RFC 6376 sections 3.6.1 and 3.6.2).

In: a selector's name and its key. Out: what is wrong, in words for whoever keeps the DNS; "" when receivers can verify with it.
"""

from __future__ import annotations

import re
from pathlib import Path

import dns.exception
import dns.name
import dns.resolver

from gateway.edges.dkim_keys import SigningKey
from gateway.errors import TryLater, WillNotDo

SECONDS = 5.0

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_TAG = re.compile(r"\s*([a-zA-Z][a-zA-Z0-9_]*)\s*=([^;]*)(?:;|\Z)")


def name_of(selector: str, domain: str) -> str:
    """Where the record stands."""
    return f"{selector}._domainkey.{domain}"


def look_up(name: str, server: str = "", seconds: float = SECONDS) -> tuple[str, ...]:
    """The TXT records at this name, each in one piece; none when there is no such name. `server`: ask this address, not the system's.

    Raises:
        TryLater: nobody answers, or not usefully.
        WillNotDo: it is no name that can be asked for.
    """
    try:
        resolver = dns.resolver.Resolver(configure=not server)
        if server:
            host, _, port = server.rpartition(":") if re.fullmatch(r"[^:]+:\d+|\[.+\]:\d+", server) else (server, "", "53")
            resolver.nameservers, resolver.port = [host.strip("[]")], int(port)
        answer = resolver.resolve(f"{name}.", "TXT", lifetime=seconds, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except (dns.name.LabelTooLong, dns.name.NameTooLong, ValueError) as error:
        raise WillNotDo(f"{name}: {error}") from error
    except (dns.exception.DNSException, OSError) as error:
        raise TryLater(f"the DNS gives no answer for {name}: {_in_a_line(error)}") from error
    return tuple(b"".join(one.strings).decode("latin-1") for one in answer)


def in_file(path: Path) -> tuple[str, ...]:
    """The record as a zone file or a person has it: strings in quotation marks are joined, else the text counts.

    Raises:
        WillNotDo: the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WillNotDo(f"{path} cannot be read: {error}") from error
    quoted = [re.sub(r"\\(.)", r"\1", piece) for piece in _STRING.findall(text)]
    return ("".join(quoted) if quoted else " ".join(text.split()),)


def what_is_wrong(records: tuple[str, ...], key: SigningKey) -> str:
    """With the records at the key's name, and what to do."""
    if len(records) != 1:
        several = f"there are {len(records)} TXT records at this name, and receivers take any of them: leave one"
        return several if records else "there is no TXT record"
    tags = {match[1]: match[2].strip() for match in _TAG.finditer(records[0])}
    said = "".join(tags.get("p", "").split())
    if not said:
        return "the key is revoked there: p= is empty" if "p" in tags else "the TXT record is no DKIM key: it has no p="
    if tags.get("k", "rsa") != key.kind:
        return f"the record has a key of kind {tags.get('k', 'rsa')}, the file one of kind {key.kind}"
    if said != key.public:
        cut = ", as if it had been cut off: see that all its strings are there" if key.public.startswith(said) else ""
        return f"the record has another key than the file{cut}"
    return _forbidding(tags)


def _forbidding(tags: dict[str, str]) -> str:
    """The right key, and something that keeps receivers from using it as we do."""
    if tags.get("v", "DKIM1") != "DKIM1":
        return f"v={tags['v']} must be v=DKIM1, or be left out"
    if "sha256" not in tags.get("h", "sha256"):
        return f"h={tags['h']} does not allow sha256, by which we sign"
    if not {"*", "email"} & {kind.strip() for kind in tags.get("s", "*").split(":")}:
        return f"s={tags['s']} does not allow it for email"
    if "y" in tags.get("t", "").split(":"):
        return "t=y says that you are only testing, and receivers take no notice of the signature; take it out"
    return ""


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
