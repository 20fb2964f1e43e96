"""Names of states and territories: as written, under other names, and misspelled.

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


class MisspelledState(NamedTuple):
    """A name that was probably meant, and the states it stands for."""

    name: str
    states: tuple[str, ...]


class StateNames:
    """Looks up names of states.

    exact: states by name. misspelled: states by misspellings that are known beforehand, such as "newyork".
    """

    def __init__(self, words: PlaceWords) -> None:
        full_names = {
            " ".join(state.name.casefold().split()): (state.abbr,) for state in us.states.STATES_AND_TERRITORIES
        } | {"district of columbia": ("DC",)}
        self.exact: Mapping[str, tuple[str, ...]] = full_names | dict(words.other_names)
        self._not_misspelled = words.not_misspelled
        self._single_names: defaultdict[str, list[str]] = defaultdict(list)
        self._name_parts: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
        misspelled = dict(words.misspelled_names)
        for name in full_names:
            parts = tuple(name.split())
            if len(parts) == 1:
                self._single_names[name[0]].append(name)
                continue
            misspelled["".join(parts)] = self.exact[name]
            for part in parts:
                self._name_parts[part].append(parts)
        self.misspelled: Mapping[str, tuple[str, ...]] = misspelled

    def misspelled_parts(self, tokens: Sequence[Token], at: int) -> MisspelledState | None:
        """A name of several words, one of them misspelled, that begins at token `at`: "new hamshire"."""
        distances: dict[str, int] = {}
        for well_spelled in tokens[at : at + 2]:
            for parts in self._name_parts.get(well_spelled.norm, ()):
                end = at + len(parts)
                if end <= len(tokens) and is_one_name(tokens, at, end):
                    distance = _parts_distance([token.norm for token in tokens[at:end]], parts)
                    if distance is not None:
                        distances[" ".join(parts)] = distance
        return self._closest(distances)

    def misspelled_word(self, word: str) -> MisspelledState | None:
        """A name of one word, misspelled: "tennesee"."""
        if len(word) < 4 or not word.isalpha() or word in self._not_misspelled:
            return None
        distances = {name: _distance(word, name) for name in self._single_names.get(word[0], ())}
        return self._closest({name: distance for name, distance in distances.items() if distance is not None})

    def _closest(self, distances: Mapping[str, int]) -> MisspelledState | None:
        if not distances:
            return None
        least = min(distances.values())
        names = [name for name, distance in distances.items() if distance == least]
        return MisspelledState(names[0], tuple(dict.fromkeys(code for name in names for code in self.exact[name])))


def _distance(word: str, name: str) -> int | None:
    """Slips (letter added, left out, changed, swapped) from name to word, None when too many to be a misspelling."""
    allowed = 1 if len(name) < 9 else 2
    if word[0] != name[0] or abs(len(word) - len(name)) > allowed:
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
    return _distance(words[differing[0]], part)
