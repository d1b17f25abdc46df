"""At least 300 SIGKILLs under mail from a real Postfix: `make long`.

OUTGATE_SEED repeats the choices of a run, OUTGATE_KILLS changes the number of kills.
"""

import os
from random import Random

import pytest

from tests.long.killing import killing, seed
from tests.long.sharing import sharing, wrong_in
from tests.peers import needs_root

pytestmark = [pytest.mark.long, pytest.mark.peer, needs_root]

KILLS = 300
KILLS_OF_SHARES = 200


def test_no_mail_is_lost_and_none_goes_astray_however_often_the_gateway_is_killed(capsys: pytest.CaptureFixture[str]) -> None:
    def say(line: str) -> None:
        with capsys.disabled():
            print(line, flush=True)

    chosen = seed()
    say(f"\nOUTGATE_SEED={chosen}")
    with killing(Random(chosen), say) as world:
        account = world.kill(int(os.environ.get("OUTGATE_KILLS") or KILLS))
        say(f"{len(world.kills)} kills; {account}")

        assert not account.wrong, world.evidence_about(account)
        assert account.messages >= len(world.kills)


def test_no_link_leads_to_nothing_and_no_file_is_left_without_one(capsys: pytest.CaptureFixture[str]) -> None:
    def say(line: str) -> None:
        with capsys.disabled():
            print(line, flush=True)

    chosen = seed()
    say(f"\nOUTGATE_SEED={chosen}")
    with sharing(Random(chosen), say) as world:
        world.kill(int(os.environ.get("OUTGATE_KILLS") or KILLS_OF_SHARES))
        wrong = wrong_in(world)
        say(f"{len(world.kills)} kills, {len(world.mails)} messages with links, {len(wrong)} wrong")

        assert not wrong, "\n".join(wrong[:50])
