"""Entry of the bench: `python -m tests.bench --help`."""

import argparse
import contextlib
import json
import os
import sys
from pathlib import Path

from tests.bench import peers as programs
from tests.bench import report
from tests.bench.gateway_peer import default_command
from tests.bench.measure import Row, measure, warm_up
from tests.bench.peers import NotStarted, Peer
from tests.bench.workloads import names, workload

_ABOUT = """\
How fast is the gateway, and what does it cost, beside its peers?

Every message goes generator -> program under test -> sink, and counts when the program has answered 250 to its final dot. The front
process of the program runs alone on one core; generator, sink and the program's other processes (examiners, recorder) share a second.
All programs take turns in one run, because figures of another hour or machine do not compare: trust the ratios.

workloads
  S   4 KB of text, 20 sessions              M   100 KB with a Word document, 20 sessions
  L   12 MB with a PDF, 1 and 20 sessions    XL  35 MiB with a PDF, 1 and 20 sessions
peers
  stock   aiosmtpd and aiosmtplib as they come, connections pooled      tcp     a TCP relay that knows nothing of SMTP
  amavis  amavisd-new with MIME and file(1), where installed            direct  no program: what the harness itself can do
"""

_READING = """\
reading the table
  msg/s, MB/s    accepted messages over the time to the last reply; MB = 10^6 octets
  p50, p99       from MAIL to the reply to the final dot
  CPU ms         processor time of one message: the front process, and all processes of the program
  front, beside  how busy the two cores were with this; with `beside` near 100 % the harness is the limit: compare CPU ms instead
  RSS, PSS       of the front process, MB = 2^20 octets: before the row, at its peak (kernel), sampled; `all`: all processes
  delivered      messages that reached the sink / messages accepted

examples
  python -m tests.bench                                       everything, about eight minutes
  python -m tests.bench --only S,M --peers stock --seconds 4  a look after a change
  python -m tests.bench --json after.json --compare before.json
  python -m tests.bench --no-gateway --peers stock,tcp,direct the peers alone
  python -m tests.bench --gateway-command 'python -m tests.bench.tcprelay --port {port} --next-hop {next_hop}'
"""


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    os.sched_setaffinity(0, {options.cores[1]})
    rows: list[Row] = []
    failed = False
    for name in options.only:
        measured, missing = _workload(name, options)
        rows += measured
        failed |= missing
    found = report.as_json(rows, options.seconds)
    print("\n\n".join(filter(None, [report.table(rows), report.goal_table(rows)])))
    if options.compare is not None:
        print("\n" + report.comparison(json.loads(options.compare.read_text()), found))
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if failed else 0


def _workload(name: str, options: argparse.Namespace) -> tuple[list[Row], bool]:
    """All rows of a workload, with programs that are fresh; whether the gateway failed to start."""
    work, failed = workload(name), False
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(programs.sink())
        running: list[Peer] = []
        for peer in [*([] if options.no_gateway else ["gateway"]), *options.peers]:
            try:
                running.append(stack.enter_context(programs.start(peer, sink, options.gateway_command, options.pack)))
            except NotStarted as error:
                report.say(f"bench: {error}")
                failed |= peer == "gateway"
                continue
            if peer != "direct":
                running[-1].pin(*options.cores)
            if trouble := warm_up(running[-1], work):
                report.say(f"bench: {peer}: the first message failed: {trouble}")
            if peer != "direct":
                running[-1].pin(*options.cores)  # what the first message made it start
        rows = [row for sessions in work.sessions for row in measure(running, sink, work, sessions, options.seconds)]
    return rows, failed


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=_ABOUT, epilog=_READING, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", type=_list(names()), default=list(names()), metavar="S,M,L,XL", help="the workloads to run")
    parser.add_argument(
        "--peers",
        type=_list((*programs.PEERS, "none")),
        default=["stock", "tcp", "amavis"],
        metavar="LIST",
        help="of stock, tcp, amavis, direct, or none",
    )
    parser.add_argument(
        "--seconds", type=float, default=10.0, metavar="N", help="for each program and row (default 10); messages under way are awaited"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all figures")
    parser.add_argument("--compare", type=Path, metavar="OLD", help="print new : old for each row of an earlier --json")
    parser.add_argument("--no-gateway", action="store_true", help="measure the peers alone")
    parser.add_argument(
        "--gateway-command",
        metavar="TEMPLATE",
        help=f"with {{config}}, {{port}}, {{next_hop}}, {{var}}; default: {default_command()}".replace("%", "%%"),
    )
    parser.add_argument("--pack", type=Path, metavar="DIR", help="the policy pack (default rules/starter); it must let the messages go")
    parser.add_argument(
        "--cores", type=_cores, default=_cores(""), metavar="A,B", help="front process on A, all else on B (default: the first two)"
    )
    options = parser.parse_args(arguments)
    if options.compare is not None and not options.compare.is_file():
        parser.error(f"--compare: there is no file {options.compare}")
    for peer in [one for one in options.peers if not programs.is_installed(one)]:
        report.say(f"bench: {peer}: not installed")
    options.peers = [one for one in options.peers if one != "none" and programs.is_installed(one)]
    return options


def _list(allowed: tuple[str, ...]):  # type: ignore[no-untyped-def]
    def split(text: str) -> list[str]:
        chosen = [word.strip() for word in text.split(",") if word.strip()]
        if unknown := [word for word in chosen if word not in allowed]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: there are {', '.join(allowed)}")
        return chosen

    return split


def _cores(text: str) -> tuple[int, int]:
    usable = sorted(os.sched_getaffinity(0))
    if text:
        front, _, other = text.partition(",")
        return int(front), int(other or front)
    return usable[0], usable[-1] if len(usable) < 2 else usable[1]


if __name__ == "__main__":
    sys.exit(main())
