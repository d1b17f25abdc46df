"""The last part of deploy/quickstart: serve with the starter pack, send a dozen real messages through, show what happened, go on serving.

Everything it uses stands in var/: configuration, database, keys, vault, and as next hops three local mail folders.
Nothing leaves the machine.
"""

import json
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.app.build import prepare
from gateway.config import load
from tests.build import docx, message, pdf, xlsx, zip_of

ROOT = Path(__file__).resolve().parents[1]
VAR = ROOT / "var"
CONFIG = VAR / "outgate.toml"
ADDRESS = ("127.0.0.1", 10025)
START_SECONDS = 60
OWN = "example.org"
COLLEAGUE, PARTNER, OUTSIDER = f"bea@{OWN}", "sam@partner.example", "kim@elsewhere.example"
LIST = f"everyone@{OWN}"
SENDER = f"alex@{OWN}"

SETTINGS = f"""\
# Written by deploy/quickstart; deploy/outgate.toml explains every key. Change it as you like: it is not written again.
[organisation]
name = "Example Organisation"
domains = ["{OWN}"]
help = "Service desk, 01234 567890, Monday to Friday 8:00 to 18:00."

[listen.quickstart]
address = "{ADDRESS[0]}:{ADDRESS[1]}"

[next_hop.mailboxes]
maildir = "mail/mailboxes"

[next_hop.internet]
maildir = "mail/internet"

[next_hop.encrypted]
maildir = "mail/encrypted"

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


@dataclass(frozen=True)
class Sample:
    """One message to show."""

    what: str
    recipients: tuple[str, ...]
    make: Callable[[], list[tuple[str, bytes, str]]]
    subject: str = "For your information"
    text: str = "Dear all,\n\nplease find the details below.\n\nAlex"
    sender: str = SENDER


_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _nothing() -> list[tuple[str, bytes, str]]:
    return []


def _nhs_rows() -> list[list[object]]:
    """A dozen made-up numbers with right check digits, from the range kept for tests."""
    rows: list[list[object]] = [["Name", "NHS number"]]
    number = 999_000_000
    while len(rows) < 13:
        number += 1
        check = 11 - sum(int(digit) * weight for digit, weight in zip(str(number), range(10, 1, -1), strict=True)) % 11
        if check != 10:
            digits = f"{number}{0 if check == 11 else check}"
            rows.append([f"Person {len(rows)}", f"{digits[:3]} {digits[3:6]} {digits[6:]}"])
    return rows


SAMPLES = (
    Sample("a plain note", (COLLEAGUE, OUTSIDER), _nothing),
    Sample(
        "a Word file marked RESTRICTED, to a colleague",
        (COLLEAGUE,),
        lambda: [("plan.docx", docx(["The plan."], header="RESTRICTED"), _DOCX)],
    ),
    Sample("a PDF marked PUBLIC", (OUTSIDER,), lambda: [("leaflet.pdf", pdf(["All welcome."], header="PUBLIC"), "application/pdf")]),
    Sample("a Word file nobody marked", (OUTSIDER,), lambda: [("minutes.docx", docx(["Minutes of the meeting."]), _DOCX)]),
    Sample(
        "a Word file marked CONFIDENTIAL, three recipients",
        (COLLEAGUE, PARTNER, OUTSIDER),
        lambda: [("contract.docx", docx(["The contract."], footer="CONFIDENTIAL"), _DOCX)],
    ),
    Sample("a spreadsheet with twelve NHS numbers", (PARTNER, OUTSIDER), lambda: [("list.xlsx", xlsx(_nhs_rows()), _XLSX)]),
    Sample("RESTRICTED in the subject", (OUTSIDER,), _nothing, subject="RESTRICTED: the Smith case"),
    Sample(
        "a ZIP with a password",
        (OUTSIDER,),
        lambda: [("papers.zip", zip_of({"papers.txt": b"Nobody can look into this."}, encrypted=True), "application/zip")],
    ),
    Sample(
        "a ZIP with a confidential file inside",
        (OUTSIDER,),
        lambda: [("both.zip", zip_of({"a.docx": docx(["A."], header="CONFIDENTIAL")}), "application/zip")],
    ),
    Sample(
        "a PDF of 22 MB, to someone whose server we do not know",
        (PARTNER, OUTSIDER),
        lambda: [("plans.pdf", pdf(["Plans."], pad_octets=22 * 1_048_576), "application/pdf")],
    ),
    Sample("an announcement by someone who may not", (LIST,), _nothing, subject="Cakes in the kitchen"),
    Sample("an announcement by Communications", (LIST,), _nothing, subject="New opening hours", sender=f"communications@{OWN}"),
)


def main() -> int:
    """The exit status: that of the gateway, which runs until it is told to stop."""
    set_up()
    if sys.argv[1:] == ["--setup-only"]:
        return 0
    if _answers():
        print(f"Something already listens on {ADDRESS[0]}:{ADDRESS[1]}. Stop it, then run deploy/quickstart again.", file=sys.stderr)
        return 1
    print(f"Starting the gateway (its log: {(VAR / 'serve.log').relative_to(ROOT)}) ...", flush=True)
    with (VAR / "serve.log").open("ab") as log:
        serving = subprocess.Popen(
            (sys.executable, "-m", "gateway.cli", "serve", "--config", str(CONFIG)), stdout=log, stderr=log, cwd=ROOT
        )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: serving.terminate())
    try:
        if not _wait(serving):
            print(f"The gateway did not start. Its last words:\n{_last_words()}", file=sys.stderr)
            return 1
        show()
        print(f"\nStill serving on {ADDRESS[0]}:{ADDRESS[1]}, with rules/starter. Ctrl-C stops it.", flush=True)
        return serving.wait()
    finally:
        if serving.poll() is None:
            serving.terminate()
            serving.wait()


def set_up() -> None:
    """The private folder, configuration, keys and database, where they are missing."""
    VAR.mkdir(mode=0o700, exist_ok=True)
    if not CONFIG.exists():
        CONFIG.write_text(SETTINGS, encoding="utf-8")
        CONFIG.chmod(0o600)
    prepare(load(CONFIG))


def show() -> None:
    """Send the samples, one after the other, and print a row for each recipient."""
    rows: list[tuple[str, str, str, str]] = []
    began = int(datetime.now(UTC).timestamp() * 1_000_000)
    for number, sample in enumerate(SAMPLES, 1):
        print(f"\rSending real messages: {number} of {len(SAMPLES)} ", end="", flush=True)
        rows += send(sample, number, began)
    print("\n")
    _print_table(rows)


def send(sample: Sample, number: int, began: int) -> list[tuple[str, str, str, str]]:
    """One message through the gateway; what the decision record says happened to each recipient."""
    octets = message(
        sample.sender,
        list(sample.recipients),
        sample.subject,
        sample.text,
        attachments=sample.make(),
        message_id=f"<quickstart-{began}-{number}@{OWN}>",
    )
    with smtplib.SMTP(*ADDRESS, timeout=120) as client:
        try:
            client.sendmail(sample.sender, list(sample.recipients), octets)
        except smtplib.SMTPException as error:
            return [(sample.what, ", ".join(sample.recipients), "not taken", str(error))]
    return [(sample.what if index == 0 else "", *row) for index, row in enumerate(_recorded(sample.recipients, began, number))]


def _recorded(recipients: tuple[str, ...], began: int, number: int) -> list[tuple[str, str, str]]:
    """Records are written within a second; the newest message's rows are in the order of its recipients."""
    rows: list[tuple[str, str | None, str | None, str | None]] = []
    for _ in range(100):
        with closing(sqlite3.connect(f"file:{VAR / 'outgate.db'}?mode=ro", uri=True)) as database:
            messages = database.execute(
                "SELECT message_id FROM decision WHERE at >= ? GROUP BY message_id ORDER BY min(id)", (began,)
            ).fetchall()
            if len(messages) >= number:
                wanted = "SELECT decision, ending, route, case_number FROM decision WHERE message_id = ? ORDER BY id"
                rows = database.execute(wanted, messages[number - 1]).fetchall()
                break
        time.sleep(0.05)
    return [_row(recipient, *row) for recipient, row in zip(recipients, rows, strict=True)]


def _row(recipient: str, decision: str, ending: str | None, route: str | None, case: str | None) -> tuple[str, str, str]:
    found = json.loads(decision)
    reasons = [reason.get("text") or reason["rule"] for reason in found.get("reasons", [])[:1]]  # the one that decided
    what = {"delivered": f"sent, {route}", "kept": f"kept, case {case}", "refused": f"not sent, case {case}"}.get(
        ending or "", ending or "?"
    )
    return recipient, what, " ".join(reasons) or "No rule asks for anything."


def _print_table(rows: list[tuple[str, str, str, str]]) -> None:
    widths = (30, 25, 22, 56)
    heads = ("MESSAGE", "RECIPIENT", "WHAT HAPPENED", "WHY")
    for row in (heads, *rows):
        cells = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
        for line in range(max(map(len, cells))):
            print(
                "  ".join((cell[line] if line < len(cell) else "").ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
            )
    print(
        "\nDelivered mail and notices to senders are in var/mail/. What is kept:  .venv/bin/outgate hold list --config var/outgate.toml"
        "\nWhy, in full, for any message:  .venv/bin/outgate explain MESSAGE.eml --sender A --recipient B --config var/outgate.toml"
    )


def _wait(serving: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and serving.poll() is None:
        if _answers() and (VAR / "run" / "pids.json").exists():
            return True
        time.sleep(0.1)
    return False


def _answers() -> bool:
    try:
        with socket.create_connection(ADDRESS, 2) as connection:
            connection.settimeout(5)
            return connection.recv(4) == b"220 "
    except OSError:
        return False


def _last_words() -> str:
    return "\n".join((VAR / "serve.log").read_text(errors="replace").splitlines()[-15:])


if __name__ == "__main__":
    sys.exit(main())
