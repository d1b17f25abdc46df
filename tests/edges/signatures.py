"""Keys of our own, and two verifiers of DKIM signatures that know nothing of how we sign: dkimpy, and one written from RFC 6376 alone."""

import base64
import hashlib
import re
from functools import cache

import dkim
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from gateway.edges.dkim_keys import Domain, SigningKey, SigningKeys
from gateway.edges.outgoing import written
from gateway.model.outcome import Copy

OURS = "our.example"


@cache
def key(kind: str = "rsa", selector: str = "") -> SigningKey:
    private = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ed25519.Ed25519PrivateKey.generate()
    return SigningKey(selector or f"{kind}1", private)


def signing_keys(*kinds: str, domain: str = OURS, **rest: object) -> SigningKeys:
    return SigningKeys((Domain(domain, tuple(key(kind) for kind in kinds or ("rsa",)), **rest),))


def records(keys: SigningKeys) -> dict[str, str]:
    """What the DNS has, by name."""
    return {f"{one.selector}._domainkey.{domain.name}": one.record for domain in keys.domains.values() for one in domain.keys}


def whole(copy: Copy) -> bytes:
    """The octets as they leave."""
    return b"".join(written(copy))


def signatures(octets: bytes) -> list[dict[str, str]]:
    """The tags of each DKIM-Signature, from the top."""
    return [_tags(value) for name, value in _split(octets)[0] if name.lower() == b"dkim-signature"]


def verified(octets: bytes, known: dict[str, str]) -> list[bool]:
    """Of each signature whether it is good. The two verifiers must agree."""
    ours = [_verify(octets, known, number) for number in range(len(signatures(octets)))]
    assert [_by_dkimpy(octets, known, number) for number in range(len(ours))] == ours
    return ours


def strictly(octets: bytes, known: dict[str, str]) -> list[bool]:
    """By the verifier written from the RFC alone, for what dkimpy gets wrong."""
    return [_verify(octets, known, number) for number in range(len(signatures(octets)))]


def _by_dkimpy(octets: bytes, known: dict[str, str], number: int) -> bool:
    def ask(name: bytes, timeout: int = 5) -> bytes | None:
        found = known.get(name.decode().rstrip("."))
        return None if found is None else found.encode()

    try:
        return bool(dkim.DKIM(octets, minkey=1024).verify(number, dnsfunc=ask))
    except dkim.ValidationError:
        return False


# --- RFC 6376 sections 3 and 6, without a library -----------------------------------------------------------------------


def _verify(octets: bytes, known: dict[str, str], number: int) -> bool:
    fields, body = _split(octets)
    places = [place for place, (name, _) in enumerate(fields) if name.lower() == b"dkim-signature"]
    field = fields[places[number]]
    tags = _tags(field[1])
    assert tags["v"] == "1"
    record = known.get(f"{tags['s']}._domainkey.{tags['d']}")
    if record is None:
        return False
    assert tags["c"] == "relaxed/simple"
    if base64.b64encode(hashlib.sha256(_simple(body)).digest()).decode() != "".join(tags["bh"].split()):
        return False
    left = list(fields)
    signed = b""
    for name in tags["h"].split(":"):
        places = [place for place, (there, _) in enumerate(left) if there.lower() == name.strip().encode().lower()]
        if places:
            signed += _relaxed(*left.pop(places[-1]))
    without = re.sub(rb"((?:^|;)\s*b\s*=)[^;]*", rb"\1", field[1])
    signed += _relaxed(field[0], without).removesuffix(b"\r\n")
    return _is_good(record, tags, signed)


def _is_good(record: str, tags: dict[str, str], signed: bytes) -> bool:
    said = _tags(record.encode())
    public, signature = base64.b64decode(said["p"]), base64.b64decode("".join(tags["b"].split()))
    assert tags["a"] == f"{said['k']}-sha256"
    try:
        if said["k"] == "rsa":
            load_der_public_key(public).verify(signature, signed, padding.PKCS1v15(), SHA256())
        else:
            ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, hashlib.sha256(signed).digest())
    except InvalidSignature:
        return False
    return True


def _split(octets: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    header, _, body = octets.partition(b"\r\n\r\n") if not octets.startswith(b"\r\n") else (b"", b"", octets[2:])
    lines = re.split(rb"\r\n(?![ \t])", header)
    return [(name.rstrip(), value) for name, colon, value in (line.partition(b":") for line in lines) if colon], body


def _relaxed(name: bytes, value: bytes) -> bytes:
    return name.lower() + b":" + re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" \t") + b"\r\n"


def _simple(body: bytes) -> bytes:
    while body.endswith(b"\r\n"):
        body = body[:-2]
    return body + b"\r\n"


def _tags(value: bytes) -> dict[str, str]:
    pairs = (tag.partition("=") for tag in value.decode().split(";") if tag.strip())
    return {name.strip(): text.strip() for name, _, text in pairs}
