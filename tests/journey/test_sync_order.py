"""Durable means synced, in order, before the 250 (DESIGN section 6): seen in the system calls of the whole running gateway."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.build import message
from tests.journey.client import send
from tests.journey.gateway import Gateway, gateway
from tests.journey.tracing import RENAMES, WRITES, Call, calls, start_traced
from tests.peers import wait_until
from tests.peers.hop import hop

pytestmark = pytest.mark.peer

SENDER, COLLEAGUE, OUTSIDER = "a@sender.example", "kim@sender.example", "bea@outside.example"


@dataclass
class Traced:
    served: Gateway
    trace: Path

    def send(self, listener: str, recipient: str, subject: str) -> tuple[str, list[Call]]:
        """One message: the reply, and what was called from our 354 to the reply."""
        octets = message(SENDER, recipient, subject, "Hello.")
        (reply,) = send(self.served.ports[listener], SENDER, [recipient], octets, lmtp=listener == "lmtp")
        identity = reply.split()[2]
        wait_until(lambda: any(_says(call, identity) for call in calls(self.trace)), "the tracer has written what it saw")
        seen = calls(self.trace)
        (answered,) = (call for call in seen if _says(call, f"250 {reply.split()[1]} {identity} "))
        # At the beginning of a line: strace writes an octet of a sealed file as \354 too.
        starts = ('"354 ', "\\r\\n354 ")
        data = max(call.begun for call in seen if any(_says(call, start) for start in starts) and call.begun < answered.begun)
        return reply, [call for call in seen if call.begun > data and call.returned < answered.begun]


@pytest.fixture(scope="module")
def traced() -> Iterator[Traced]:
    with hop() as peer:
        places = {name: {"host": "127.0.0.1", "port": peer.port} for name in ("mailboxes", "internet", "encrypted")}
        with gateway(places, listeners={"smtp": {}, "lmtp": {"protocol": "lmtp"}}, start=False) as served:
            trace = served.directory / "trace"
            start_traced(served, trace)
            yield Traced(served, trace)


@pytest.mark.parametrize("listener", ["smtp", "lmtp"])
def test_a_hold_is_synced_as_file_as_folder_and_as_row_before_its_250(traced: Traced, listener: str) -> None:
    reply, seen = traced.send(listener, OUTSIDER, f"RESTRICTED: {listener}")
    recorder = traced.served.pids("recorder")
    held = traced.served.holds()[0]

    assert reply.startswith("250 ")
    assert held["case"] in reply
    for purpose in ("holds", "notices"):
        renamed = next(call for call in seen if call.name in RENAMES and f"/vault/{purpose}/" in call.text)
        file, folder = _names(renamed)
        assert any(call.is_sync and f"/{file}>" in call.text and call.returned < renamed.begun for call in seen)
        synced = [call for call in seen if call.is_sync and f"{folder}>" in call.text and call.begun > renamed.returned]
        assert synced, f"the folder {folder} is synced after the rename"
        log = [call for call in seen if "/outgate.db-wal>" in call.text and call.begun > synced[0].returned]
        rows = next(call for call in log if call.name == "pwrite64" and _offset(call) > 0)  # at 0 is the header of SQLite's log
        committed = [call for call in log if call.is_sync and call.begun > rows.returned]
        assert committed, "the rows are written and synced after the vault"
        assert {_process(call.thread) for call in committed} == set(recorder)


def test_a_message_whose_only_step_is_one_relay_syncs_nothing_before_its_250(traced: Traced) -> None:
    smtp = traced.served.pids("smtp")
    quiet = 0
    for number in range(5):
        reply, seen = traced.send("smtp", COLLEAGUE, f"note {number}")
        assert reply.startswith("250 ")
        assert any(_says(call, f"(outgate {reply.split()[2]} ") for call in seen), "the copy went to the hop before the answer"
        synced = [call for call in seen if call.is_sync]
        assert not [call for call in synced if _process(call.thread) in smtp]
        quiet += not synced

    # Behind it the recorder may be busy with the message before: what is never waited for is sometimes not there.
    assert quiet


def _says(call: Call, words: str) -> bool:
    return call.name in WRITES and words in call.text


def _names(rename: Call) -> tuple[str, str]:
    """Of the new file: its temporary name, and the path of its folder."""
    old, new = (text.strip('"') for text in rename.text.partition(")")[0].split(", ")[:2])
    return old.rpartition("/")[2], new.rpartition("/")[0]


def _offset(write: Call) -> int:
    return int(write.text.rpartition(")")[0].rpartition(", ")[2])


def _process(thread: int) -> int:
    """The process of a thread that may have ended: by what /proc still knows, else the thread itself."""
    try:
        status = Path(f"/proc/{thread}/status").read_text()
    except FileNotFoundError:
        return thread
    return int(status.partition("Tgid:")[2].split()[0])
