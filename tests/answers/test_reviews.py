"""An answer whose review has expired is not said; help is said all the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from bot.answers.catalog import catalog
from bot.engine.conversation_store import conversation_id
from bot.engine.engine import Engine, Turn
from bot.engine.gate import renderer

TOPICS = list(catalog().topics.values())
LAST_DAY = min(topic.review_by for topic in TOPICS)  # on which all are shown
LONG_AFTER = max(topic.review_by for topic in TOPICS) + timedelta(days=400)
WAITS = "waits_for_review"
ME = conversation_id("a page without a past")


@pytest.fixture
def on(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[[date], None]:
    """Sets the day that reviews are held against."""
    assert engine.words is renderer()
    return lambda day: monkeypatch.setattr(renderer(), "today", lambda: day)


@pytest.fixture
async def say(engine: Engine) -> Callable[..., object]:
    """Says something in a talk that begins with it."""
    await engine.erase(ME)

    async def turn(text: str) -> Turn:
        return await engine.turn(ME, text, begin=True)

    return turn


def _ids(turn: Turn) -> list[str]:
    return [reply.id for reply in turn.replies]


def test_a_topic_is_said_to_the_end_of_its_day_and_then_waits(on: Callable[[date], None]) -> None:
    for day, shown in ((LAST_DAY, True), (LONG_AFTER, False)):
        on(day)
        for topic in TOPICS:
            for form in ("words", "simpler"):
                said = renderer().render(topic.id, form=form)
                assert said.id == (topic.id if shown or topic.always_shown else WAITS), topic.id
    on(LAST_DAY + timedelta(days=1))
    assert renderer().render("cost").id == (WAITS if catalog().topics["cost"].review_by == LAST_DAY else "cost")


def test_what_is_said_instead_names_the_topic_and_leads_on(on: Callable[[date], None]) -> None:
    on(LONG_AFTER)
    said = renderer().render("cost")
    assert catalog().topics["cost"].title in said.text
    assert catalog().topics["cost"].words.strip() not in said.text
    assert "988" in said.text
    assert "911" in said.text
    assert [button.payload for button in said.buttons] == ["/sources", "/talk_to_person", "/help_menu"]


def test_help_and_the_dialogue_are_said_for_ever(on: Callable[[date], None]) -> None:
    on(LONG_AFTER)
    always = [topic.id for topic in TOPICS if topic.always_shown]
    assert sorted(always) == ["grounding_now", "safety_now"]
    for reply in catalog().replies.values():
        if not reply.blanks:
            assert renderer().render(reply.id).id == reply.id
        if reply.shorter:
            assert renderer().render(reply.id, form="shorter").id == reply.id
    for goal in catalog().goals:
        assert renderer().render("goal_added", {"goal": goal}).id == "goal_added"


async def test_a_talk_goes_on_around_what_waits(on: Callable[[date], None], say: Callable[..., object]) -> None:
    on(LONG_AFTER)
    for text, said in (
        ("how much does it cost", [WAITS]),
        ("say that again", [WAITS]),
        ("where does that come from", ["sources_of"]),
        ("could this make it worse for me", [WAITS]),  # a heavy topic: nobody is asked to agree to nothing
        ("i want him to say sorry", ["goal_added", "ask_more_goals"]),
        ("i want to die", ["crisis_suicide"]),
        ("talk to a person", ["talk_to_person"]),
    ):
        turn = await say(text)  # type: ignore[misc]
        assert _ids(turn) == said, text
        assert turn.topic is None
    on(LAST_DAY)
    assert _ids(await say("how much does it cost"))[0] == "cost"  # type: ignore[misc]
