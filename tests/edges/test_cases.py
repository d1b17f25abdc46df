"""Case numbers: short, sayable, one for each case."""

import asyncio
import random
import re

from gateway.edges import cases
from gateway.edges.cases import ALPHABET, Cases, draw
from gateway.model.kept import Bundle
from tests.edges.durable import Place, held, living


def test_a_number_can_be_said_on_the_phone():
    drawn = {draw() for _ in range(2000)}

    assert len(drawn) > 1990
    assert all(re.fullmatch(rf"[{ALPHABET}]{{3}}-\d{{3}}", case) for case in drawn)
    assert not set("01OIL5S8BZ9AEU") & set(ALPHABET)


def test_no_case_gets_the_number_of_another_and_a_crowd_gets_longer_ones(sqlite_place: Place):
    async def story() -> None:
        async with living(sqlite_place) as (state,):
            assert re.fullmatch(r"\w{3}-\d{3}", await state.cases.new())
            crowded = [f"222-{number:03}" for number in range(200)]
            transaction = await state.journal.begin(None, ())
            await transaction.finish(Bundle(holds=tuple(map(held, crowded))), durable=True)

            def draw_in_a_crowd(letters: int) -> str:
                return random.choice(crowded) if letters == 3 else draw(letters)

            assert re.fullmatch(r"\w{4}-\d{3}", await Cases(state.store, draw_in_a_crowd).new())

    asyncio.run(story())


def test_numbers_are_drawn_from_millions():
    assert len(ALPHABET) ** 3 * 1000 > 10_000_000
    assert cases.LONGEST > 3
