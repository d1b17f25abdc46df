"""A real sandbox with a reader that does what documents say, for tests: one zygote, one event loop, as many reads as you like."""

import asyncio
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from gateway.config import Examine
from gateway.edges.sandbox import Sandbox
from gateway.model.finding import Patterns
from gateway.model.message import Encoding
from gateway.ports.examiner import Wanted

HOSTILE = f"{Path(__file__).with_name('hostile.py')}:read"
PATIENCE = 60  # seconds until a test that waits in vain gives up


class Spooled:
    """ports.Content over a file of its own; parts follow one another."""

    def __init__(self, *bodies):
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._file.write(b"".join(bodies))
        self._file.flush()
        self.octets = sum(map(len, bodies))
        self._read_only = os.open(f"/proc/self/fd/{self._file.fileno()}", os.O_RDONLY)

    @contextmanager
    def view(self):
        yield self.read(0, self.octets)

    def read(self, start, end):
        return os.pread(self._read_only, end - start, start)

    def descriptor(self):
        return self._read_only

    def close(self):
        os.close(self._read_only)
        self._file.close()


def parts(*bodies, encoding=Encoding.IDENTITY, names=(), declared_type="text/plain", **more):
    """Wanted parts "1", "2", ... for bodies that follow one another."""
    found, start = [], 0
    for number, body in enumerate(bodies, 1):
        found.append(Wanted(str(number), start, start + len(body), encoding, names, declared_type, None, is_words=False, **more))
        start += len(body)
    return tuple(found)


class Bench:
    """A sandbox in use. Numbers are small so that tests are quick."""

    def __init__(self, runner, **examine):
        self.runner = runner
        self.killed = []
        self.news = asyncio.Event()
        settings = {"workers": 2, "memory": "256MB", "seconds": 0.2, "wall": PATIENCE} | examine
        self.sandbox = self.make(Examine(**settings))
        self.sandbox.start()

    def make(self, examine):
        return Sandbox(examine, on_killed=self.learn, reader=HOSTILE)

    def learn(self, killed):
        self.killed.append(killed)
        self.news.set()

    def read(self, *bodies, patterns=Patterns(), **more):  # noqa: B008 - frozen
        return self.runner.run(self.reading(*bodies, patterns=patterns, **more))

    async def reading(self, *bodies, patterns=Patterns(), **more):  # noqa: B008 - frozen
        content = Spooled(*bodies)
        try:
            return await self.sandbox.read(content, parts(*bodies, **more), patterns)
        finally:
            content.close()

    def who(self, *bodies, **more):
        """The process id of the child that read the first body, and how many it had read."""
        pid, served = self.read(*bodies, **more)[0].evidence[0].where.split()
        return int(pid), int(served)

    async def until(self, happened):
        async with asyncio.timeout(PATIENCE):
            while not happened():
                self.news.clear()
                await self.news.wait()

    def close(self):
        self.runner.run(self.sandbox.close())


@contextmanager
def bench(*, loop_factory=None, **examine):
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        at = Bench(runner, **examine)
        try:
            yield at
        finally:
            at.close()
