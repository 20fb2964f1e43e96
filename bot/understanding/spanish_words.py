"""Tells Spanish from English, word by word: Naive Bayes on words, and on the letters of words that are little known."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

# A letter alone says nothing: "y" is "and" in Spanish and "why" or "yes" in a chat.
_WORD = re.compile(r"[^\W\d_]{2,}")
# A word seen this often in the examples counts as itself, any other by its letters.
_KNOWN = 2
# Added to every count: what one example holds proves little. In occurrences in the Spanish examples.
_SMOOTHING = 0.25
# The most that one word says for or against Spanish, so that a long word does not outweigh a sentence.
_MOST = 4.0
# A word that is at least this share of all English words says no more than this for Spanish: "no", "me", "son".
_ENGLISH_TOO = 1e-4
_MOST_OF_ENGLISH = 1.0
# Runs of three overlap, so that each letter would count three times.
_OVERLAP = 3
# Each word begins with a little for Spanish, so that half Spanish is Spanish, and a message needs this much to be
# Spanish, so that "no" or a name alone is not. Chosen in cross-validation on the examples: 0.7% of the Spanish ones
# were missed, and 0.1% of the English ones taken for Spanish.
_EACH_WORD = 0.6
_NEEDED = 2.75


@dataclass(frozen=True)
class SpanishWords:
    """How much each word and each run of three letters speaks for Spanish.

    words: log of how much more frequent the word is in Spanish than in English, by word.
    letters: the same for runs of three letters, word boundaries written as blanks.
    places: names of places that speak for Spanish, by their first word: {"los": ["los angeles"]}.
    """

    words: Mapping[str, float]
    letters: Mapping[str, float]
    places: Mapping[str, list[str]]

    @classmethod
    def train(cls, spanish: Iterable[str], english: Iterable[str], places: Iterable[str]) -> SpanishWords:
        """Learn from examples of both languages, and from names of places, which are English.

        Raises:
            ValueError: there are no Spanish or no English examples.
        """
        words_es = Counter(word for text in spanish for word in words_of(text))
        words_en = Counter(word for text in english for word in words_of(text))
        if not words_es or not words_en:
            raise ValueError("languages are told apart only with examples of both Spanish and English")
        names = {" ".join(words_of(name)) for name in places} - {""}
        in_names = Counter(word for name in names for word in name.split())
        seen = {word for word in words_es | words_en if words_es[word] + words_en[word] >= _KNOWN}
        known = {word: log for word, log in _logs(words_es, words_en).items() if word in seen}
        for word, times in words_en.items():
            if word in known and times >= _ENGLISH_TOO * words_en.total():
                known[word] = min(known[word], _MOST_OF_ENGLISH)
        read = cls(known, _logs(_letters(words_es), _letters(words_en + in_names)), {})
        # A name that is also a word of the Spanish examples stays that word: "casa", "nada", "vida".
        mistaken: dict[str, list[str]] = {}
        for name in sorted(names, key=lambda name: (-len(name), name)):
            if words_es[name] < _KNOWN and sum(read._log(word) for word in name.split()) > 0:
                mistaken.setdefault(name.split()[0], []).append(name)
        return cls(read.words, read.letters, mistaken)

    def is_spanish(self, text: str) -> bool:
        """Whether about half of the words of `text`, or more, are Spanish. Names of places do not count."""
        different = set(self._counted(words_of(text)))  # "no no no" is no more Spanish than "no"
        return sum(_EACH_WORD + self._log(word) for word in different) > _NEEDED

    def save(self, path: Path) -> None:
        """Write everything to one JSON file."""
        path.write_text(json.dumps(vars(self)), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> SpanishWords:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file does not hold these tables.
        """
        tables: Any = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(tables, dict) or set(tables) != {field.name for field in fields(cls)}:
            raise ValueError(f"{path} does not hold the words of both languages: train the model again.")
        return cls(**tables)

    def _log(self, word: str) -> float:
        log = self.words.get(word)
        if log is None:
            log = sum(self.letters.get(three, 0.0) for three in _threes(word)) / _OVERLAP
        return max(-_MOST, min(_MOST, log))

    def _counted(self, words: list[str]) -> Iterable[str]:
        """The words that belong to no name of a place."""
        at = 0
        while at < len(words):
            for name in self.places.get(words[at], ()):
                parts = name.split()
                if words[at : at + len(parts)] == parts:
                    at += len(parts)
                    break
            else:
                yield words[at]
                at += 1


def words_of(text: str) -> list[str]:
    """The words of `text` in small letters without accents, which people often leave out, and without apostrophes."""
    text = text.casefold().replace("'", "").replace("\u2019", "")
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    return _WORD.findall(text)


def _threes(word: str) -> list[str]:
    bounded = f" {word} "
    return [bounded[at : at + 3] for at in range(len(bounded) - 2)]


def _letters(words: Mapping[str, int]) -> Counter[str]:
    letters: Counter[str] = Counter()
    for word, times in words.items():
        for three in _threes(word):
            letters[three] += times
    return letters


def _logs(spanish: Counter[str], english: Counter[str]) -> dict[str, float]:
    """Log of the ratio of the two shares, for everything counted; two decimals are enough."""
    all_spanish, all_english = spanish.total(), english.total()
    least = _SMOOTHING / all_spanish
    return {
        counted: round(math.log((spanish[counted] / all_spanish + least) / (english[counted] / all_english + least)), 2)
        for counted in spanish | english
    }
