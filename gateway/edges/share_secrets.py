"""What is made with keys for shares: the tokens of links, the sealed names of files, the hashes of one-time codes. Pure but for nonces.

A token is derived (HMAC-SHA-256 by a key of the family `links`, over the share and the grant), so that a retry gives the same person the
same link; the database has its SHA-256 alone. Names and codes go by keys derived (HKDF, RFC 5869) from the family `shares`, which the
portal has too: who reads the database alone learns no name, and guesses no code of eight digits from its hash.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.edges.keys import LINKS_FAMILY, Family, load_keys
from gateway.errors import WillNotDo

TOKEN_OCTETS = 20  # 160 bits: 32 letters and digits, and no `=` at their end
SHARES_FAMILY = "shares"

_TOKEN = re.compile(r"[a-z2-7]{32}")
_NO_TOKEN = bytes(32)  # the hash of nothing
_NONCE = 12


@dataclass(frozen=True)
class Secrets:
    """The keys, asked for when one is needed: the portal has none but `shares`, a command needs none at all."""

    load: Callable[[], Mapping[str, Family]]

    @classmethod
    def of_folder(cls, folder: Path) -> Secrets:
        """With the keys in this folder, read once."""
        return cls(lambda: load_keys(folder))

    @cached_property
    def _families(self) -> Mapping[str, Family]:
        return self.load()

    def _family(self, name: str) -> Family:
        family = self._families.get(name)
        if family is None:
            raise WillNotDo(f"there is no key for {name}")
        return family

    def check(self) -> None:
        """Raises WillNotDo: a family is missing."""
        for name in (LINKS_FAMILY, SHARES_FAMILY):
            self._family(name)

    # --- tokens -------------------------------------------------------------------------------------------------------

    @property
    def newest_link(self) -> str:
        """The key by which new tokens are derived. Raises WillNotDo: there is none."""
        return self._family(LINKS_FAMILY).newest

    def token(self, share_id: str, grant_id: str, key_id: str) -> str | None:
        """The token of a grant; None when the key that it was derived by is gone."""
        key = self._family(LINKS_FAMILY).keys.get(key_id)
        if key is None:
            return None
        said = b"\0".join((b"outgate link", share_id.encode(), grant_id.encode()))
        return base64.b32encode(hmac.digest(key, said, "sha256")[:TOKEN_OCTETS]).decode("ascii").lower()

    # --- names --------------------------------------------------------------------------------------------------------

    @property
    def newest_name_key(self) -> str:
        """The key by which names are sealed now."""
        return self._family(SHARES_FAMILY).newest

    def seal_name(self, share_id: str, file_id: str, name: str) -> bytes:
        """Length of key id (1) | key id | nonce (12) | AES-256-GCM of the name, bound to its share and file."""
        key_id, nonce = self.newest_name_key, os.urandom(_NONCE)
        sealed = AESGCM(self._derived(key_id, b"names")).encrypt(nonce, name.encode("utf-8", "surrogatepass"), _place_of(share_id, file_id))
        return bytes([len(key_id)]) + key_id.encode("ascii") + nonce + sealed

    def open_name(self, share_id: str, file_id: str, sealed: bytes) -> str:
        """Raises WillNotDo: it was changed, or its key is gone."""
        at = 1 + sealed[0]
        key = self._derived(key_of_name(sealed), b"names")
        try:
            name = AESGCM(key).decrypt(sealed[at : at + _NONCE], sealed[at + _NONCE :], _place_of(share_id, file_id))
        except (InvalidTag, ValueError) as error:
            raise WillNotDo("the name of a shared file was changed") from error
        return name.decode("utf-8", "surrogatepass")

    # --- codes --------------------------------------------------------------------------------------------------------

    def code_hash(self, code_id: str, code: str, key_id: str = "") -> tuple[str, bytes]:
        """The id of the key and the hash; "" means the newest key. Raises WillNotDo: the key is gone."""
        key_id = key_id or self.newest_name_key
        return key_id, hmac.digest(self._derived(key_id, b"codes"), f"{code_id}\0{code}".encode(), "sha256")

    def _derived(self, key_id: str, purpose: bytes) -> bytes:
        master = self._family(SHARES_FAMILY).keys.get(key_id)
        if master is None:
            raise WillNotDo(f"the key {key_id} is not in the folder of keys")
        return _derive(master, purpose)


def hash_of(token: str) -> bytes:
    """What the database has of a token as people paste it, a whole link too; of what cannot be one, a hash that no token has."""
    plain = re.sub(r"[\s-]", "", token[-200:].rpartition("#")[2]).lower()
    return hashlib.sha256(plain.encode("ascii")).digest() if _TOKEN.fullmatch(plain) else _NO_TOKEN


def key_of_name(sealed: bytes) -> str:
    """The id of the key by which a name was sealed."""
    return sealed[1 : 1 + sealed[0]].decode("ascii", "replace")


@cache
def _derive(master: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, b"outgate shares: " + purpose).derive(master)


def _place_of(share_id: str, file_id: str) -> bytes:
    return f"{share_id}\0{file_id}".encode("utf-8", "surrogatepass")
