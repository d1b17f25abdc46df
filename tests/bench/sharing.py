"""`python -m tests.bench.sharing`: what it adds to a message of 30 MB when its file goes by link, beside the same message relayed plain.

One gateway, two recipients: a colleague gets the message as it is, an outsider a link. They take turns; of each the quickest counts: the
time that the client waits from its first octet to the reply, and the processor time of the processes that carry mail. Memory is the highest
resident size of such a process above what it had before. Goals are printed, never asserted.
"""

import argparse
import os
import time
from dataclasses import dataclass

from tests.bench import procs
from tests.build import message, pdf
from tests.journey.client import Client
from tests.journey.gateway import Gateway, pack_in
from tests.journey.site import OWN, site
from tests.peers import folder, free_port

MB = 1_048_576
COLLEAGUE, OUTSIDER = f"bea@{OWN}", "kim@elsewhere.example"
LINK = """\
  link:
    {kind: share, place: own, not_for: colleagues, provides: [protected-files], expires: {after: 60d}, clause: our own links}
  encrypted:
"""


@dataclass
class Run:
    seconds: float
    processor_seconds: float
    more_octets: int  # resident, at the peak


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7)
    rounds = options.parse_args().rounds
    with folder("pack") as directory:
        pack = pack_in(directory, {}, replace={"  encrypted:\n": LINK})
        port = free_port()
        extra = f'[place.own]\nkind = "own"\n[portal]\nurl = "http://127.0.0.1:{port}"\naddress = "127.0.0.1:{port}"\n'
        with site(pack=pack, extra=extra) as running, running.hop("mailboxes"), running.hop("internet"):
            runs = {to: [_run(running.gateway, to, number) for number in range(rounds + 1)][1:] for to in (COLLEAGUE, OUTSIDER)}
    _table(runs[COLLEAGUE], runs[OUTSIDER])


def _run(gateway: Gateway, to: str, number: int) -> Run:
    """The first warms up: it is not counted."""
    sender = f"ann@{OWN}"
    file = pdf(["Annual report", str(number)], header="PUBLIC", pad_octets=30 * MB)  # another each time: nothing is remembered
    octets = message(sender, [to], f"Number {number}", "See there.", attachments=[("report.pdf", file, "application/pdf")])
    mine = gateway.pids("smtp")
    for pid in mine:
        procs.forget_peak(pid)
    before, used = {pid: procs.rss(pid) for pid in mine}, _used(mine)
    with Client(gateway.ports["smtp"], seconds=300) as client:
        client.hello()
        client.envelope(sender, [to])
        started = time.perf_counter()
        client.content(octets)
        (answer,) = client.answers()
        seconds = time.perf_counter() - started
    assert answer.startswith("250"), answer
    return Run(seconds, _used(mine) - used, max(procs.peak_rss(pid) - before[pid] for pid in mine))


def _used(pids: list[int]) -> float:
    return sum(one.own_seconds for pid in pids if (one := procs.process(pid)) is not None)


def _table(plain: list[Run], linked: list[Run]) -> None:
    print(f"30 MB file, {len(plain)} rounds each, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print(f"{'':14}{'quickest':>12}{'processor':>12}{'memory':>12}")
    for name, runs in (("plain", plain), ("by link", linked)):
        processor, more = min(run.processor_seconds for run in runs), max(run.more_octets for run in runs)
        print(f"{name:14}{min(run.seconds for run in runs):10.2f} s{processor:10.2f} s{more / MB:9.1f} MB")
    added = min(run.seconds for run in linked) - min(run.seconds for run in plain)
    print(f"\nadded by the link: {added:.2f} s (goal: <= 1.0 s)")


if __name__ == "__main__":
    main()
