"""The words that steer how places are read: bot/data/places/words.yml and everyday_names.txt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.understanding.place_tokens import CODES

DATA = Path(__file__).parents[1] / "data" / "places"


class PlaceWordsError(ValueError):
    """A list in words.yml is missing, misspelled or holds something it should not."""


@dataclass(frozen=True)
class PlaceWords:
    """The lists of words.yml, under the names they have there."""

    codes_that_are_words: frozenset[str]
    codes_never_alone: frozenset[str]
    codes_alone_in_capitals: frozenset[str]
    codes_with_other_meanings: frozenset[str]
    codes_read_small_after_in: frozenset[str]
    codes_with_second_place: Mapping[str, tuple[str, ...]]
    codes_with_points: Mapping[str, tuple[str, ...]]
    other_names: Mapping[str, tuple[str, ...]]
    abbreviations: Mapping[str, tuple[str, ...]]
    abbreviations_that_are_words: Mapping[str, tuple[str, ...]]
    misspelled_names: Mapping[str, tuple[str, ...]]
    not_misspelled: frozenset[str]
    washington: Mapping[str, tuple[str, ...]]
    states_with_other_meanings: frozenset[str]
    cities_in_several_states: frozenset[str]
    cities_meant: Mapping[str, tuple[str, ...]]
    cities_meant_here: frozenset[str]
    cities_that_are_words: frozenset[str]
    cities_that_are_names_of_people: frozenset[str]
    prisons_by_state: Mapping[str, tuple[str, ...]]
    prison_towns_by_state: Mapping[str, tuple[str, ...]]
    facilities: frozenset[str]
    before_a_place: frozenset[str]
    before_large_cities: frozenset[str]
    before_people_too: frozenset[str]
    before_small_codes: frozenset[str]
    before_to: frozenset[str]
    between: frozenset[str]
    city_to_state: frozenset[str]
    before_names_of_people: frozenset[str]
    relatives: frozenset[str]
    said_of_people: frozenset[str]
    answers: frozenset[str]
    naming: frozenset[str]
    negations: frozenset[str]
    not_negated: frozenset[str]
    taking_back: frozenset[str]
    custody: frozenset[str]
    court: frozenset[str]
    crime: frozenset[str]
    living: frozenset[str]
    past: frozenset[str]
    moves: frozenset[str]
    now: frozenset[str]
    saying: frozenset[str]
    writing: frozenset[str]
    other_people: frozenset[str]
    new_clause: frozenset[str]
    subjects: frozenset[str]
    same_clause: frozenset[str]
    pointing_back: frozenset[str]
    after_a_state: frozenset[str]
    place_to_custody: frozenset[str]
    programs: frozenset[str]
    state_to_programs: frozenset[str]
    federal: frozenset[str]
    not_federal_before: frozenset[str]
    zip_words: frozenset[str]
    number_words_before: frozenset[str]
    number_words_after: frozenset[str]
    abroad: frozenset[str]

    @classmethod
    def load(cls, path: Path) -> PlaceWords:
        """Read the lists.

        Raises:
            PlaceWordsError: a list is missing, unknown, or holds something other than words or known codes.
        """
        try:
            raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise PlaceWordsError(f"{path} is not YAML: {error}") from error
        expected = set(cls.__dataclass_fields__)
        if not isinstance(raw, dict) or set(raw) != expected:
            found = set(raw) if isinstance(raw, dict) else set()
            raise PlaceWordsError(
                f"{path}: restore the missing lists {sorted(expected - found)} "
                f"and remove the unknown lists {sorted(map(str, found - expected))}."
            )
        lists: dict[str, Any] = {name: cls._list(path, name, raw[name]) for name in expected}
        return cls(**lists)

    @classmethod
    def _list(cls, path: Path, name: str, value: object) -> frozenset[str] | dict[str, tuple[str, ...]]:
        if name.endswith("_by_state"):
            return cls._by_state(path, name, value)
        if str(cls.__dataclass_fields__[name].type).startswith("Mapping"):
            if not isinstance(value, dict):
                raise PlaceWordsError(f'{path}: {name} must be lines like "name: [IA]".')
            for key, codes in value.items():
                is_codes = isinstance(codes, list) and codes and all(code in list(CODES) for code in codes)
                if not isinstance(key, str) or not is_codes:
                    raise PlaceWordsError(
                        f"{path}: {name}: {key}: give a list of USPS codes, such as [IA], not {codes!r}."
                    )
            return {key: tuple(codes) for key, codes in value.items()}
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise PlaceWordsError(f"{path}: {name} must be a list of words; quote yes, no, on and off.")
        if name.startswith("codes_") and not CODES.issuperset(value):
            raise PlaceWordsError(
                f"{path}: {name}: {sorted(set(value) - CODES)} are not USPS codes; write them in capitals."
            )
        return frozenset(value)

    @classmethod
    def _by_state(cls, path: Path, name: str, value: object) -> dict[str, tuple[str, ...]]:
        """Lists of names by USPS code, turned into codes by name."""
        if not isinstance(value, dict):
            raise PlaceWordsError(f'{path}: {name} must be lines like "IA: [anamosa]".')
        codes: dict[str, tuple[str, ...]] = {}
        for code, names in value.items():
            if code not in CODES:
                raise PlaceWordsError(f"{path}: {name}: {code!r} is not a USPS code; write it in capitals.")
            if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
                raise PlaceWordsError(f"{path}: {name}: {code}: give a list of names in small letters, not {names!r}.")
            for one in names:
                codes[one] = (*codes.get(one, ()), code)
        return codes


def listed_names(path: Path) -> frozenset[str]:
    """The names of a file with one name a line; lines that begin with # are comments."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))
