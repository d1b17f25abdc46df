"""What a running process takes over of changed settings."""

from gateway.app.in_force import differing, from_now_on
from gateway.config import load
from tests.stages.test_config import GOOD, write


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
