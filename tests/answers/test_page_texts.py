"""The words of the page around the answers read easily and keep to the style of the answers."""

from __future__ import annotations

import re

import pytest
import textstat

from bot.answers.catalog import catalog
from tests.answers.test_answer_texts import AVOIDED

HARDEST = 8  # grade of US schools
LONGEST = 20  # words of a sentence
PAGE = catalog().page
SENTENCES = {name: text for name, text in PAGE.items() if text.endswith((".", "?"))}


@pytest.mark.parametrize("name", SENTENCES)
def test_each_text_reads_easily(name: str) -> None:
    text = re.sub(r"\{[^}]*\}", "30", SENTENCES[name])
    for sentence in re.split(r"(?<=[.?])\s+", text):
        assert len(sentence.split()) <= LONGEST, sentence
    assert textstat.flesch_kincaid_grade(text) <= HARDEST


@pytest.mark.parametrize("pattern", AVOIDED)
def test_no_text_presses_promises_or_blames(pattern: str) -> None:
    assert [name for name, text in PAGE.items() if re.search(pattern, text, re.IGNORECASE)] == []


def test_names_that_others_may_see_are_short_and_neutral() -> None:
    names = [text for name, text in PAGE.items() if name == "tab_title" or name.startswith("heading_")]
    assert len(names) == 4
    for name in names:
        assert re.fullmatch(r"[A-Z][a-z]+( [a-z]+)?", name)
        assert not re.search(r"victim|offend|survivor|crime|mediat|harm|abuse|justice", name, re.IGNORECASE)
