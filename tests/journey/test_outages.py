"""What happens when what the gateway stands on gives way: policy, directory, vault, database, disk (DESIGN section 9)."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.build import message
from tests.journey.gateway import pack_in
from tests.journey.site import OWN, Site, below_received, note, restricted, site
from tests.peers import folder, needs_root, wait_until
from tests.peers.postgres import postgres

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with site() as running:
        yield running


# --- policy and directory ---------------------------------------------------------------------------------------------------


def test_a_policy_with_an_error_at_the_first_start_is_told_with_its_place(sender: str) -> None:
    with folder("pack") as directory:
        pack = pack_in(directory, {}, replace={"next_hop: mailboxes, for: colleagues": "next_hop: mailboxes, for: colleages"})
        line = next(n for n, text in enumerate((pack / "pack.yaml").read_text().splitlines(), 1) if "colleages" in text)
        with site(pack=pack, start=False) as running:
            status, said = running.gateway.serve_in_vain()

        assert status == 1
        assert re.search(rf"pack\.yaml:{line}:\d+: .*`colleages`.*did you mean `colleagues`", said), said


def test_a_policy_with_an_error_at_reload_leaves_the_old_one_in_force(sender: str, outsider: str) -> None:
    with folder("pack") as directory:
        pack = pack_in(directory, {})
        good = (pack / "pack.yaml").read_text()
        with site(pack=pack) as running:
            (pack / "pack.yaml").write_text(good.replace("hold: {for: data-protection", "hold: {fro: data-protection"))
            processes = running.gateway.pids()
            rejected = running.gateway.reload()
            assert {event["event"] for event in rejected} == {"policy.rejected"}
            assert any(re.search(r"pack\.yaml:\d+:\d+: unknown key `fro`", problem) for problem in rejected[0]["problems"])
            running.gateway.wait_event("alarm", what="the settings or the policy have an error; the old ones stay in force")
            assert _codes(running.send(sender, [outsider], restricted(sender, [outsider]))) == ["250"]
            assert list(running.gateway.cases(sender).values()) == [[outsider]]

            (pack / "pack.yaml").write_text(good.replace("mode: watch", "mode: enforce"))
            assert {event["event"] for event in running.gateway.reload()} == {"policy.loaded"}
            octets = message(sender, [outsider], "Look", "See there.", attachments=[("a.txt", b"Nothing to see.", "text/plain")])
            assert _codes(running.send(sender, [outsider], octets)) == ["250"]
            assert list(running.gateway.cases(sender).values()) == [[outsider], [outsider]]
            assert running.gateway.pids() == processes  # SIGHUP is no end for anybody


STALE = f"""\
as_of: 2020-01-01
valid_for: 7d
lists:
  - {{address: everyone@{OWN}, owner: duty-manager@{OWN}, members: 312}}
people: [bea@{OWN}]
"""


def test_a_stale_directory_holds_list_mail_and_lets_other_mail_flow(sender: str, outsider: str) -> None:
    to = [f"everyone@{OWN}", f"bea@{OWN}", outsider]
    with folder("pack") as directory, site(pack=pack_in(directory, {"lists.yaml": STALE})) as running:
        with running.hop("mailboxes") as boxes, running.hop("internet") as internet:
            assert _codes(running.send(sender, to, note(sender, to))) == ["250"]

            assert [taken.recipients for taken in boxes.messages] == [(f"bea@{OWN}",)]
            assert [taken.recipients for taken in internet.messages] == [(outsider,)]
        assert list(running.gateway.cases(sender).values()) == [[f"everyone@{OWN}"]]


# --- what the gateway stands on --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listener", ["smtp", "lmtp"])
def test_when_the_vault_is_down_before_the_first_hand_over_the_mail_waits_upstream(
    running: Site, sender: str, outsider: str, listener: str
) -> None:
    vault = running.gateway.directory / "var" / "vault"
    away = vault.with_name("vault-away")
    to = [f"bea@{OWN}", outsider]  # the one would be sent, the other kept
    with running.hop("mailboxes") as boxes:
        vault.rename(away)
        vault.touch()
        try:
            answers = running.send(sender, to, restricted(sender, to), listener=listener)
            assert {answer[:10] for answer in answers} == {"451 4.3.0 "}
            assert boxes.messages == []
            # What needs no keeping goes on.
            assert _codes(running.send(sender, to[:1], note(sender, to[:1]), listener=listener)) == ["250"]
        finally:
            vault.unlink()
            away.rename(vault)

        assert set(_codes(running.send(sender, to, restricted(sender, to), listener=listener))) == {"250"}
        assert list(running.gateway.cases(sender).values()) == [[outsider]]


def test_when_the_recorder_dies_mail_flows_and_nothing_is_lost_or_doubled(running: Site, sender: str, outsider: str) -> None:
    (recorder,) = running.gateway.pids("recorder")
    to = [f"bea@{OWN}", outsider]
    octets, plain = restricted(sender, to), note(sender, to[:1])
    with running.hop("mailboxes") as boxes:
        running.gateway.signal(recorder, "KILL")
        # What the hop has accepted is answered 250; what must be kept is kept, or waits upstream.
        assert _codes(running.send(sender, to[:1], plain)) == ["250"]
        assert [below_received(taken.octets) for taken in boxes.messages] == [plain]
        wait_until(lambda: _codes(running.send(sender, to, octets)) == ["250"], "the mail is taken")

        assert [taken.recipients for taken in boxes.messages] == [(f"bea@{OWN}",)] * 2
    assert running.gateway.pids("recorder") != [recorder]
    assert list(running.gateway.cases(sender).values()) == [[outsider]]


def test_when_the_database_is_down_before_the_first_hand_over_the_mail_waits_upstream(sender: str, outsider: str) -> None:
    to = [f"bea@{OWN}", outsider]
    octets = restricted(sender, to)
    with postgres() as server, site(database=server.new_database()) as running, running.hop("mailboxes") as boxes:
        server.stop()
        answers = [running.send(sender, to, octets, listener=listener) for listener in ("smtp", "lmtp")]
        server.start()
        assert {answer[:10] for both in answers for answer in both} == {"451 4.3.0 "}
        assert boxes.messages == []

        wait_until(lambda: _codes(running.send(sender, to, octets)) == ["250"], "the retry is answered 250")
        assert [taken.recipients for taken in boxes.messages] == [(f"bea@{OWN}",)]
        assert len(running.wait_told(sender)) == 1


@needs_root
def test_a_full_disk_under_the_spool_is_a_452(sender: str, outsider: str) -> None:
    with site(start=False) as running:
        spool = running.gateway.directory / "var" / "spool"
        spool.mkdir(parents=True)
        with _small_disk(spool), running.hop() as peer:
            running.gateway.start()
            large = note(sender, [outsider]) + (b"x" * 510 + b"\r\n") * 8192
            (answer,) = running.send(sender, [outsider], large)
            assert answer.startswith("452 4.3.1 ")
            assert peer.messages == []
            assert _codes(running.send(sender, [outsider], note(sender, [outsider]))) == ["250"]
            running.gateway.end()


@needs_root
def test_a_full_disk_under_the_vault_is_a_452(sender: str, outsider: str) -> None:
    to = [f"bea@{OWN}", outsider]
    with site(start=False) as running:
        vault = running.gateway.directory / "var" / "vault"
        vault.mkdir(parents=True)
        with _small_disk(vault), running.hop("mailboxes") as boxes:
            running.gateway.start()
            (answer,) = running.send(sender, to, restricted(sender, to))
            assert answer.startswith("452 4.3.1 ")
            assert boxes.messages == []
            running.gateway.end()


# --- small things -------------------------------------------------------------------------------------------------------


def _codes(answers: list[str]) -> list[str]:
    return [answer[:3] for answer in answers]


class _small_disk:  # noqa: N801 - used as a function
    """A file system of two megabytes on this folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "outgate-test", self._folder], check=True)

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "--lazy", self._folder], check=True)
