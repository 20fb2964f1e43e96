"""Every reply reads at grade 8 or lower as it is shown: in each of its forms, with blanks filled and lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bot.answers.catalog import catalog
from bot.answers.rendering import RenderedReply, Value
from bot.engine.gate import renderer
from tests.answers.test_answer_texts import grade

HARDEST = 8  # grade of US schools
LONGEST_GOAL = max(catalog().goals.values(), key=lambda goal: len(goal.title)).id
LONGEST_TOPIC = max(catalog().topics.values(), key=lambda topic: len(topic.title)).id
# What a blank is filled with, by its kind.
FILLED: dict[str, Value] = {
    "topic": "retraumatization_risk",
    "topics": ("what_is_vom", LONGEST_TOPIC),
    "goal": LONGEST_GOAL,
    "goals": ("goal_apology", LONGEST_GOAL),
    "state": "IA",
    "states": ("IA", "OH"),
    "family": "how_it_works",
    "web_page": "https://chat.example.org",
    "web_code": "7KQ4-M9XP",
    "program": "us-ia-doc-vois",
    "programs": ("us-ia-doc-vois",),
}
# What these say are names, addresses and notes from the directory.
CARDS = {"program_card", "office_card"}
NAME = "Victim Offender Intervention Services (VOIS) / Victim Offender Dialogue"  # not ours to make easier


def _forms() -> Iterator[object]:
    for reply in catalog().replies.values():
        # The measure is made for English.
        if reply.language == "en" and reply.id not in CARDS:
            yield pytest.param(reply.id, "words", id=reply.id)
            if reply.shorter:
                yield pytest.param(reply.id, "shorter", id=f"{reply.id}, shorter")


def _sentences(reply: RenderedReply) -> str:
    """The sentences of a reply. Names, numbers and addresses in lists are none."""
    lines = [line for block in reply.blocks for line in block.lines if re.search(r"[a-z][.?]$", line)]
    return " ".join([*reply.paragraphs, *lines])


@pytest.mark.parametrize(("answer", "form"), _forms())
def test_a_reply_reads_easily_as_it_is_shown(answer: str, form: str) -> None:
    reply = catalog().replies[answer]
    values = {blank: FILLED[kind] for blank, kind in reply.blanks.items()}
    shown = _sentences(renderer().render(answer, values, form))
    assert shown
    assert grade(shown.replace(NAME, "it")) <= HARDEST, shown
