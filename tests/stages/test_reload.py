"""What a running process takes over of changed settings."""

import io
import json
import shutil
from datetime import date

import pytest

from gateway.app.doctor import doctor
from gateway.app.in_force import InForce, differing, from_now_on
from gateway.app.pack import load_policy
from gateway.config import load
from gateway.log import Log
from tests.policy.packs import RULES
from tests.stages.test_config import GOOD, write
from tests.stages.test_precautions import SETTINGS, given


def test_a_reload_changes_policy_retention_and_terms_and_nothing_that_is_open(tmp_path):
    running = load(write(tmp_path, GOOD))
    text = GOOD.replace('"rules"', '"other"').replace('"40MB"', '"50MB"').replace("[::1]:10026", "[::1]:10027")
    text = text.replace('host = "mail.council.example"', 'host = "else.council.example"\n[next_hop.new]\nhost = "new.example"')
    wanted = load(write(tmp_path, text + '[retention]\nkeep = "14d"\n'))

    found = from_now_on(running, wanted)

    assert found.policy == wanted.policy
    assert found.retention.keep == 14 * 86400
    assert found.listen["proxy"].max_message == 50 * 1024**2
    assert found.listen["proxy"].address == "[::1]:10026"
    assert found.next_hop == running.next_hop
    assert found != wanted


def test_a_listener_that_is_gone_from_the_file_serves_on_until_the_next_start(tmp_path):
    running = load(write(tmp_path, GOOD))
    without = GOOD.replace('[listen.proxy]\naddress = "[::1]:10026"\nposition = "before-queue"\nmax_message = "40MB"\n', "")

    assert from_now_on(running, load(write(tmp_path, without))).listen == running.listen


def test_a_listener_speaks_its_protocol_until_the_next_start(tmp_path):
    """Found: an LMTP session that was open at a reload to SMTP got one reply for several recipients, and 451 for delivered mail."""
    running = load(write(tmp_path, GOOD))
    was = running.listen["proxy"].protocol
    other = next(protocol for protocol in ("smtp", "lmtp") if protocol != was)
    wanted = load(
        write(
            tmp_path,
            GOOD.replace('address = "[::1]:10026"', f'address = "[::1]:10026"\nprotocol = "{other}"').replace(
                'position = "before-queue"\n', ""
            ),
        )
    )

    assert wanted.listen["proxy"].protocol == other
    assert from_now_on(running, wanted).listen["proxy"].protocol == was
    assert list(differing(from_now_on(running, wanted).model_dump(), wanted.model_dump())) == ["listen.proxy.protocol"]


def test_what_waits_for_the_next_start_has_a_name(tmp_path):
    """Found: `some settings have changed` left the operator to find out which."""
    running = load(write(tmp_path, GOOD))
    text = GOOD.replace("[::1]:10026", "[::1]:10027").replace(
        'host = "mail.council.example"', 'host = "else.example"\n[next_hop.new]\nhost = "n.example"'
    )
    wanted = load(write(tmp_path, text + '[retention]\nkeep = "14d"\n'))

    found = list(differing(from_now_on(running, wanted).model_dump(), wanted.model_dump()))

    assert found == ["listen.proxy.address", "next_hop.mailboxes.host", "next_hop.new"]


@pytest.mark.slow  # doctor waits for hops that are not there
def test_lists_of_a_day_still_to_come_are_unknown_and_the_operator_hears_of_it_at_each_load(tmp_path):
    """Found: `policy check` refused them, and what serves relied on them for ever."""
    pack = shutil.copytree(RULES / "starter", tmp_path / "pack")
    lists = (pack / "lists.yaml").read_text()
    settings = given(tmp_path, SETTINGS.replace(str(RULES / "starter"), str(pack)))
    log = io.StringIO()
    current = InForce(settings.file, settings, Log(log))

    def alarms() -> list[str]:
        told = [row["what"] for row in map(json.loads, log.getvalue().splitlines()) if row["event"] == "alarm"]
        log.truncate(0)
        log.seek(0)
        return told

    assert alarms() == []
    (pack / "lists.yaml").write_text(f"as_of: 2099-01-01\nvalid_for: 7d\n{lists}")
    assert current.reload()
    assert [says.partition(",")[0] for says in alarms()] == ["lists.yaml says that it is of 2099-01-01"]
    assert current.policy.snapshot.lists_known_from == date(2098, 12, 31)
    assert [look.is_well for look in doctor(settings.file) if "says that it is of 2099-01-01" in look.says] == [False]
    again = InForce(settings.file, settings, Log(log))
    assert len(alarms()) == 1
    assert again.policy.snapshot.lists_known_from == date(2098, 12, 31)
    assert load_policy(settings.policy.source, settings, is_today=False).snapshot.lists_known_from is None
