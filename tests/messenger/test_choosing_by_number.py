"""In Messenger a choice can be typed by its number, on every kind of conversation database; on the page it cannot."""

from __future__ import annotations

import pytest

from bot.engine.conversation_store import conversation_id
from bot.engine.engine import Engine, Turn
from tests.engine.conftest import clock, make_engine, own_engine, url  # noqa: F401

ME = conversation_id("somebody in Messenger")


async def say(engine: Engine, text: str, channel: str = "messenger") -> Turn:
    return await engine.turn(ME, text, channel, begin=True)


@pytest.mark.parametrize("typed", ["2", "2.", " 2) "])
async def test_a_number_is_the_choice_at_its_place(own_engine: Engine, typed: str) -> None:  # noqa: F811
    await say(own_engine, "/share_goals")
    shown = await say(own_engine, "/share_goals")
    second = shown.replies[-1].buttons[1]
    turn = await say(own_engine, typed)
    assert turn.goals == (second.payload.split('"')[3],)


async def test_a_number_counts_in_the_last_turn_alone(own_engine: Engine) -> None:  # noqa: F811
    await say(own_engine, "/share_goals")
    assert len((await say(own_engine, "/stop")).replies[-1].buttons) == 2
    assert (await say(own_engine, "7")).goals == ()


async def test_a_title_with_its_number_is_the_choice_at_that_place(own_engine: Engine) -> None:  # noqa: F811
    cards = (await say(own_engine, '/give_place{"state": "TX"}')).programs
    assert len(cards) > 1
    turn = await say(own_engine, "put on my sheet 2")
    assert [(reply.id, reply.values) for reply in turn.replies] == [("program_kept", {"program": cards[1].id})]


async def test_a_short_title_can_be_typed(own_engine: Engine) -> None:  # noqa: F811
    shown = await say(own_engine, "/share_goals")
    assert "Let it out" in [button.title for button in shown.replies[-1].buttons]
    assert (await say(own_engine, "let it out")).goals == ("goal_express_anger",)


async def test_a_number_is_no_choice_on_the_page(own_engine: Engine) -> None:  # noqa: F811
    await say(own_engine, "/share_goals", "web")
    assert (await say(own_engine, "2", "web")).goals == ()
