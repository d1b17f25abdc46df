"""How an object of the vault is unlocked: by the wrap in its header, or, once its master key was retired, by the one that stands beside it.

Rotation writes a small object "wraps/holds/ab/abcdef..." for each one whose header names an older key: the same data key, wrapped by the
newest master key and bound to the same head. The object itself is not touched, in a folder or in a bucket. So it can be read at every
moment: with the old key by its header, with the new one by what stands beside it (adr/0015).
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.edges.keys import Family, is_newer
from gateway.edges.objects import ObjectStore
from gateway.edges.sealed import LONGEST_HEADER, Header, Unlocked, read_header, unlock, with_wrap, wrap_anew
from gateway.errors import TryLater, WillNotDo

BESIDE = "wraps"


class Wraps:
    """Over the store of a vault and its keys."""

    def __init__(self, store: ObjectStore, keys: Mapping[str, Family]) -> None:
        self._store = store
        self._keys = keys

    def family(self, purpose: str) -> Family:
        """Raises WillNotDo: there is none."""
        family = self._keys.get(purpose)
        if family is None:
            raise WillNotDo(f"there is no key for {purpose}")
        return family

    def unlock(self, key: str) -> tuple[Unlocked, int, int]:
        """The object, where its frames begin, and how long it is. Raises WillNotDo, TryLater."""
        header, at, size = self._header(key)
        return unlock(self._openable(key, header), self.family(header.purpose)), at, size

    def key_of(self, key: str) -> str:
        """The id of the master key without which it cannot be read: the newest by which it is wrapped. Raises WillNotDo, TryLater."""
        header, _, _ = self._header(key)
        return self._newest(key, header).key_id

    def renew(self, key: str) -> bool:
        """Wrap it by the newest key; durable on return. False: it was so. Raises WillNotDo, TryLater."""
        header, _, _ = self._header(key)
        family = self.family(header.purpose)
        if family.newest in {header.key_id, self._newest(key, header).key_id}:
            return False
        self._store.replace(_beside(key), wrap_anew(self._openable(key, header), family))
        return True

    def forget(self, key: str) -> None:
        """What stands beside an object that is gone. Raises TryLater."""
        if is_newer(self.family(key.partition("/")[0]).newest, "1"):  # else there never was a second key
            self._store.delete(_beside(key))

    def _header(self, key: str) -> tuple[Header, int, int]:
        octets, size = self._store.head(key, LONGEST_HEADER)
        header, at = read_header(octets)
        if key != key_for(header.purpose, header.id):
            raise WillNotDo("the object is another than its name says")
        return header, at, size

    def _openable(self, key: str, header: Header) -> Header:
        """With a wrap whose master key we have. Raises TryLater: it was made elsewhere, and has not come here yet."""
        family = self.family(header.purpose)
        if header.key_id not in family.keys:
            header = self._newest(key, header)
        if is_newer(header.key_id, family.newest):
            raise TryLater(f"the master key {header.key_id} is not in the folder of keys yet: it was made on another machine; copy it")
        return header

    def _newest(self, key: str, header: Header) -> Header:
        wrap = self._store.small(_beside(key)) if is_newer(self.family(header.purpose).newest, header.key_id) else None
        return header if wrap is None else with_wrap(header, wrap)


def key_for(purpose: str, number: bytes) -> str:
    """Where an object stands."""
    name = number.hex()
    return f"{purpose}/{name[:2]}/{name}"


def object_of(beside: str) -> str:
    """The key of the object that something stands beside."""
    return beside.removeprefix(f"{BESIDE}/")


def _beside(key: str) -> str:
    return f"{BESIDE}/{key}"
