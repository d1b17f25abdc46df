"""A stop in order: what has begun ends, what a next hop may have is waited for, and nobody gets anything twice."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.app.prepare import prepare
from gateway.config import load
from gateway.supervise import MARGIN_SECONDS
from tests.journey.client import Client
from tests.journey.gateway import OUTGATE, Gateway
from tests.journey.site import OWN, note, restricted, site
from tests.peers import stop_group, wait_until
from tests.peers.hop import Do

pytestmark = [pytest.mark.peer, pytest.mark.slow]

PATIENCE = 0.5  # seconds that work has after the signal


def test_what_a_hop_may_have_is_waited_for_and_all_else_is_put_off(sender: str, outsider: str):
    """Found: the process was killed 30 seconds after the signal. A hop that answered later had the mail, and got it again."""
    colleague = f"bo@{OWN}"
    with (
        site(processes={"stop_timeout": f"{PATIENCE}s"}) as running,
        running.hop("internet", {"dot": Do.WAIT}) as slow,
        running.hop("mailboxes", {"data": Do.HANG}) as hung,
        Client(running.gateway.port) as sent,
        Client(running.gateway.port) as unsent,
        Client(running.gateway.port) as idle,
    ):
        process = running.gateway.process
        assert process is not None
        # Notices of ours, too.
        running.notices.script["dot"] = Do.WAIT
        running.send(sender, [outsider], restricted(sender, [outsider]))
        running.notices.wait_for("dot", 2)  # to its sender, and to who decides
        for client, to, peer, stage in ((sent, outsider, slow, "dot"), (unsent, colleague, hung, "data")):
            client.hello()
            client.envelope(sender, [to])
            client.content(note(sender, [to]))
            peer.wait_for(stage)
        idle.hello()

        process.send_signal(signal.SIGTERM)
        assert idle.reply().startswith("421 4.3.2")
        with pytest.raises(ConnectionRefusedError):
            Client(running.gateway.port)
        assert unsent.reply().startswith("451 4.4.")
        assert unsent.reply().startswith("421 4.3.2")
        unsent.close()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(PATIENCE + MARGIN_SECONDS + 1)
        said = running.gateway.events("serve.waiting")
        assert sorted((event["process"], event["replies"]) for event in said) == [("keeper", 2), ("smtp-1", 1)]

        slow.go()
        assert sent.reply().startswith("250 ")
        assert sent.reply().startswith("421 4.3.2")
        sent.close()
        running.notices.go()
        assert process.wait(60) == 0
        assert running.gateway.events("process.killed") == []

        running.notices.script.clear()
        told = len(running.notices.messages)
        running.gateway.start()
        (case,) = running.gateway.holds(everything=True)
        assert case["state"] in {"open", "refused"}
        answers = running.send(sender, [outsider], note(sender, [outsider], subject="Another"))
        assert answers[0].startswith("250 ")
        wait_until(lambda: running.gateway.rows("SELECT count(*) FROM outbox") == [(0,)], "nothing is left to send")
        assert len(running.notices.messages) == told, "the notice was written down as sent"
        assert [len(peer.taken_from(sender)) for peer in (slow, hung)] == [2, 0]


def test_a_second_signal_ends_the_waiting(sender: str, outsider: str):
    with (
        site(processes={"stop_timeout": f"{PATIENCE}s"}) as running,
        running.hop("internet", {"dot": Do.WAIT}) as slow,
        Client(running.gateway.port) as client,
    ):
        process = running.gateway.process
        assert process is not None
        client.hello()
        client.envelope(sender, [outsider])
        client.content(note(sender, [outsider]))
        slow.wait_for("dot")
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: running.gateway.events("serve.waiting"), "it waits")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        killed = {event["process"]: event["why"] for event in running.gateway.events("process.killed")}
        assert killed["smtp-1"] == "asked to stop once more"
        assert "recorder" not in killed, "what has been said so far is written down"


@pytest.mark.parametrize("signals", [1, 2])
def test_a_process_that_was_started_alone_waits_too_until_it_is_asked_once_more(sender: str, outsider: str, signals: int):
    with (
        site(start=False, processes={"stop_timeout": f"{PATIENCE}s"}) as running,
        running.hop("internet", {"dot": Do.WAIT}) as slow,
    ):
        prepare(load(running.gateway.config))
        with (
            alone(running.gateway, "recorder"),
            alone(running.gateway, "smtp") as process,
            Client(running.gateway.port) as client,
        ):
            client.hello()
            client.envelope(sender, [outsider])
            client.content(note(sender, [outsider]))
            slow.wait_for("dot")
            process.send_signal(signal.SIGTERM)
            running.gateway.wait_event("serve.waiting", process="smtp-1")
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            if signals == 2:
                process.send_signal(signal.SIGTERM)
                assert process.wait(10) == 1
                assert running.gateway.wait_event("process.killed")["why"] == "asked to stop once more"
            else:
                slow.go()
                assert client.reply().startswith("250 ")
                assert client.reply().startswith("421 4.3.2")
                client.close()
                assert process.wait(60) == 0


@contextmanager
def alone(gateway: Gateway, kind: str) -> Iterator[subprocess.Popen[bytes]]:
    """One process, as an operator starts it who wants no supervisor."""
    with (gateway.directory / "serve.log").open("ab") as log:
        command = (*OUTGATE, "serve", kind, "--config", str(gateway.config))
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, cwd=gateway.directory)
    try:
        if kind == "smtp":
            wait_until(gateway.greets, "it greets")
        yield process
    finally:
        stop_group(process.pid)
        process.wait(60)
