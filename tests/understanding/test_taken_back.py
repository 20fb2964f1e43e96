"""Who says that they are okay, or that a card is not about them, is not shown a card for it by the rules."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bot.actions.opposites import says_opposite
from bot.engine.engine import Engine
from bot.settings import DATA
from bot.understanding.plain_text import plain_text
from bot.understanding.safety_rules import SafetyRules

TAKEN_BACK = ("im_okay", "not_me")


def _examples() -> list[tuple[str, str]]:
    """Intent and words of each example."""
    entries: list[Any] = [
        entry
        for path in (DATA / "nlu" / "acts.yml", DATA / "nlu" / "spanish.yml")
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        if entry["intent"] in TAKEN_BACK
    ]
    return [
        (entry["intent"], line.strip().removeprefix("- "))
        for entry in entries
        for line in entry["examples"].splitlines()
    ]


def test_no_rule_of_the_safety_net_hears_danger_in_the_examples() -> None:
    rules, examples = SafetyRules.read(), _examples()
    assert len(examples) > 150
    assert [example for _, example in examples if rules.find(plain_text(example))] == []


def test_no_example_is_taken_for_its_opposite() -> None:
    assert [example for act, example in _examples() if says_opposite(act, example)] == []


@pytest.mark.parametrize(
    ("act", "text"),
    [
        ("im_okay", "im not okay"),
        ("im_okay", "I don't feel better."),
        ("im_okay", "i am not really alright"),
        ("im_okay", "no estoy bien"),
        ("not_me", "im not an adult"),
    ],
)
def test_the_opposite_is_heard(act: str, text: str) -> None:
    assert says_opposite(act, text)


@pytest.mark.parametrize(
    "text",
    [
        "im not okay",
        "i am not fine at all",
        "im not ok",
        "im not safe right now",
        "im 15 years old",
        "im fine, i want to die",
    ],
)
async def test_the_opposite_is_not_taken_for_it(text: str, engine: Engine) -> None:
    said = [reply.id for reply in (await engine.turn(f"opposite of {text}", text, begin=True)).replies]
    assert not {"glad_you_are_okay", "believed"} & set(said)
