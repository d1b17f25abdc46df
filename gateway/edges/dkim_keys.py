"""Keys that we sign mail with: files in PEM, one for each selector, and the DNS record that each needs (RFC 6376 section 3.6.1, RFC 8463).

A file holds one private key without a password and belongs to the service alone (0600). A domain signs with one key, or with an RSA key
and an Ed25519 key together: whoever knows only RSA verifies that one. Keys that stand by do not sign, and their records stay published:
the next one, while its record spreads, and the last one, while mail that it has signed is still on its way.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key

from gateway.edges.owner import denied
from gateway.edges.syncing import sync_folder
from gateway.errors import WillNotDo

LEAST_BITS = 2048  # RFC 8301 section 3.2
MOST_BITS = 4096  # the same: no verifier must know longer ones
STRING_OCTETS = 255  # of one string in a TXT record (RFC 1035 section 3.3.14)
_FILE_OCTETS = 32_768


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One selector's key."""

    selector: str
    private: RSAPrivateKey | Ed25519PrivateKey

    @property
    def kind(self) -> str:
        """`rsa` or `ed25519`: k= of its record."""
        return "rsa" if isinstance(self.private, RSAPrivateKey) else "ed25519"

    @property
    def algorithm(self) -> str:
        """a= of its signatures."""
        return f"{self.kind}-sha256"

    def sign(self, digest: bytes) -> bytes:
        """`digest`: SHA-256 of what is signed. Ed25519 signs the digest itself (RFC 8463 section 3)."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(digest, PKCS1v15(), Prehashed(SHA256()))
        return self.private.sign(digest)

    @property
    def public(self) -> str:
        """p= of its record: base64."""
        key = self.private.public_key()
        whole = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) if self.kind == "rsa" else None
        octets = whole or key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(octets).decode("ascii")

    @property
    def record(self) -> str:
        """The TXT record at <selector>._domainkey.<domain>, in one piece."""
        return f"v=DKIM1; k={self.kind}; p={self.public}"


@dataclass(frozen=True, slots=True)
class Domain:
    """One [dkim.DOMAIN]."""

    name: str  # A-label, lower-case: d= of its signatures
    signing: tuple[SigningKey, ...]  # none, one, or one of each kind; RSA first
    standby: tuple[SigningKey, ...] = ()
    subdomains: bool = False

    @property
    def keys(self) -> tuple[SigningKey, ...]:
        """All whose records must be there."""
        return (*self.signing, *self.standby)


class SigningKeys:
    """Every [dkim.DOMAIN], by name."""

    def __init__(self, domains: tuple[Domain, ...] = ()) -> None:
        self.domains: Mapping[str, Domain] = {one.name: one for one in domains}

    def find(self, domain: str) -> Domain | None:
        """Whose keys speak for mail from this domain (A-label): its own, or those of the nearest above it that include subdomains."""
        found = self.domains.get(domain)
        if found is not None:
            return found
        above = domain
        while "." in above:
            above = above.partition(".")[2]
            found = self.domains.get(above)
            if found is not None and found.subdomains:
                return found
        return None


def read_key(selector: str, path: Path) -> SigningKey:
    """Raises WillNotDo with what is wrong with the file and what to do."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise WillNotDo(f"{path} may be read by others: chmod 600 {path}")
            octets = file.read(_FILE_OCTETS)
    except OSError as error:
        raise WillNotDo(denied(error, path)) from error
    return SigningKey(selector, _private(path, octets))


def _private(path: Path, octets: bytes) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        key = load_pem_private_key(octets, None)
    except TypeError as error:  # the library's word for a key under a password
        raise WillNotDo(f"{path} is under a password; take it off: openssl pkey -in {path} -out NEW") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        says = f"{path} is no private key in PEM"
        raise WillNotDo(
            f"{says}; it holds a public key" if b"PUBLIC KEY" in octets else f"{says}; make one: outgate dkim new-key"
        ) from error
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey):
        raise WillNotDo(f"{path} is neither an RSA key nor an Ed25519 key; DKIM knows no other; make one: outgate dkim new-key")
    if not LEAST_BITS <= key.key_size <= MOST_BITS:
        way = "too short to be trusted" if key.key_size < LEAST_BITS else "longer than receivers must know"
        raise WillNotDo(f"{path} is an RSA key of {key.key_size} bits, {way} (RFC 8301); {LEAST_BITS} is right: outgate dkim new-key")
    return key


def new_key(selector: str, kind: str, path: Path) -> SigningKey:
    """Make a key and write it to a new file, synced; what is there is never written over.

    Raises:
        WillNotDo: there is such a file, or it cannot be written.
    """
    private = generate_private_key(65537, LEAST_BITS) if kind == "rsa" else Ed25519PrivateKey.generate()
    try:
        for folder in reversed(path.parents):
            folder.mkdir(mode=0o700, exist_ok=True)  # each of them: `parents=True` would leave those above open to others
        _write(path, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        sync_folder(path.parent)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.exists():
            raise WillNotDo(f"{path} is there already, and may be in use; choose another --selector") from error
        raise WillNotDo(denied(error, path)) from error
    return SigningKey(selector, private)


def strings_of(record: str) -> Iterator[str]:
    """The record in pieces that fit into the strings of a TXT record."""
    return (record[at : at + STRING_OCTETS] for at in range(0, len(record), STRING_OCTETS))


def _write(path: Path, octets: bytes) -> None:
    """A whole file or none."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        os.link(new, path)
    finally:
        new.unlink()
