"""Spanish stands first whatever answers, even when nothing does."""

from __future__ import annotations

import logging

import pytest
from rasa.core.agent import Agent

from bot.cli import as_contract
from bot.engine.engine import LONGEST_MESSAGE, Engine, Turn
from tests.kept import kept

STORY = "no quiero contar lo que paso con mi hermano en la carcel. "


def _ids(turn: Turn) -> list[str]:
    return [reply.id for reply in turn.replies]


async def test_the_command_line_says_which_language_a_message_was_in(engine: Engine) -> None:
    assert as_contract(await engine.turn("spanish contract", "buenos días", begin=True))["lang"] == "es"
    assert as_contract(await engine.turn("spanish contract", "/help_menu", begin=True))["lang"] == "en"
    assert as_contract(await engine.turn("spanish contract", "how long does it take", begin=True))["lang"] == "en"


async def test_a_message_in_spanish_that_is_too_long_is_answered_in_spanish_first(engine: Engine) -> None:
    turn = await engine.turn("spanish and long", STORY * 50, begin=True)
    assert len(STORY * 50) > LONGEST_MESSAGE
    assert (_ids(turn), turn.language) == (["spanish", "too_long"], "es")
    danger = await engine.turn("spanish and long", STORY * 50 + " i want to die", begin=True)
    assert _ids(danger)[1:] == ["crisis_suicide"]


async def test_when_the_rules_break_the_numbers_in_spanish_are_still_shown(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def break_down(*_: object) -> None:
        raise RuntimeError("las palabras que escribió")

    with monkeypatch.context() as patched, caplog.at_level(logging.DEBUG):
        patched.setattr(Agent, "handle_message", break_down)
        turn = await engine.turn("spanish breaks", "cuanto cuesta esto", begin=True)
    assert (_ids(turn), turn.language) == (["spanish", "something_broke"], "es")
    assert "las palabras" not in caplog.text
    assert "cuanto cuesta" not in caplog.text


async def test_that_spanish_was_spoken_is_remembered_without_what_was_typed(engine: Engine) -> None:
    await engine.turn("spanish memory", "me llamo Zanzibarina y quiero una disculpa", begin=True)
    row = (await kept(engine))["spanish memory"]
    assert "'language': 'es'" in row
    assert "zanzibarina" not in row.casefold()
