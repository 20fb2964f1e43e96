"""Finds topics by words and beginnings of words, as somebody types who looks one up: "cost", "parole", "apolog"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.answers.catalog import Catalog
from bot.answers.rendering import plain

SHORTEST = 2  # characters of a word's beginning
LONGEST = 2  # words; more than these ask something, and what is asked says more than the words
# How much a word counts where it stands.
_TITLE, _QUESTION = 2, 1


class TopicSearch:
    """The words of all topics' ids, titles and questions."""

    def __init__(self, catalog: Catalog) -> None:
        self._words: dict[str, Mapping[str, int]] = {}
        self._whole: dict[str, str] = {}
        for family in catalog.families.values():
            for topic in (catalog.topics[name] for name in family.topics):
                names = (topic.question, topic.title, _spaced(topic.id))
                self._whole |= {plain(name): topic.id for name in names}
                asked = dict.fromkeys(plain(topic.question).split(), _QUESTION)
                named = dict.fromkeys(plain(f"{_spaced(topic.id)} {topic.title}").split(), _TITLE)
                self._words[topic.id] = asked | named

    def find(self, text: str) -> tuple[str, ...]:
        """Ids of the topics that have every word of a short `text`, the best match first.

        Of a longer text only the topic whose id, title or question it is.
        """
        whole = plain(_spaced(text))
        if whole in self._whole:
            return (self._whole[whole],)
        typed = whole.split()
        if not 1 <= len(typed) <= LONGEST or any(len(word) < SHORTEST for word in typed):
            return ()
        counted = {topic: sum(self._counts(words, typed)) for topic, words in self._words.items()}
        found = [topic for topic, words in self._words.items() if all(self._counts(words, typed))]
        return tuple(sorted(found, key=lambda topic: -counted[topic]))

    def _counts(self, words: Mapping[str, int], typed: list[str]) -> Iterator[float]:
        """How much each typed word counts, 0 where it begins none; a whole word counts more than a beginning."""
        for beginning in typed:
            yield max(
                (weight + (word == beginning) / 2 for word, weight in words.items() if word.startswith(beginning)),
                default=0,
            )


def _spaced(name: str) -> str:
    """An id as words."""
    return name.replace("_", " ")
