"""Keeps, deletes and changes keys until it is killed, and says on stdout what it has been told: run by test_vault_kill.py."""

import asyncio
import hashlib
import random
import sys
from pathlib import Path

from gateway.edges.keys import Family, add_key, load_keys, remove_key
from gateway.edges.objects import ObjectStore
from gateway.edges.vault import Vault
from gateway.edges.vault_care import lost_without, renew
from gateway.edges.vault_cloud import PART
from gateway.edges.vault_folder import Folder
from tests.edges.test_vault_cloud import Server
from tests.web.house import Octets

SIZES = (0, 100, 65_536, 400_000, PART + 300_000)


def store_of(folder: Path, where: list[str]) -> ObjectStore:
    if where[0] == "folder":
        return Folder(folder / "vault", reserve_octets=0)
    kind, port, account, secret, path = where
    return Server(kind, int(port), account, secret, path).cloud("killed")


async def work(vault: Vault, keys: Path, dice: random.Random) -> None:
    mine: list[str] = []
    while True:
        octets = dice.randbytes(dice.choice(SIZES))
        mine.append(await vault.put("shares", Octets(octets)))
        say("kept", mine[-1], hashlib.sha256(octets).hexdigest())
        if dice.random() < 0.3:
            gone = mine.pop(dice.randrange(len(mine)))
            say("deleting", gone)
            await vault.delete(gone)
        if dice.random() < 0.2:
            await change_keys(vault, keys)


async def change_keys(vault: Vault, keys: Path) -> None:
    """As `outgate keys rotate` and `--retire`, without the hour between them: nobody else seals here."""
    newest = add_key(keys, "shares")
    say("key", newest)
    assert (await renew(vault, "shares", lambda _: None))[1] == []
    family = load_keys(keys)["shares"]
    assert await lost_without(vault, Family(newest, {newest: family.keys[newest]}), "shares", lambda _: None) == []
    for old in family.keys.keys() - {newest}:
        remove_key(keys, old)
        say("retired", old)


def say(*words: str) -> None:
    print(*words, flush=True)


if __name__ == "__main__":
    place, number, *told = sys.argv[1:]
    chosen = Path(place)
    asyncio.run(work(Vault(store_of(chosen, told), load_keys(chosen / "keys"), None), chosen / "keys", random.Random(int(number))))  # type: ignore[arg-type]
