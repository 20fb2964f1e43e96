"""What was typed does not stay in the memory of a library that collects words."""

from __future__ import annotations

import gc

from spacy.vocab import Vocab

from bot.engine.engine import Engine

WORD = "quorvendish"


async def test_no_vocabulary_keeps_a_word_that_was_typed(engine: Engine) -> None:
    danger = f"He is outside my house with a knife and {WORD} is gone."
    for text in (danger, " ".join([danger] * 12), f"What does {WORD} cost in Iowa?"):
        found = await engine.parse(text)
    assert found.state == "IA"  # all of it was read
    vocabularies = [each for each in gc.get_objects() if isinstance(each, Vocab)]
    assert vocabularies, "the safety net and the passages are read with spaCy"
    assert not any(WORD in each.strings for each in vocabularies)
