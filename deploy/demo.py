"""The last part of deploy/quickstart: serve with the starter pack, send a dozen real messages through, show what happened, go on serving.

Everything it uses stands in var/: configuration, database, keys, vault, and as next hops three local mail folders.
Nothing leaves the machine.
"""

import json
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from deploy.samples import OWN, SAMPLES, Sample
from gateway.app.prepare import DEMONSTRATION, prepare
from gateway.config import Settings, load
from gateway.errors import OutgateError

ROOT = Path(__file__).resolve().parents[1]
VAR = ROOT / "var"
CONFIG = VAR / "outgate.toml"
LOG = VAR / "serve.log"
START_SECONDS = 60
RECORD_SECONDS = 60  # records are written within a second; a busy machine gets more

Row = tuple[str, str, str, str]

SETTINGS = f"""\
{DEMONSTRATION}; deploy/outgate.toml explains every key. Change it as you like: it is not written again.
[organisation]
name = "Example Organisation"
domains = ["{OWN}"]
help = "Service desk, 01234 567890, Monday to Friday 8:00 to 18:00"

[listen.quickstart]
address = "127.0.0.1:10025"

[next_hop.mailboxes]
maildir = "mail/mailboxes"

[next_hop.internet]
maildir = "mail/internet"

[next_hop.encrypted]
maildir = "mail/encrypted"

[place.own]
kind = "own"

[portal]
url = "http://127.0.0.1:10081"
address = "127.0.0.1:10081"

[policy]
source = "../rules/starter"

[notices]
next_hop = "mailboxes"

[database]
url = "sqlite:///outgate.db"

[vault]
url = "vault"
keys = "keys"

[processes]
state = "run"
log = "text"
"""


class Stopped(BaseException):
    """Somebody pressed Ctrl-C, or sent SIGTERM."""


def main() -> int:
    """The exit status: that of the gateway, which runs until it is told to stop."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        settings = set_up()
        return 0 if sys.argv[1:] == ["--setup-only"] else run(settings)
    except Stopped:
        print("\nStopped.", flush=True)
        return 0
    except OutgateError as error:
        print(f"{error}\nPut {CONFIG.relative_to(ROOT)} right, or delete it to have a new one made.", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error}" + ("; does it belong to somebody else?" if isinstance(error, PermissionError) else ""), file=sys.stderr)
        return 1


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # once is enough: the gateway is stopping in order
    raise Stopped


def set_up() -> Settings:
    """The private folder, configuration, keys and database, where they are missing.

    Raises:
        OutgateError: the settings have a mistake, or what they name cannot be used.
    """
    VAR.mkdir(mode=0o700, exist_ok=True)
    if not CONFIG.exists():
        CONFIG.write_text(SETTINGS, encoding="utf-8")
        CONFIG.chmod(0o600)
    settings = load(CONFIG)
    prepare(settings)
    return settings


def run(settings: Settings) -> int:
    """Start the gateway, show what it does with the samples, and wait until it ends."""
    place = Place.of(settings)
    if place.is_taken():
        print(
            f"Something already listens on {place}. Stop it, or change the address in var/outgate.toml; then run this again.",
            file=sys.stderr,
        )
        return 1
    print(f"Starting the gateway (its log: {LOG.relative_to(ROOT)}) ...", flush=True)
    with LOG.open("ab") as log:
        began = log.tell()
        serving = subprocess.Popen(
            (sys.executable, "-m", "gateway.cli", "serve", "--config", str(CONFIG)), stdout=log, stderr=log, cwd=ROOT
        )
    try:
        if not _wait(serving, place, settings):
            print(f"The gateway did not start. Its last words:\n{_last_words(began)}", file=sys.stderr)
            return 1
        if place.database is None:
            print("The settings are not those of quickstart any more, so no samples are sent.")
        else:
            show(place)
        print(f"\nStill serving on {place}, with the policy pack {settings.policy.source.resolve().name}. Ctrl-C stops it.", flush=True)
        status = serving.wait()
        print(f"The gateway has ended. Its last words:\n{_last_words(began)}", file=sys.stderr)
        return status
    finally:
        if serving.poll() is None:
            serving.terminate()
            serving.wait()


@dataclass(frozen=True)
class Place:
    """Where the gateway listens, and where it records what it did."""

    host: str
    port: int
    database: Path | None  # None: the samples do not fit these settings

    @classmethod
    def of(cls, settings: Settings) -> "Place":
        """By the first listener."""
        listener = next(iter(settings.listen.values()))
        host, _, port = listener.address.rpartition(":")
        url = settings.database.url
        fits = listener.protocol == "smtp" and listener.tls != "required" and OWN in settings.organisation.domains
        return cls(host.strip("[]"), int(port), Path(url.removeprefix("sqlite:///")) if fits and url.startswith("sqlite:///") else None)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def answers(self) -> bool:
        """Whether a mail server greets us here."""
        try:
            with socket.create_connection((self.host, self.port), 2) as connection:
                connection.settimeout(5)
                return connection.recv(4) == b"220 "
        except OSError:
            return False

    def is_taken(self) -> bool:
        """Whether anything listens here."""
        try:
            socket.create_connection((self.host, self.port), 2).close()
        except OSError:
            return False
        return True


def _wait(serving: subprocess.Popen[bytes], place: Place, settings: Settings) -> bool:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and serving.poll() is None:
        if (settings.processes.state / "pids.json").exists() and place.answers():
            return True
        time.sleep(0.1)
    return False


def _last_words(began: int) -> str:
    with LOG.open("rb") as log:
        log.seek(began)
        return "\n".join(log.read().decode(errors="replace").splitlines()[-15:])


# --- the samples ----------------------------------------------------------------------------------------------------------


def show(place: Place) -> None:
    """Send the samples, one after the other, and print a row for each recipient."""
    rows: list[Row] = []
    for number, sample in enumerate(SAMPLES, 1):
        print(f"\rSending real messages: {number} of {len(SAMPLES)} ", end="", flush=True)
        rows += send(sample, place)
    print("\n")
    _print_table(rows)


def send(sample: Sample, place: Place) -> list[Row]:
    """One message through the gateway; what the decision record says happened to each recipient."""
    octets = sample.octets(f"quickstart-{time.time_ns()}@{OWN}")
    try:
        with smtplib.SMTP(place.host, place.port, timeout=120) as client:
            client.ehlo()
            client.mail(sample.sender)
            for recipient in sample.recipients:
                client.rcpt(recipient)
            code, says = client.data(octets)
    except (smtplib.SMTPException, OSError) as error:
        return [(sample.what, ", ".join(sample.recipients), "not taken", str(error))]
    words = says.decode("ascii", "replace").split()  # 2.0.0 ID accepted
    if code != 250 or len(words) < 2:
        return [(sample.what, ", ".join(sample.recipients), "not taken", f"{code} {' '.join(words)}")]
    found = _recorded(place, words[1], len(sample.recipients))
    return [
        (sample.what if index == 0 else "", recipient, *found.get(recipient.rpartition("@")[2], ("taken", "It is not recorded yet.")))
        for index, recipient in enumerate(sample.recipients)
    ]


def _recorded(place: Place, message_id: str, number: int) -> dict[str, tuple[str, str]]:
    """What happened and why, by the recipient's domain; no sample has two recipients in one domain."""
    # Of what is kept, the case knows more than the record, which has no names of files in it: what would let it pass, as the notice says.
    wanted = """SELECT recipient_domain, COALESCE(hold.decision, decision.decision), ending, route, decision.case_number
        FROM decision LEFT JOIN hold ON hold.case_number = decision.case_number WHERE decision.message_id = ?"""
    rows: list[tuple[str, str, str | None, str | None, str | None]] = []
    until = time.monotonic() + RECORD_SECONDS
    while len(rows) < number and time.monotonic() < until:
        time.sleep(0.05)
        try:
            with closing(sqlite3.connect(f"file:{place.database}?mode=ro", uri=True)) as database:
                rows = database.execute(wanted, (message_id,)).fetchall()
        except sqlite3.OperationalError:  # busy
            continue
    return {row[0]: _told(*row[1:]) for row in rows}


def _told(decision: str, ending: str | None, route: str | None, case: str | None) -> tuple[str, str]:
    found = json.loads(decision)
    reason: dict[str, str] = next(iter(found.get("reasons", ())), {})  # the first is the one that decided
    rest = str(found.get("carried_by") or "")  # files went by link, and this route had the rest
    why = str(reason.get("text") or reason.get("rule") or _why_not(rest, found) or "No rule asks for anything.")
    if reason.get("rule") == "no_route":
        why += f". Would pass: {'; or: '.join(found.get('would_pass_if', ())) or 'nothing that we know of'}"
    watched = ", ".join(one["rule"] for one in found.get("watched", ()))
    if watched and not reason:
        why += f" Only watched: {watched}."
    waits = str(found.get("held_for") or "a person").replace("-", " ")
    sent = f"files by link ({route}), the rest {rest}" if rest else str(route)
    what = {"delivered": f"sent, {sent}", "kept": f"kept for {waits}, case {case}", "refused": f"not sent, sender told, case {case}"}
    return what.get(ending or "", ending or "?"), why[0].upper() + why[1:]


def _why_not(route: str, found: dict[str, Any]) -> str:
    """Why all of the mail could not go the way that its rest went: "" when it did."""
    return next((f"{route}: {one['why_not']}" for one in found.get("routes_tried", ()) if one["route"] == route), "")


def _print_table(rows: list[Row]) -> None:
    spare = min(max(shutil.get_terminal_size((140, 24)).columns, 80), 140) - 6 - 22
    widths = (spare * 26 // 100, 22, spare * 24 // 100, spare - spare * 26 // 100 - spare * 24 // 100)
    for row in (("MESSAGE", "RECIPIENT", "WHAT HAPPENED", "WHY"), *rows):
        cells = [textwrap.wrap(cell, width, break_on_hyphens=False) or [""] for cell, width in zip(row, widths, strict=True)]
        for line in range(max(map(len, cells))):
            print(
                "  ".join((cell[line] if line < len(cell) else "").ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
            )
    print(
        "\nDelivered mail and the notices to senders are in var/mail/. In another terminal, here:"
        "\n  what is kept    .venv/bin/outgate hold list --config var/outgate.toml"
        "\n  let one go      .venv/bin/outgate hold release CASE --by YOU --why REASON --config var/outgate.toml"
        "\n  files by link   .venv/bin/outgate share list --config var/outgate.toml"
        "\n  their links     grep -rh '^http.*/#' var/mail/internet (or mailboxes: the senders'); open one in a browser here"
        "\n  why, in full    .venv/bin/outgate explain MESSAGE.eml --sender A --recipient B --config var/outgate.toml"
    )


if __name__ == "__main__":
    sys.exit(main())
