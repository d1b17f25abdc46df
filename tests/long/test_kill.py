"""At least 300 SIGKILLs under mail from a real Postfix: `make long`.

OUTGATE_SEED repeats the choices of a run, OUTGATE_KILLS changes the number of kills.
"""

import os
from random import Random

import pytest

from tests.long.killing import killing, seed
from tests.peers import needs_root

pytestmark = [pytest.mark.long, pytest.mark.peer, needs_root]

KILLS = 300


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
