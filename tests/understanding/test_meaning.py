"""What the pipeline reads in a message: topics, acts, goals and places together. None of these lines is an example."""

from __future__ import annotations

import pytest
import yaml

from bot.engine.engine import Engine
from bot.settings import DATA

GOALS = [
    ("I want him to say sorry to my mother", ["goal_apology"]),
    ("I want him to apologize, and I want to know why he did it", ["goal_apology", "goal_answers"]),
    ("I don't want an apology. I want answers.", ["goal_answers"]),
    ("He wants to say sorry to me", []),
    ("My pastor says I have to forgive her", []),
    ("Will they say sorry?", []),
    ("I want nothing to do with him", []),
    ("How much does it cost?", []),
]


@pytest.mark.parametrize(("text", "goals"), GOALS)
async def test_goals_are_read_where_they_are_wished_for_and_only_there(
    engine: Engine, text: str, goals: list[str]
) -> None:
    assert sorted((await engine.parse(text)).goals) == sorted(goals)


@pytest.mark.parametrize("text", ["\U0001f622", "?!", "   ", "\u200b"])
async def test_a_message_without_words_has_no_topic(engine: Engine, text: str) -> None:
    found = await engine.parse(text)
    assert (found.topic, found.confidence, found.goals, found.states) == ("out_of_scope", 0.0, (), ())


async def test_a_topic_that_is_not_sure_is_no_topic(engine: Engine) -> None:
    """The threshold of config.yml: no answer is given below it, whatever leads the ranking."""
    threshold = next(
        step["threshold"]
        for step in yaml.safe_load((DATA.parents[1] / "config.yml").read_text(encoding="utf-8"))["pipeline"]
        if step["name"].endswith("TopicClassifier")
    )
    for text in (
        "the blue one with the thing",
        "when the man and the wheel",
        "money family tuesday",
        "the bread on the second roof",
    ):
        found = await engine.parse(text)
        if found.topic != "safety_now":  # help in danger is shown on less
            assert not found.answered or found.confidence >= threshold, text


@pytest.mark.parametrize("text", ["i want to start all over from the top", "please erase everything i told you here"])
async def test_starting_over_and_erasing_are_understood_when_they_are_meant(engine: Engine, text: str) -> None:
    assert (await engine.parse(text)).topic in ("start_over", "erase")


@pytest.mark.parametrize(
    "text", ["keep the first one", "the previous one was better", "i started crying all over again"]
)
async def test_nothing_is_thrown_away_by_a_guess(engine: Engine, text: str) -> None:
    assert (await engine.parse(text)).topic not in ("start_over", "erase")


async def test_a_question_and_a_place_in_one_message_are_both_read(engine: Engine) -> None:
    found = await engine.parse("are there any programs for a case in Ohio")
    assert (found.topic, found.state) == ("find_program", "OH")
