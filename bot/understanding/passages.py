"""Cuts a long message into passages, so that a question in the middle of a story is found."""

from __future__ import annotations

import re
from functools import lru_cache

import spacy
from spacy.language import Language

# Up to here one vector holds what a message says. Longer ones are read in passages; docs/decisions/0005-classifier.md.
LONGEST_WHOLE = 60  # words ...
LONG_WORD = 7  # ... of so many characters, the blank counted
PASSAGE = 4  # sentences
STEP = 3  # sentences from one passage to the next, so that none stands without a neighbour
LONGEST_SENTENCE = 16  # words; people who type without full stops are cut here
MOST = 2  # passages, and it bounds the time: the first, and the last ones, because most people ask at the end

# Of signs in a row, as of "?!?!?!", three say it all; spaCy takes each of them apart.
_SIGNS = re.compile(r"([^\w\s]{3})[^\w\s]+")


@lru_cache(maxsize=1)
def _english() -> Language:
    english = spacy.blank("en")
    english.add_pipe("sentencizer")
    return english


def sentences(text: str) -> list[str]:
    """Sentences of `text`, as its full stops, question marks and the like part them."""
    english = _english()
    # Otherwise spaCy would keep every new word that anybody ever typed.
    with english.memory_zone():
        return [sentence.text for sentence in english(_SIGNS.sub(r"\1", text)).sents]


def is_long(text: str) -> bool:
    """Whether `text` is read in passages."""
    return len(text.split()) > LONGEST_WHOLE or len(text) > LONGEST_WHOLE * LONG_WORD


def passages(text: str) -> list[str]:
    """`text` itself, or its overlapping passages where it is long; at least one, at most `MOST`."""
    if not is_long(text):
        return [text]
    parts = _short_sentences(text)
    last = max(len(parts) - PASSAGE, 0)
    starts = sorted({*range(0, last + 1, STEP), last})
    if len(starts) > MOST:
        starts = starts[:1] + starts[1 - MOST :]
    return [" ".join(parts[start : start + PASSAGE]) for start in starts]


def _short_sentences(text: str) -> list[str]:
    """Sentences of `text`, cut where they are longer than `LONGEST_SENTENCE`."""
    cut = []
    for sentence in sentences(text):
        words = sentence.split()
        cut += [" ".join(words[at : at + LONGEST_SENTENCE]) for at in range(0, len(words), LONGEST_SENTENCE)]
    return cut
