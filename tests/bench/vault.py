"""`python -m tests.bench.vault`: what the vault costs, beside the bare cipher and a bare copy of the same octets.

Of each row the quickest run counts, in wall-clock and in processor time (all threads); MB = 10^6 octets. `a core` is octets over processor
time: the goal of 500 MB/s for sealing and opening is about that. Memory is what the process has more at its peak than before. Goals are
printed, never asserted.
"""

import argparse
import asyncio
import gc
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.edges.keys import create_keys, load_keys
from gateway.edges.sealed import FRAME, read_header, seal, unlock
from gateway.edges.spool import Spool
from gateway.edges.vault import PIECE, Vault, key_of
from gateway.edges.vault_folder import Folder
from gateway.model.message import Content
from tests.bench import procs

MB = 1_000_000
SIZES = (4096, 30 * 1_048_576, 256 * 1_048_576)
ROUNDS = 5


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--folder", type=Path, help="where to write; default: the machine's folder for temporary files")
    with tempfile.TemporaryDirectory(dir=options.parse_args().folder) as folder:
        create_keys(Path(folder) / "keys")
        for octets in SIZES:
            _table(Path(folder), octets)


def _table(folder: Path, octets: int) -> None:
    spool = Spool(folder)
    vault = Vault(Folder(folder / "vault", reserve_octets=0), load_keys(folder / "keys"), spool)
    with closing(_spooled(spool, octets)) as content, closing(vault):
        rows = _rows(folder, vault, content)
        print(f"{octets:,} octets")
        print(f"  {'':44} {'ms':>9} {'MB/s':>8} {'a core':>8} {'memory':>9}")
        for name, run in rows.items():
            wall, processor, memory = _measured(run)
            print(
                f"  {name:44} {wall * 1000:9.2f} {octets / wall / MB:8.0f} {octets / max(processor, 1e-6) / MB:8.0f} {memory / MB:7.1f} MB"
            )


def _rows(folder: Path, vault: Vault, content: Content) -> dict[str, Callable[[], object]]:
    family = load_keys(folder / "keys")["shares"]
    object_id = asyncio.run(vault.put("shares", content))
    file = folder / "vault" / key_of(object_id)
    middle = content.octets // 2
    header, at = read_header(file.read_bytes()[:1000])
    return {
        "bare AES-256-GCM of its frames": lambda: _bare(content),
        "seal (goal 500 MB/s a core)": lambda: _all(seal(_pieces(content), "shares", bytes(16), family)),
        "open (goal 500 MB/s a core)": lambda: _all(unlock(header, family).unseal(_read(file, at))),
        "bare copy, synced": lambda: _copy(file, folder / "copy"),
        "put: sealed, synced, renamed, synced": lambda: _put(vault, content),
        "get: opened into a private spool": lambda: asyncio.run(vault.get(object_id)).close(),
        "read in parts, all of it": lambda: asyncio.run(_parts(vault, object_id, 0, None)),
        "read in parts, 64 KiB from the middle": lambda: asyncio.run(_parts(vault, object_id, middle, middle + FRAME)),
    }


def _spooled(spool: Spool, octets: int) -> Content:
    writer = spool()
    for start in range(0, octets, PIECE):
        writer.write(os.urandom(min(PIECE, octets - start)))
    return writer.finish()


def _pieces(content: Content) -> Iterator[bytes]:
    for start in range(0, content.octets, PIECE):
        yield content.read(start, min(start + PIECE, content.octets))


def _read(file: Path, start: int) -> Iterator[bytes]:
    with file.open("rb", buffering=0) as opened:
        opened.seek(start)
        while piece := opened.read(PIECE):
            yield piece


def _bare(content: Content) -> None:
    cipher = AESGCM(bytes(32))
    for counter, start in enumerate(range(0, content.octets, FRAME)):
        cipher.encrypt(counter.to_bytes(12, "big"), content.read(start, min(start + FRAME, content.octets)), b"head")


def _all(pieces: Iterator[bytes]) -> None:
    for _ in pieces:
        pass


def _copy(file: Path, to: Path) -> None:
    with file.open("rb") as source, to.open("wb") as target:
        shutil.copyfileobj(source, target, PIECE)
        target.flush()
        os.fsync(target.fileno())


def _put(vault: Vault, content: Content) -> None:
    async def story() -> None:
        await vault.delete(await vault.put("shares", content))

    asyncio.run(story())


async def _parts(vault: Vault, object_id: str, start: int, end: int | None) -> None:
    async for _ in (await vault.open(object_id)).pieces(start, end):
        pass


def _measured(run: Callable[[], object]) -> tuple[float, float, int]:
    """Of several runs the quickest, in wall-clock and processor time, and the memory of the first."""
    gc.collect()
    mine = os.getpid()
    procs.forget_peak(mine)
    before, found = procs.rss(mine), []
    run()
    memory = max(procs.peak_rss(mine) - before, 0)
    for _ in range(ROUNDS):
        wall, processor = time.perf_counter(), time.process_time()
        run()
        found.append((time.perf_counter() - wall, time.process_time() - processor))
    return min(wall for wall, _ in found), min(processor for _, processor in found), memory


if __name__ == "__main__":
    main()
