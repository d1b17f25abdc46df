"""`python -m tests.bench.signing`: what a DKIM signature costs, beside the bare digest of the same octets and dkimpy on its own.

Of each row the quickest run counts, in wall-clock and in processor time, the event loop it runs in included. Memory is what the process has
more at its peak than before, while so many messages are signed at once. Goals are printed, never asserted.
"""

import asyncio
import gc
import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import dkim
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.edges.dkim import Signer
from gateway.edges.spool import Spool
from gateway.model.message import Content
from gateway.model.outcome import Copy, Splice
from tests.bench import procs
from tests.doubles import StillClock, recipient
from tests.edges.signatures import OURS, key, records, signing_keys, verified, whole

MB = 1_048_576
HEAD = b"Received: from a by b; Thu, 5 Nov 2026 14:06:00 +0000\r\nX-Marking: official\r\n"
HEADER = b"From: ann@our.example\r\nTo: bob@else.example\r\nSubject: report\r\nDate: Thu, 5 Nov 2026 14:06:00 +0000\r\n\r\n"
LINE = b"JVBERi0xLjQKJeLjz9MKMyAwIG9iago8PC9MZW5ndGggNCAwIFIvRmlsdGVyL0ZsYXRlRGVjb2RlPj4K\r\n"[:78] + b"\r\n"
AT_ONCE = 8
ROUNDS = 5


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for octets, goal in ((35 * MB, "<= 0.5 s"), (4096, "<= 3 ms")):
            content = _spooled(Path(folder), octets)
            _table(octets, content, goal)
            content.close()


def _spooled(folder: Path, octets: int) -> Content:
    writer = Spool(folder)()
    writer.write(HEADER)
    for _ in range(octets // len(LINE)):
        writer.write(LINE)
    return writer.finish()


def _copy(content: Content, *splices: Splice) -> Copy:
    return Copy("ann@our.example", (recipient("bob@else.example"),), HEAD, content, True, False, splices=splices)


def _table(octets: int, content: Content, goal: str) -> None:
    edit = Splice(len(HEADER) + len(LINE), len(HEADER) + 2 * len(LINE), LINE[:-2] + b" \r\n")
    clock = StillClock()
    signers = {kinds: Signer(signing_keys(*kinds), clock) for kinds in (("rsa",), ("ed25519",), ("rsa", "ed25519"))}
    rows: dict[str, Callable[[], object]] = {
        "bare SHA-256 of the same octets": lambda: _digest(content),
        **{f"signed with {' and '.join(kinds)}": lambda one=one: _sign(one, _copy(content, edit)) for kinds, one in signers.items()},
        "dkimpy on its own, rsa, all in memory": lambda: _dkimpy(whole(_copy(content, edit))),
    }
    memory = _memory(signers["rsa",], _copy(content, edit))  # first: what others free might serve it
    found = {name: _quickest(run) for name, run in rows.items()}
    print(f"{octets:,} octets; goal {goal}, memory flat")
    for name, (wall, processor) in found.items():
        print(f"  {name:42} {wall * 1000:9.2f} ms  {processor * 1000:9.2f} ms CPU")
    signed = _sign(signers["rsa", "ed25519"], _copy(content, edit))
    assert verified(whole(signed), records(signing_keys("rsa", "ed25519"))) == [True, True]
    print(f"  {AT_ONCE} at once, memory at the peak above before: {memory / MB:.1f} MB\n")


def _sign(signer: Signer, copy: Copy) -> Copy:
    return asyncio.run(signer.sign(copy))


def _digest(content: Content) -> bytes:
    hashed = hashlib.sha256()
    for at in range(0, content.octets, 262_144):
        hashed.update(content.read(at, min(at + 262_144, content.octets)))
    return hashed.digest()


def _dkimpy(octets: bytes) -> bytes:
    private = key("rsa").private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return dkim.sign(octets, b"rsa1", OURS.encode(), private)


def _quickest(run: Callable[[], object]) -> tuple[float, float]:
    """Of several runs, wall-clock and processor time."""
    found = []
    for _ in range(ROUNDS):
        gc.collect()
        wall, processor = time.perf_counter(), time.process_time()
        run()
        found.append((time.perf_counter() - wall, time.process_time() - processor))
    return min(wall for wall, _ in found), min(processor for _, processor in found)


def _memory(signer: Signer, copy: Copy) -> int:
    """Resident memory at its peak (kernel) above what it was, while several are signed."""
    gc.collect()
    mine = os.getpid()
    procs.forget_peak(mine)
    before = procs.rss(mine)

    async def several() -> None:
        await asyncio.gather(*(signer.sign(copy) for _ in range(AT_ONCE)))

    asyncio.run(several())
    return max(procs.peak_rss(mine) - before, 0)


if __name__ == "__main__":
    main()
