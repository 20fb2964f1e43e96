"""A long message is read in passages that leave nothing at its end out."""

from __future__ import annotations

import pytest

from bot.understanding.passages import LONGEST_SENTENCE, LONGEST_WHOLE, MOST, PASSAGE, passages

STORY = [f"On day {number} my sister drove over and we sat in the kitchen." for number in range(1, 31)]


def test_a_short_message_is_read_whole() -> None:
    text = "My brother was killed. What would it cost us? We have two kids."
    assert passages(text) == [text]


@pytest.mark.parametrize("count", [8, 9, 12, 30])
def test_the_end_of_a_long_message_is_read_with_what_stands_before_it(count: int) -> None:
    found = passages(" ".join(STORY[:count]))
    assert found[0].startswith(STORY[0])
    assert found[-1] == " ".join(STORY[count - PASSAGE : count])
    assert len(found) <= MOST


def test_every_sentence_of_a_message_that_is_only_just_long_is_read() -> None:
    together = " ".join(passages(" ".join(STORY[:8])))
    assert all(sentence in together for sentence in STORY[:8])


def test_somebody_who_types_without_full_stops_is_read_in_passages_too() -> None:
    text = " ".join(["word"] * 3 * LONGEST_WHOLE)
    assert len(passages(text)) > 1
    assert max(len(passage.split()) for passage in passages(text)) <= LONGEST_SENTENCE * PASSAGE
