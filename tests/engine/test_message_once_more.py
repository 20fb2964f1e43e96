"""A message whose answer was lost arrives once more, under the same number."""

from __future__ import annotations

import pytest

from bot.engine.engine import Engine
from tests.engine.conftest import ME


@pytest.mark.parametrize(
    "text", ["How much does it cost?", "I want to die", "/share_goals", "wrong number, who is this"]
)
async def test_a_message_that_arrives_once_more_gets_the_same_answer(own_engine: Engine, text: str) -> None:
    for number in range(3):  # from the third time on an answer has something beside it
        first = await own_engine.turn(ME, text, begin=True, message=f"{number:016x}")
    for _ in range(3):
        again = await own_engine.turn(ME, text, begin=True, message=f"{2:016x}")
        assert again == first
    assert (await own_engine.turn(ME, text, begin=True, message=f"{3:016x}")).replies


async def test_danger_under_the_number_of_another_message_is_heard(own_engine: Engine) -> None:
    await own_engine.turn(ME, "How much does it cost?", begin=True, message="0" * 16)
    turn = await own_engine.turn(ME, "I want to die", begin=True, message="0" * 16)
    assert turn.crisis == "crisis_suicide"
