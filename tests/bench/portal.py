"""`python -m tests.bench.portal`: how fast the portal hands files out, beside nginx with the same octets in clear; and what it holds.

A real gateway, a link opened by the code that it mails, one connection at a time; portal and nginx take turns, and of each the quickest and
the middle round are shown: trust the ratio. `slow`: so many downloads at once of which each reader has taken a little and takes no more.
MB = 10^6 octets of the file, memory in 2^20. Goals are printed, never asserted.
"""

import argparse
import os
import re
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.bench import procs
from tests.journey.gateway import gateway, pack_in
from tests.journey.shared import ROUTE, share_by
from tests.peers import folder, free_port, wait_until
from tests.peers.hop import Peer, hop

MB = 1_000_000
SIZE = 256 * 1_048_576
ROUNDS = 7
SLOW = (200, 1000)
_NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 2048; }}
http {{
  access_log off; sendfile on; default_type application/octet-stream;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Target:
    port: int
    path: str
    cookie: str = ""

    def ask(self) -> socket.socket:
        """A connection on which the file is coming."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 262_144)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(f"GET {self.path} HTTP/1.1\r\nHost: x\r\nCookie: outgate={self.cookie}\r\nConnection: close\r\n\r\n".encode())
        return connection

    def seconds(self, octets: int) -> float:
        """How long the whole file takes."""
        buffer, got, began = bytearray(1_048_576), 0, time.perf_counter()
        with self.ask() as connection:
            while size := connection.recv_into(buffer):
                got += size
        assert got > octets, f"only {got} octets came"
        return time.perf_counter() - began


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = options.parse_args().rounds
    octets = os.urandom(SIZE)
    with ExitStack() as stack:
        plain, beside = stack.enter_context(_nginx(octets))
        portal, pid = stack.enter_context(_portal(octets))
        _rates({"nginx, in clear": (plain, beside), "portal, opened from the vault": (portal, pid)}, rounds)
        for count in SLOW:
            _slow(portal, pid, count)


def _rates(targets: dict[str, tuple[Target, int]], rounds: int) -> None:
    taken: dict[str, list[float]] = {name: [] for name in targets}
    processor = dict.fromkeys(targets, 0.0)
    for _ in range(rounds):
        for name, (target, pid) in targets.items():
            before = _processor(pid)
            taken[name].append(target.seconds(SIZE))
            processor[name] += _processor(pid) - before
    print(f"{SIZE:,} octets, one connection   {'quickest':>12} {'middle':>12} {'processor time':>18}")
    for name, times in taken.items():
        cost = processor[name] / rounds * 1000 / (SIZE / MB)
        print(f"  {name:34} {SIZE / min(times) / MB:7.0f} MB/s {SIZE / statistics.median(times) / MB:7.0f} MB/s {cost:11.2f} ms a MB")
    (plain, ours), costs = taken.values(), list(processor.values())
    quickest, middle = min(plain) / min(ours), statistics.median(plain) / statistics.median(ours)
    print(f"  portal : nginx (goal 0.25)         {quickest:12.2f} {middle:12.2f} {costs[0] / costs[1]:18.2f}")


def _slow(portal: Target, pid: int, count: int) -> None:
    before = procs.rss(pid) >> 20
    procs.forget_peak(pid)
    readers = []
    began = time.perf_counter()
    for _ in range(count):
        readers.append(portal.ask())
        readers[-1].recv(4096)
    took = time.perf_counter() - began
    alive = portal.seconds(SIZE)
    peak = procs.peak_rss(pid) >> 20
    goal = " (goal 300 MB)" if count == SLOW[0] else ""
    print(f"{count} slow downloads at once: {peak} MB at the peak{goal}, {before} MB before; begun in {took:.1f} s")
    print(f"  one more, quick, beside them: {SIZE / alive / MB:.0f} MB/s")
    for reader in readers:
        reader.close()


def _processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _nginx(octets: bytes) -> Iterator[tuple[Target, int]]:
    with folder("nginx") as directory:
        port = free_port()
        (directory / "www").mkdir()
        (directory / "www" / "file.bin").write_bytes(octets)
        for path in (directory / "www", directory / "www" / "file.bin"):
            path.chmod(0o755)
        (directory / "nginx.conf").write_text(_NGINX.format(folder=directory, port=port))
        command = ("/usr/sbin/nginx", "-c", str(directory / "nginx.conf"), "-e", str(directory / "error.log"))
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                wait_until(lambda: _listens(port), "nginx listens")
                children = [child for child in procs.tree(process.pid) if child.pid != process.pid]
                yield Target(port, "/file.bin"), children[0].pid if children else process.pid
            finally:
                process.terminate()


@contextmanager
def _portal(octets: bytes) -> Iterator[tuple[Target, int]]:
    with folder("pack") as directory, hop() as mail:
        pack = pack_in(directory, {}, replace={"\nno_route:": f"{ROUTE}\nno_route:"})
        port = free_port()
        more = "max_connections_per_peer = 4000"
        extra = f'[portal]\nurl = "http://127.0.0.1:{port}"\naddress = "127.0.0.1:{port}"\n{more}\n[place.own]\nkind = "own"\n'
        hops = {name: {"host": "127.0.0.1", "port": mail.port} for name in ("mailboxes", "internet", "encrypted")}
        with gateway(hops, pack=pack, extra=extra) as running:
            share, links = share_by(running.config, {"file.bin": octets}, "ann@sender.example", "kim@partner.example")
            cookie = _opened(f"http://127.0.0.1:{port}", links["kim@partner.example"], share.id, mail)
            yield Target(port, f"/{share.id}/files/1", cookie), running.pids("portal")[0]


def _opened(url: str, link: str, number: str, mail: Peer) -> str:
    """The cookie of a visit behind the code."""
    with httpx2.Client(base_url=url, trust_env=False) as client:

        def post(path: str, **fields: str) -> None:
            page = client.get(path).text
            token = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
            assert token is not None
            answer = client.post(path, data={"csrf": token[1], **fields})
            assert answer.status_code == 303, answer.text

        post("/", key=link)
        mail.wait_messages(1, 30)
        code = re.search(rb"^ {4}(\d{4}) (\d{4})", mail.messages[-1].octets, re.MULTILINE)
        assert code is not None
        post(f"/{number}/code", code=(code[1] + code[2]).decode())
        return client.cookies["outgate"]


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
