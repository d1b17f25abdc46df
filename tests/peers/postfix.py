"""A private Postfix, before or behind the gateway, with its own configuration, queue and log.

In front of the gateway it takes mail on `port` and hands it over in one of three positions; what the gateway lets through
comes back on `reinjection_port` and goes on to where `transports`, `mailboxes` or `relayhost` say.
"""

import json
import pwd
import shutil
import smtplib
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.peers import folder, free_port, stop_group, wait_until
from tests.peers.logs import shown_on_failure

Position = Literal["lmtp-filter", "smtp-filter", "proxy-filter"]
POSITIONS: tuple[Position, ...] = ("lmtp-filter", "smtp-filter", "proxy-filter")


@dataclass(frozen=True, slots=True)
class Postfix:
    directory: Path
    port: int
    reinjection_port: int

    @property
    def config(self) -> Path:
        return self.directory / "conf"

    @property
    def sendmail(self) -> tuple[str, ...]:
        """The command to give a message to; add `-f SENDER RECIPIENT...`."""
        return ("/usr/sbin/sendmail", "-C", str(self.config))

    def send(self, sender: str, recipients: list[str], message: bytes) -> dict[str, tuple[int, bytes]]:
        """By SMTP as any client; returns the recipients refused. The octets go as they are."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            return client.sendmail(sender, recipients, message, mail_options=["BODY=8BITMIME"])

    def queue(self) -> list[dict[str, Any]]:
        """What waits at this moment, one object a message: queue_name, queue_id, sender, recipients with their delay_reason.

        A message that is just moving from one queue to the next may be missed, or seen twice: prefer the wait_ functions.
        """
        return [json.loads(line) for line in self.run("postqueue", "-j").splitlines()]

    def flush(self) -> None:
        """Try all that waits now."""
        self.run("postqueue", "-f")

    def wait_empty(self, seconds: float = 60) -> None:
        """Until nothing waits; what was deferred is tried again by the queue manager, each second."""
        # Three looks: see queue().
        wait_until(lambda: not any(self.queue() for _ in range(3)), "the queue is empty", seconds)

    def wait_deferred(self, messages: int = 1, seconds: float = 60) -> list[dict[str, Any]]:
        """Until so many messages have been tried and wait for another try."""
        seen: list[dict[str, Any]] = []

        def deferred() -> bool:
            seen[:] = [waiting for waiting in self.queue() if waiting["queue_name"] == "deferred"]
            return len(seen) == messages

        wait_until(deferred, f"{messages} messages are deferred", seconds)
        return seen

    def mailbox(self, address: str) -> list[bytes]:
        """What a mailbox got, oldest first, below the Return-Path, X-Original-To and Delivered-To that Postfix puts on top."""
        files = (self.directory / "mail" / address / "new").glob("*")
        return [path.read_bytes() for path in sorted(files, key=lambda path: path.stat().st_mtime_ns)]

    def log(self) -> str:
        path = self.directory / "log" / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def set(self, settings: Mapping[str, str]) -> None:
        """Change main.cf; on return the next dialogue obeys it."""
        before = self.log().count(": reload -- version")
        self.run("postconf", "-e", *(f"{name}={value}" for name, value in settings.items()))
        self.run("postfix", "reload")
        wait_until(lambda: self.log().count(": reload -- version") > before, "Postfix has read its configuration again")

    def run(self, program: str, *arguments: str) -> str:
        done = subprocess.run([f"/usr/sbin/{program}", "-c", self.config, *arguments], check=False, capture_output=True, text=True)
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}\n{self.log()[-3000:]}"
        return done.stdout


@contextmanager
def postfix(
    *,
    position: Position | None = None,
    gateway_port: int = 0,
    relayhost: int | None = None,
    transports: Mapping[str, str] | None = None,
    mailboxes: tuple[str, ...] = (),
    port: int | None = None,
    reinjection_port: int | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Postfix]:
    """Start a Postfix.

    Args:
        position: how mail is handed to the gateway on gateway_port; None for a Postfix that only delivers.
        relayhost: port on 127.0.0.1 that all mail goes to which nothing below names.
        transports: domain (or address) to a Postfix transport, as `{"partner.example": "smtp:[127.0.0.1]:2525"}`.
        mailboxes: addresses kept in a Maildir each; their domains are delivered here.
        settings: more lines of main.cf, the last word.
    """
    with folder("pf") as directory:
        server = Postfix(directory, port or free_port(), reinjection_port or free_port())
        for name in ("conf", "queue", "data", "mail", "log"):
            (directory / name).mkdir(mode=0o755)
        shutil.chown(directory / "data", "postfix")
        shutil.chown(directory / "mail", "postfix")
        (server.config / "transport").write_text("".join(f"{domain} {to}\n" for domain, to in (transports or {}).items()))
        (server.config / "mailboxes").write_text("".join(f"{address} {address}/\n" for address in mailboxes))
        lines = {**_main(server, position, gateway_port, relayhost, mailboxes), **(settings or {})}
        (server.config / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in lines.items()))
        (server.config / "master.cf").write_text(_master(server, position, gateway_port))
        server.run("postfix", "start")
        leader = int((directory / "queue" / "pid" / "master.pid").read_text())
        try:
            with shown_on_failure(f"Postfix on port {server.port}", server.log):
                yield server
        finally:
            stop_group(leader)


def _main(
    server: Postfix, position: Position | None, gateway_port: int, relayhost: int | None, mailboxes: tuple[str, ...]
) -> dict[str, str]:
    user = pwd.getpwnam("postfix")
    return {
        "compatibility_level": "3.6",
        "queue_directory": f"{server.directory}/queue",
        "data_directory": f"{server.directory}/data",
        "maillog_file": f"{server.directory}/log/mail.log",
        "maillog_file_prefixes": f"{server.directory}/log",
        "myhostname": "mail.sender.example",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "smtp_dns_support_level": "disabled",
        "mynetworks": "127.0.0.0/8",
        "mydestination": "",
        "alias_maps": "",
        "alias_database": "",
        "local_recipient_maps": "",
        "smtpd_relay_restrictions": "permit_mynetworks, reject",
        "content_filter": f"to-gateway-{position[:4]}:[127.0.0.1]:{gateway_port}" if position in {"lmtp-filter", "smtp-filter"} else "",
        "relayhost": f"[127.0.0.1]:{relayhost}" if relayhost else "",
        "default_transport": "smtp" if relayhost else "error:5.1.2 this test knows no such domain",
        "transport_maps": f"texthash:{server.config}/transport",
        "virtual_mailbox_domains": " ".join(sorted({address.rpartition("@")[2] for address in mailboxes})),
        "virtual_mailbox_maps": f"texthash:{server.config}/mailboxes",
        "virtual_mailbox_base": f"{server.directory}/mail",
        "virtual_minimum_uid": "1",
        "virtual_uid_maps": f"static:{user.pw_uid}",
        "virtual_gid_maps": f"static:{user.pw_gid}",
        # Above the caps of every pack; the shipped limit is 10 MB.
        "message_size_limit": "157286400",
        "mailbox_size_limit": "0",
        "virtual_mailbox_limit": "0",
        # The shipped 998 folds long lines, which breaks DKIM.
        "smtp_line_length_limit": "0",
        # No reports about a dialogue to a postmaster who is not there: the queue holds what the test sent, nothing else.
        "notify_classes": "",
        # What production does in minutes, in seconds.
        "queue_run_delay": "1s",
        "minimal_backoff_time": "1s",
        "maximal_backoff_time": "2s",
        "transport_retry_time": "1s",
        "import_environment": f"MAIL_CONFIG={server.config} TZ=UTC LANG=C",
    }


def _master(server: Postfix, position: Position | None, gateway_port: int) -> str:
    """The services as shipped, and ours: where mail comes in, how it goes to the gateway, where it comes back."""
    proxied = f" -o smtpd_proxy_filter=127.0.0.1:{gateway_port}" if position == "proxy-filter" else ""
    back = "receive_override_options=no_unknown_recipient_checks,no_header_body_checks,no_milters"
    # Nothing on the way to the gateway may change what it judges.
    untouched = "-o disable_mime_output_conversion=yes -o smtp_dns_support_level=disabled"
    return f"""\
127.0.0.1:{server.port} inet n - n - - smtpd{proxied}
127.0.0.1:{server.reinjection_port} inet n - n - - smtpd -o content_filter= -o {back} -o smtpd_authorized_xforward_hosts=127.0.0.0/8
to-gateway-lmtp unix - - n - 10 lmtp -o lmtp_send_xforward_command=yes -o lmtp_line_length_limit=0 {untouched}
to-gateway-smtp unix - - n - 10 smtp -o smtp_send_xforward_command=yes {untouched}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
