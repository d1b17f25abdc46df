"""Keys in a folder of files: `holds-1.key`, `holds-2.key` ...; the highest number of a family is used, the others still open.

A file holds 64 hexadecimal digits (256 bits) and belongs to the service alone (0600). A new key is known as soon as its file is there:
processes that run look whether the folder has changed whenever they need a key. `outgate keys rotate` makes the next one, and deletes the
old one when nothing is wrapped by it any more. Whoever loses a key loses what it wrapped: keep a copy elsewhere.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.edges.owner import denied
from gateway.edges.syncing import sync_folder
from gateway.errors import WillNotDo

VAULT_FAMILIES = ("holds", "shares", "notices")
LINKS_FAMILY = "links"  # the tokens of links are derived with it (HMAC), so that a retry finds the same ones
LOOP_FAMILY = "loop"  # stamps our Received fields, so that a message that comes back is known
RECORDS_FAMILY = "records"  # keys the hashes that stand for addresses and names in decision records

_NAME = re.compile(r"([a-z]+)-([1-9][0-9]{0,5})\.key")
_SETTLED_NS = 2_000_000_000  # a folder that was changed this shortly before may be changed again within the same tick of its clock


@dataclass(frozen=True, slots=True)
class Family:
    """The keys of one purpose, by their ids ("holds-1")."""

    newest: str
    keys: Mapping[str, bytes]

    def __repr__(self) -> str:
        return f"Family({self.newest})"  # never the keys


class Keyring(Mapping[str, Family]):
    """The families in a folder, read again when it has changed. `only`: those that are read at all; empty: every one.

    What cannot be read changes nothing: the keys that are known stay.
    """

    def __init__(self, folder: Path, only: Collection[str] = ()) -> None:
        self._folder = folder
        self._only = only
        self._state = self._look()
        self._families = _load(folder, only)

    def __getitem__(self, name: str) -> Family:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def _now(self) -> Mapping[str, Family]:
        state = self._look()
        if state is None or state != self._state:
            with suppress(WillNotDo):
                self._families = _load(self._folder, self._only)
                self._state = state
        return self._families

    def _look(self) -> int | None:
        """When the folder was last changed; None where that cannot tell one change from the next."""
        try:
            changed = self._folder.stat().st_mtime_ns
        except OSError:
            return None
        return changed if time.time_ns() - changed > _SETTLED_NS else None


def load_keys(folder: Path) -> Keyring:
    """Every family in the folder.

    Raises:
        WillNotDo: there is none, or a file is not a key, or others may read it.
    """
    return Keyring(folder)


def _load(folder: Path, only: Collection[str]) -> dict[str, Family]:
    found: dict[str, dict[int, bytes]] = {}
    try:
        for path in sorted(folder.iterdir()):
            match = _NAME.fullmatch(path.name)
            if match is not None and (not only or match[1] in only):
                found.setdefault(match[1], {})[int(match[2])] = _read(path)
    except OSError as error:
        raise WillNotDo(f"keys: {denied(error, folder)}") from error
    if not found:
        raise WillNotDo(f"{folder} holds no keys")
    return {name: Family(f"{name}-{max(keys)}", {f"{name}-{number}": key for number, key in keys.items()}) for name, keys in found.items()}


def create_keys(folder: Path) -> tuple[str, ...]:
    """Make the first key of every family that has none; what is there stays. The names of the new files.

    Raises:
        WillNotDo: the folder cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        there = {match[1] for path in folder.iterdir() if (match := _NAME.fullmatch(path.name))}
        made = tuple(f"{family}-1.key" for family in (*VAULT_FAMILIES, LINKS_FAMILY, RECORDS_FAMILY, LOOP_FAMILY) if family not in there)
        for name in made:
            _write(folder / name)
        for each in (folder, folder.parent):
            sync_folder(each)
    except OSError as error:
        raise WillNotDo(f"keys: {denied(error, folder)}") from error
    return made


def add_key(folder: Path, family: str) -> str:
    """Make the next key of a family; it is used from now on. Its id. Raises WillNotDo."""
    families = _load(folder, (family,))
    newest = families[family].newest
    key_id = f"{family}-{_number(newest) + 1}"
    try:
        _write(folder / f"{key_id}.key")
        sync_folder(folder)
    except OSError as error:
        raise WillNotDo(f"keys: {denied(error, folder)}") from error
    return key_id


def remove_key(folder: Path, key_id: str) -> None:
    """What it wrapped can never be read again. Raises WillNotDo."""
    try:
        file_of(folder, key_id).unlink()
        sync_folder(folder)
    except OSError as error:
        raise WillNotDo(f"keys: {denied(error, folder)}") from error


def file_of(folder: Path, key_id: str) -> Path:
    """Where a key stands."""
    return folder / f"{key_id}.key"


def is_newer(key_id: str, other: str) -> bool:
    """Whether it was made after that one, of the same family."""
    return _number(key_id) > _number(other)


def _number(key_id: str) -> int:
    """0 for what is no id of a key."""
    text = key_id.rpartition("-")[2]
    return int(text) if text.isascii() and text.isdigit() else 0


def _write(path: Path) -> None:
    """A whole key or none: what stands under the name was synced before, and nothing is ever written over."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(new, path)
    finally:
        new.unlink()


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise WillNotDo(f"{path} may be read by others: chmod 600")
        text = file.read(200).strip()
    if not re.fullmatch(rb"[0-9a-fA-F]{64}", text):
        raise WillNotDo(f"{path} is no key: it must be 64 hexadecimal digits")
    return bytes.fromhex(text.decode("ascii"))
