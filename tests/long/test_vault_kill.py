"""What the vault has said it keeps is kept: through SIGKILLs at random moments, while it puts, deletes and changes its keys.

OUTGATE_SEED repeats the choices of a run, OUTGATE_KILLS changes the number of kills.
"""

import asyncio
import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from gateway.edges.keys import create_keys, load_keys
from gateway.edges.vault import Vault
from gateway.edges.vault_care import look_through
from gateway.errors import WillNotDo
from tests.long.killing import seed
from tests.long.vault_worker import store_of
from tests.peers.azure import azure
from tests.peers.s3 import s3

pytestmark = [pytest.mark.long, pytest.mark.peer]

KILLS = {"folder": 60, "s3": 20, "azure": 20}


@pytest.fixture(params=KILLS)
def where(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Arguments of the worker: in which kind of store, and how it is reached."""
    if request.param == "s3":
        with s3() as one:
            yield ["s3", str(one.port), one.account, one.secret, ""]
    elif request.param == "azure":
        with azure() as other:
            yield ["azure", str(other.port), other.account, other.secret, f"/{other.account}"]
    else:
        yield ["folder"]


def test_nothing_that_was_kept_is_lost_however_often_the_process_is_killed(
    where: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = seed()
    dice, said = Random(chosen), Counter[str]()
    create_keys(tmp_path / "keys")
    kept: dict[str, str] = {}
    for _ in range(int(os.environ.get("OUTGATE_KILLS") or KILLS[where[0]])):
        lines = run_and_kill(tmp_path, where, dice)
        said.update(words[0] for words in lines)
        kept |= {words[1]: words[2] for words in lines if words[0] == "kept"}
        unsure = {words[1] for words in lines if words[0] == "deleting"}
        asyncio.run(see(tmp_path, where, kept, unsure))
    with capsys.disabled():
        print(f"\nOUTGATE_SEED={chosen} {where[0]}: {dict(said)}, {len(kept)} are there", flush=True)
    assert min(said["kept"], said["deleting"], said["key"], said["retired"]) > 0


def run_and_kill(folder: Path, where: list[str], dice: Random) -> list[list[str]]:
    """What the worker has said, in words."""
    command = (sys.executable, "-m", "tests.long.vault_worker", str(folder), str(dice.getrandbits(32)), *where)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        try:
            process.wait(dice.uniform(0, 1.5))
        except subprocess.TimeoutExpired:
            process.kill()
        lines = [first, *process.stdout.read().splitlines()]
        assert process.wait() == -9, lines
    return [line.decode().split() for line in lines]


async def see(folder: Path, where: list[str], kept: dict[str, str], unsure: set[str]) -> None:
    """Everything kept is whole and the same; whatever else is there is whole too. What was being deleted may be there or not."""
    vault = Vault(store_of(folder, where), load_keys(folder / "keys"), None)  # type: ignore[arg-type]
    try:
        for object_id, digest in list(kept.items()):
            hashed = hashlib.sha256()
            try:
                async for piece in (await vault.open(object_id)).pieces():
                    hashed.update(piece)
            except WillNotDo:
                assert object_id in unsure, object_id
                del kept[object_id]
                continue
            assert hashed.hexdigest() == digest
        assert await look_through(vault, None, lambda _: None) == {}
    finally:
        vault.close()
