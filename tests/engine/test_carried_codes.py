"""Goals and a state are taken to the web page by a code: once, for minutes, and without a word about who it is."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from bot.answers.web_code import new_code, read_code
from bot.engine.conversation_store import conversation_id
from bot.engine.engine import Engine
from tests.engine.conftest import ANSWERS, APOLOGY, ME, Clock, MakeEngine

WEB = conversation_id("the web page's token")


async def _code(engine: Engine) -> str:
    """The code of somebody who named an apology and Iowa."""
    await engine.turn(ME, APOLOGY, "messenger", begin=True)
    await engine.turn(ME, '/give_place{"state": "IA"}', "messenger", begin=True)
    code = await engine.carry_out(ME)
    assert code
    return code


async def test_goals_and_state_are_there_after_the_code_and_nothing_else(own_engine: Engine) -> None:
    code = await _code(own_engine)
    turn = await own_engine.carry_in(WEB, code)
    assert [reply.id for reply in turn.replies] == ["code_taken", "my_goals"]
    assert (turn.goals, turn.state, turn.goes_on) == (("goal_apology",), "IA", True)
    await own_engine.turn(ME, ANSWERS, "messenger", begin=True)  # the two go their own ways
    assert (await own_engine.turn(WEB, "/my_goals", begin=False)).goals == ("goal_apology",)


async def test_what_was_named_on_the_page_stays(own_engine: Engine) -> None:
    await own_engine.turn(WEB, ANSWERS, begin=True)
    await own_engine.turn(WEB, '/give_place{"state": "VT"}', begin=True)
    turn = await own_engine.carry_in(WEB, await _code(own_engine))
    assert (turn.goals, turn.state) == (("goal_answers", "goal_apology"), "VT")


async def test_a_code_works_once_also_for_two_at_once(own_engine: Engine) -> None:
    code = await _code(own_engine)
    turns = await asyncio.gather(*(own_engine.carry_in(conversation_id(str(one)), code) for one in range(4)))
    assert sorted(turn.replies[0].id for turn in turns) == ["code_taken", *["code_unknown"] * 3]
    assert sum(turn.goes_on for turn in turns) == 1


async def test_a_code_ends_after_ten_minutes(own_engine: Engine, clock: Clock) -> None:
    first, second = await _code(own_engine), await _code(own_engine)
    clock.forward(9.9)
    assert (await own_engine.carry_in(WEB, first)).goals == ("goal_apology",)
    clock.forward(0.2)
    assert (await own_engine.carry_in(WEB, second)).replies[0].id == "code_unknown"


async def test_a_code_goes_with_its_conversation(own_engine: Engine) -> None:
    code = await _code(own_engine)
    await own_engine.erase(ME)
    assert (await own_engine.carry_in(WEB, code)).replies[0].id == "code_unknown"


async def test_a_code_of_nothing_begins_with_nothing(own_engine: Engine) -> None:
    code = await own_engine.carry_out(ME)
    assert code
    turn = await own_engine.carry_in(WEB, code)
    assert (turn.goals, turn.state, turn.goes_on) == ((), None, True)


async def test_the_code_is_kept_nowhere(make_engine: MakeEngine, tmp_path: Path) -> None:
    file = tmp_path / "kept.db"
    engine = make_engine(f"sqlite:///{file}")
    code = await _code(engine)
    assert code.encode() not in file.read_bytes()
    assert b"goal_apology" in file.read_bytes()
    await engine.carry_in(WEB, code)
    await engine.erase(ME)
    await engine.erase(WEB)
    assert b"goal_apology" not in file.read_bytes()


def test_a_code_is_read_as_people_type_it() -> None:
    for _ in range(50):
        code = new_code()
        assert len(code) == 9
        for typed in (code, code.lower(), code.replace("-", ""), code.replace("-", " "), f" {code}\n"):
            assert read_code(typed) == code


@pytest.mark.parametrize("text", ["", "help", "7777", "4821-9375-1", "7KQ4--M9XP", "BCDF-GHJK", "my code is 7KQ4-M9XP"])
def test_other_words_are_no_code(text: str) -> None:
    assert read_code(text) is None


@seed(6)
@settings(max_examples=300)
@given(st.text(max_size=12))
def test_nothing_but_a_code_is_one(text: str) -> None:
    code = read_code(text)
    assert code is None or code.replace("-", "") == "".join(text.split()).replace("-", "").upper()
