"""Names of states and territories: as written, under other names, and misspelled; large cities misspelled.

Source of facts: the package `us`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import us
from rapidfuzz.distance import OSA

from bot.understanding.place_tokens import Token, is_one_name
from bot.understanding.place_words import PlaceWords

_SHORT_NAME = 4  # letters; too many words are one letter away from "Ohio" or "Utah" to be sure of
_LONG_NAME = 9  # letters; two slips may be made in it
_VOWELS = str.maketrans("eiouy", "aaaaa")
_LENGTHY = 6  # letters; in a shorter name wrong vowels or a wrong first letter make another word
_SHORT_CITY = 7  # letters; a shorter city is not looked for under wrong spellings


class MisspelledName(NamedTuple):
    """A name that was probably meant, its states, and whether only one letter or only vowels are wrong."""

    name: str
    states: tuple[str, ...]
    sure: bool


class StateNames:
    """Looks up names of states.

    exact: states by name. misspelled: states by misspellings that are known beforehand, such as "newyork".
    """

    def __init__(self, words: PlaceWords, large_cities: Mapping[str, tuple[str, ...]]) -> None:
        """large_cities: the states of cities that are also looked for under wrong spellings."""
        full_names = {
            " ".join(state.name.casefold().split()): (state.abbr,) for state in us.states.STATES_AND_TERRITORIES
        } | {"district of columbia": ("DC",)}
        self.exact: Mapping[str, tuple[str, ...]] = full_names | dict(words.abbreviations) | dict(words.other_names)
        self._not_misspelled = words.not_misspelled
        self._states: Mapping[str, tuple[str, ...]] = dict(large_cities) | dict(self.exact)
        self._single_names: defaultdict[str, list[str]] = defaultdict(list)
        self._name_parts: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
        self._by_consonants: dict[str, str] = {}
        self._joined_names: defaultdict[int, list[str]] = defaultdict(list)
        joined = {}
        for name in full_names:
            parts = tuple(name.split())
            if len(parts) == 1:
                self._single_names[name[0]].append(name)
                if len(name) >= _LENGTHY:
                    self._by_consonants[name[0] + name[1:].translate(_VOWELS)] = name
                continue
            joined["".join(parts)] = self.exact[name]
            self._joined_names[len("".join(parts))].append(name)
            for part in parts:
                self._name_parts[part].append(parts)
        self.misspelled: Mapping[str, tuple[str, ...]] = joined | dict(words.misspelled_names)
        for name in large_cities:
            if " " not in name and len(name) >= _SHORT_CITY and name not in self.exact:
                self._single_names[name[0]].append(name)

    def misspelled_parts(self, tokens: Sequence[Token], at: int) -> MisspelledName | None:
        """A name of several words, misspelled, that begins at token `at`: "new hamshire", "nwe mexico"."""
        distances: dict[str, int] = {}
        for well_spelled in tokens[at : at + 2]:
            for parts in self._name_parts.get(well_spelled.norm, ()):
                end = at + len(parts)
                if end <= len(tokens) and is_one_name(tokens, at, end):
                    distance = _parts_distance([token.norm for token in tokens[at:end]], parts)
                    if distance is not None:
                        distances[" ".join(parts)] = distance
        if not distances and at + 2 <= len(tokens) and is_one_name(tokens, at, at + 2):
            distances = self._distances_joined(tokens[at].norm + tokens[at + 1].norm)
        return self._closest(" ".join(token.norm for token in tokens[at : at + 2]), distances)

    def _distances_joined(self, letters: str) -> dict[str, int]:
        """Names of two words one slip away, wherever the words are parted: "newj ersey"."""
        near = (name for length in (-1, 0, 1) for name in self._joined_names.get(len(letters) + length, ()))
        found = (name for name in near if len(name) > _LONG_NAME and name.count(" ") == 1)
        return {name: 1 for name in found if OSA.distance(letters, name.replace(" ", ""), score_cutoff=1) <= 1}

    def misspelled_word(self, word: str) -> MisspelledName | None:
        """A name of one word, misspelled: "tennesee"."""
        if len(word) < _SHORT_NAME or not word.isalpha() or word in self._not_misspelled:
            return None
        only_vowels_wrong = self._by_consonants.get(word[0] + word[1:].translate(_VOWELS))
        if only_vowels_wrong:
            return MisspelledName(only_vowels_wrong, self._states[only_vowels_wrong], sure=True)
        distances = {}
        names = self._single_names.get(word[0], [])
        if len(word) >= _LENGTHY:  # "laabama"
            names = names + [name for name in self._single_names.get(word[1], ()) if name[:2] == word[1::-1]]
        for name in names:
            distance = _distance(word, name, 2 if name in self.exact and len(name) >= _LONG_NAME else 1)
            if distance is not None:
                distances[name] = distance
        return self._closest(word, distances)

    def _closest(self, word: str, distances: Mapping[str, int]) -> MisspelledName | None:
        if not distances:
            return None
        least = min(distances.values())
        names = [name for name, distance in distances.items() if distance == least]
        states = tuple(dict.fromkeys(code for name in names for code in self._states[name]))
        return MisspelledName(names[0], states, least == 1 and max(len(names[0]), len(word)) > _SHORT_NAME)


def _distance(word: str, name: str, allowed: int) -> int | None:
    """Slips (letter added, left out, changed, swapped) from name to word, None when more than allowed."""
    if word[0] not in name[:2] or abs(len(word) - len(name)) > allowed:
        return None
    distance = OSA.distance(word, name, score_cutoff=allowed)
    return distance if distance <= allowed else None


def _parts_distance(words: Sequence[str], parts: Sequence[str]) -> int | None:
    """Slips in the one word that differs; short words like "new" and "west" must be right unless they come last."""
    differing = [i for i, part in enumerate(parts) if words[i] != part]
    if len(differing) != 1:
        return None
    part = parts[differing[0]]
    if len(part) < (4 if differing[0] == len(parts) - 1 else 5):
        return None
    return _distance(words[differing[0]], part, 1 if len(part) < _LONG_NAME else 2)
