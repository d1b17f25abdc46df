"""The bench measures what it says: its sink counts right, its messages differ, and a short run gives every figure."""

import base64
import io
import json
import os
import subprocess
import sys
import zipfile
from email import message_from_bytes, policy
from pathlib import Path

import pypdfium2
import pytest

from tests.bench import procs, report
from tests.bench.fastsink import Count, Session
from tests.bench.gateway_peer import find_front
from tests.bench.peers import ROOT
from tests.bench.workloads import Workload, new_mark, workload

RELAY = f"{sys.executable} -m tests.bench.tcprelay --port {{port}} --next-hop {{next_hop}}"
DIALOGUE = b"EHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n"
CONTENT = b"Subject: x\r\n\r\n..dot\r\n.no end\r\nend.\r\n.\r\n"

pytestmark = pytest.mark.slow


class Wire:
    """A transport that keeps what was written."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data


def sink_session(*, chunking: bool = False) -> tuple[Session, Wire, Count]:
    wire, count = Wire(), Count()
    session = Session(count, chunking=chunking)
    session.connection_made(wire)
    wire.written = b""
    return session, wire, count


@pytest.mark.parametrize("size", range(1, 12))
def test_the_sink_finds_the_end_of_data_however_it_is_cut(size):
    session, wire, count = sink_session()
    octets = DIALOGUE + CONTENT + b"RSET\r\n" + DIALOGUE + CONTENT + b"XCOUNT\r\n"

    for at in range(0, len(octets), size):
        session.data_received(octets[at : at + size])

    assert count.messages == 2
    assert count.octets == 2 * len(CONTENT)
    assert wire.written.endswith(b"250 2 %d\r\n" % count.octets)
    assert wire.written.count(b"\r\n250 2.0.0 Accepted\r\n") == 2


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_the_sink_counts_chunks(size):
    session, wire, count = sink_session(chunking=True)
    octets = b"MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nBDAT 5\r\n12\r\n3BDAT 3 LAST\r\n.\r\nBDAT 4\r\nabcdBDAT 0 LAST\r\nNOOP\r\n"

    for at in range(0, len(octets), size):
        session.data_received(octets[at : at + size])

    assert (count.messages, count.octets) == (2, 12)
    assert wire.written.count(b"\r\n") == 7


@pytest.mark.parametrize(("name", "octets"), [("S", 4_000), ("M", 100_000), ("L", 12_000_000), ("XL", 35 * 1_048_576)])
def test_a_workload_has_its_size_and_each_message_differs_in_id_and_text_and_file(name, octets):
    work = workload(name)
    one, other = wire(work), wire(work)
    different = sum(a != b for a, b in zip(one.split(b"\r\n"), other.split(b"\r\n"), strict=True))

    assert work.octets == pytest.approx(octets, rel=0.02)
    assert one.endswith(b"\r\n.\r\n")
    assert b"\r\n.\r\n" not in one[:-5]
    assert different == (2 if name == "S" else 3)


def wire(work: Workload) -> bytes:
    head, rest = work.parts()
    return head + bytes(rest)


@pytest.mark.parametrize("name", ["M", "L"])
def test_the_patched_file_is_still_whole(name):
    message = message_from_bytes(wire(workload(name))[:-3].replace(b"\r\n..", b"\r\n."), policy=policy.default)
    (attachment,) = message.iter_attachments()
    octets = attachment.get_content()

    assert base64.b64encode(base64.b64decode(mark := new_mark())) == mark
    if name == "M":
        assert zipfile.ZipFile(io.BytesIO(octets)).testzip() is None
    else:
        document = pypdfium2.PdfDocument(octets)
        assert len(document) == len(octets) // 655_360
        assert len(document[3].get_textpage().get_text_range()) > 1000


def test_the_front_process_is_found_by_file_by_name_or_by_its_work(tmp_path):
    supervisor = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()', sys.argv[1]]); print()"
    with subprocess.Popen([sys.executable, "-c", supervisor, "worker-smtp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        while len(procs.tree(running.pid)) < 2:
            os.sched_yield()
        (child,) = [one.pid for one in procs.tree(running.pid) if one.pid != running.pid]

        assert find_front(running.pid, tmp_path) == child
        (tmp_path / "var").mkdir()
        (tmp_path / "var" / "pids.json").write_text(json.dumps({"smtp": [running.pid]}))
        assert find_front(running.pid, tmp_path) == running.pid
        running.communicate(b"\n")


def test_a_short_run_gives_every_figure(tmp_path):
    out = tmp_path / "out.json"
    command = [sys.executable, "-m", "tests.bench", "--only", "S", "--peers", "stock,tcp", "--seconds", "1", "--json", str(out)]
    run = subprocess.run([*command, "--gateway-command", RELAY], cwd=ROOT, capture_output=True, text=True, check=False)
    found = json.loads(out.read_text()) if out.exists() else {}

    assert run.returncode == 0, run.stderr
    assert {row["peer"] for row in found["rows"]} == {"gateway", "stock", "tcp"}
    for row in found["rows"]:
        assert row["messages"] == row["delivered"] > 0
        assert row["refused"] == {}
        assert row["error"] == ""
        assert row["p99_ms"] >= row["p50_ms"] > 0
        assert row["peak_rss_mb"] > 5
    assert {(ratio["workload"], ratio["peer"]) for ratio in found["ratios"]} == {("S", "stock"), ("S", "tcp")}
    assert [goal["goal"] for goal in found["goals"]] == ["S rate : stock"]
    assert "S 20 tcp" in report.comparison(found, found)
    assert "delivered" in run.stdout


def test_a_gateway_that_does_not_start_is_said_and_is_no_success(tmp_path):
    command = f"{sys.executable} -c \"raise SystemExit('no such thing')\""
    arguments = ["--only", "S", "--peers", "none", "--seconds", "0.1", "--gateway-command", command]
    run = subprocess.run([sys.executable, "-m", "tests.bench", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 1
    assert "no such thing" in run.stderr


def test_a_comparison_needs_its_file():
    arguments = ["--compare", str(Path("/nowhere.json"))]
    run = subprocess.run([sys.executable, "-m", "tests.bench", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 2
    assert "there is no file" in run.stderr
