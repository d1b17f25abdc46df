"""A sample of what tests/long/test_kill.py does at length: twenty SIGKILLs at random moments, and nothing is lost."""

from random import Random

import pytest

from tests.long.killing import killing, seed
from tests.long.sharing import sharing, wrong_in
from tests.peers import needs_root

pytestmark = [pytest.mark.peer, needs_root]


def test_twenty_kills_lose_no_mail_and_send_none_astray() -> None:
    chosen = seed()
    print(f"OUTGATE_SEED={chosen}")
    with killing(Random(chosen), print) as world:
        account = world.kill(20, one_by_one=("smtp", "recorder", "recorder", "keeper", "smtp", "recorder"), drain_every=99)
        print(f"{len(world.kills)} kills; {account}")

        assert len(world.kills) == 20
        assert not account.wrong, world.evidence_about(account)


@pytest.mark.slow
def test_twelve_kills_during_shares_leave_no_link_to_nothing_and_no_file_without_link() -> None:
    chosen = seed()
    print(f"OUTGATE_SEED={chosen}")
    with sharing(Random(chosen), print) as world:
        world.kill(12, one_by_one=("smtp", "recorder", "smtp", "keeper", "smtp", "recorder"), drain_every=99)
        wrong = wrong_in(world)

        assert len(world.kills) == 12
        assert len(world.mails) >= 60  # a process may end by itself just before its kill: then that one is tried again, with more mail
        assert not wrong, "\n".join(wrong)
