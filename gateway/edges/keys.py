"""Keys in a folder of files: `holds-1.key`, `holds-2.key` ...; the highest number of a family is used, the others still open.

A file holds 64 hexadecimal digits (256 bits) and belongs to the service alone (0600). Rotation: put `holds-2.key` beside `holds-1.key`,
restart; delete the old one when nothing wrapped by it is left. Whoever loses a key loses what it wrapped: keep a copy elsewhere.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Collection, Iterator, Mapping
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


@dataclass(frozen=True, slots=True)
class Family:
    """The keys of one purpose, by their ids ("holds-1")."""

    newest: str
    keys: Mapping[str, bytes]

    def __repr__(self) -> str:
        return f"Family({self.newest})"  # never the keys


class Keyring(Mapping[str, Family]):
    """The families in a folder, as they were when it was last read. `only`: those that are read at all; empty: every one."""

    def __init__(self, folder: Path, only: Collection[str] = ()) -> None:
        self._folder = folder
        self._only = only
        self._families = _load(folder, only)

    def __getitem__(self, name: str) -> Family:
        return self._families[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._families)

    def __len__(self) -> int:
        return len(self._families)

    def read_again(self) -> None:
        """What was put into the folder since is known from now on. Raises WillNotDo: what is known stays."""
        self._families = _load(self._folder, self._only)


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
