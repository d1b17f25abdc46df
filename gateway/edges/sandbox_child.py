"""One child of the sandbox seen from the gateway: a socket that carries one job and then one frame for each part of it.

A child that says anything else, or dies, or is late, never serves again. All waiting is the event loop's.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass

from gateway.errors import TryLater
from gateway.model.finding import Readable
from gateway.model.reading import LENGTH, MESSAGES, REPLY_LIMIT, Kind

_CHUNK = 16_384  # a larger buffer costs more to allocate than a small reply to read
_JOB_LIMIT = 16 * REPLY_LIMIT  # octets that a child may say of one message
_OVER_BUDGET = (signal.SIGPROF, signal.SIGXCPU)  # the timer of one file, and the limit of a whole life


@dataclass(frozen=True, slots=True)
class Killed:
    """A child that ended before its turn was over: what the event worker.killed tells."""

    why: str  # wall-clock | over-budget | crashed | garbage | exception | cancelled | zygote
    kind: Kind | None  # None: the zygote itself, and all children with it
    pid: int
    served: int  # messages that it was given
    signal: int = 0  # that ended it, when it was not ours


@dataclass(frozen=True, slots=True)
class Answer:
    """What a child gave for a job."""

    frames: tuple[bytes, ...]  # one for each part, in order; fewer when it ended early
    ended: Readable | None = None  # CRASHED or OVER_BUDGET in the part after the last frame
    is_lost: bool = False  # it was dead before it got the job: nothing is known of the parts


class Child:
    """One child seen from outside."""

    def __init__(
        self, number: int, kind: Kind, end: socket.socket, on_killed: Callable[[Killed], None], remove: Callable[[Child], None]
    ) -> None:
        self.number = number
        self.kind = kind
        self.pid = 0  # until born
        self.served = 0
        self.is_spent = False  # must not serve again
        self._loop = asyncio.get_running_loop()
        self._end = end
        self._on_killed = on_killed
        self._remove = remove  # lends it no more and has it killed
        self._is_told = False  # its end was reported
        self._said = bytearray()
        self._frames: list[bytes] = []
        self._wanted = 0
        self._room = 0  # octets that it may still say
        self._answer: asyncio.Future[Answer] | None = None
        end.setblocking(False)
        self._loop.add_reader(end.fileno(), self._hear)

    async def work(self, job: bytes, descriptor: int, parts: int, deadline: float) -> Answer:
        """Hand over one job and wait for its frames.

        Raises:
            TryLater: the deadline passed, or the whole sandbox went.
        """
        if self.is_spent:  # it died before it was asked
            return Answer((), is_lost=True)
        self.served += 1
        self._frames, self._wanted, self._room = [], parts, _JOB_LIMIT
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._answer = answer
        late = self._loop.call_at(deadline, self._be_late)
        frame = LENGTH.pack(len(job)) + job
        try:
            sent = socket.send_fds(self._end, [frame], [descriptor])
            if sent < len(frame):
                await self._loop.sock_sendall(self._end, frame[sent:])
            await answer
        except (BrokenPipeError, ConnectionResetError, BlockingIOError):  # dead, or deaf: it did not take its last job whole
            self.condemn("crashed")
            return Answer((), is_lost=True)
        finally:
            late.cancel()
            if not answer.done() or answer.cancelled():
                self.condemn("cancelled")
            self._answer = None
        return answer.result()

    def condemn(self, why: str) -> None:
        """This child must not go on: have it killed, and say so."""
        self._tell(why)
        self.is_spent = True
        self._remove(self)

    def lose(self) -> None:
        """The zygote went, and this child with it: nothing is known of what it was reading."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(TryLater("the sandbox ended while it read"))
        self.is_spent = True
        self.close()

    def bury(self, status: int) -> None:
        """It has died with this wait status. One that answered first ended in its own time."""
        if self._end.fileno() >= 0:
            self._hear()  # what it said before
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        how = Readable.OVER_BUDGET if number in _OVER_BUDGET else Readable.CRASHED
        if self._answer is None:
            self._tell(how.value, number)
        elif not self._answer.done():
            self._tell(how.value, number)
            self._finish(Answer(tuple(self._frames), how))
        self.is_spent = True
        self.close()

    @property
    def may_serve(self) -> bool:
        """Whether its turn is not over and it has said no more than it was asked."""
        return not self.is_spent and not self._said and self.served < MESSAGES[self.kind]

    def close(self) -> None:
        """Let go of it; a living one ends by itself when it sees that."""
        if self._end.fileno() >= 0:
            self._loop.remove_reader(self._end.fileno())
            self._end.close()

    def _hear(self) -> None:
        """Take what the child says. Its end of file is left to the report of its death, which says why."""
        try:
            while said := self._end.recv(_CHUNK):
                self._said += said
                self._take_frames()
                if len(said) < _CHUNK or self.is_spent:
                    return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._loop.remove_reader(self._end.fileno())
        self.is_spent = True
        self._remove(self)  # it may have closed its socket and live on

    def _take_frames(self) -> None:
        """Whole frames out of what was said; too long a frame, or one that nobody waits for, is garbage."""
        said = self._said
        while len(said) >= LENGTH.size:
            octets = LENGTH.unpack_from(said)[0]
            if octets > min(REPLY_LIMIT, self._room) or len(self._frames) >= self._wanted:
                self._be_garbage()
                return
            if len(said) < LENGTH.size + octets:
                return
            self._frames.append(bytes(said[LENGTH.size : LENGTH.size + octets]))
            del said[: LENGTH.size + octets]
            self._room -= octets
            if len(self._frames) == self._wanted:
                self._finish(Answer(tuple(self._frames)))

    def _be_garbage(self) -> None:
        self._said.clear()
        self._finish(Answer(tuple(self._frames), Readable.CRASHED))
        self.condemn("garbage")

    def _be_late(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(TryLater("the wall clock ran out while a file was read"))
            self.condemn("wall-clock")

    def _tell(self, why: str, number: int = 0) -> None:
        if not self._is_told:
            self._is_told = True
            self._on_killed(Killed(why, self.kind, self.pid, self.served, number))

    def _finish(self, answer: Answer) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)
