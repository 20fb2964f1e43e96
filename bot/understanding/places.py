"""Reads which state, territory or federal system a message names.

`Places.read` answers with USPS codes, whether one place is clearly meant, and whether the message is nothing but
the place. It keeps nothing of what it reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from bot.understanding.place_names import PlaceTables
from bot.understanding.place_tokens import FEDERAL, Token, is_one_name, tokens_of
from bot.understanding.place_words import DATA, PlaceWords, listed_names
from bot.understanding.state_names import MisspelledState, StateNames

MAX_CHARACTERS = 10_000  # what stands after them is not read
_LONGEST_NAME = 5  # words
_BEFORE_STATE = re.compile(r"\s*[.,(/-]?\s*")
_WORDS_APART = re.compile(r"\s*[\"\u201c(]?\s*")
_ENDS = re.compile(r"\s*[.;!?)\n]")


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


class Places:
    """Reads places in messages. Holds only the tables of names; safe to share between threads.

    Raises:
        PlaceWordsError: a list in words.yml is not as it should be.
    """

    def __init__(self, tables: PlaceTables, data: Path = DATA) -> None:
        """data: the folder with words.yml and everyday_names.txt."""
        self._tables = tables
        self._words = PlaceWords.load(data / "words.yml")
        self._state_names = StateNames(self._words)
        self._needs_state = listed_names(data / "everyday_names.txt")
        self._countries = frozenset(tables.known_abroad) | self._words.abroad
        self._doubtful = frozenset(tables.doubtful)
        self._living_endings = tuple(f" {phrase}" for phrase in self._words.living_phrases)
        self._first_words: dict[str, int] = {}
        for names in (
            self._state_names.exact, self._state_names.misspelled, self._words.federal, tables.cities, tables.towns,
            tables.counties,
        ):  # fmt: skip
            for name in names:
                first, length = name.partition(" ")[0], name.count(" ") + 1
                self._first_words[first] = max(self._first_words.get(first, 0), min(length, _LONGEST_NAME))

    def read(self, text: str) -> PlaceReading:
        """Read the places of one message; at most its first 10,000 characters are looked at. Never raises."""
        tokens = tokens_of(text[:MAX_CHARACTERS])
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
        of_others = any(token.norm in self._words.of_others for token in tokens)
        return PlaceReading(states, _is_certain(places, of_others), bare)

    # --- what may be a place

    def _find(self, tokens: Sequence[Token], mixed_case: bool) -> list[_Mention]:
        found: list[_Mention] = []
        at = 0
        while at < len(tokens):
            before = found[-1] if found and found[-1].end == at else None
            mention = self._zip(tokens, at) or self._named(tokens, at)
            if mention is None or (mention.kind is _Kind.CITY and mention.end == at + 1):
                # "west virgina" before the town of West.
                mention = _misspelled(at, self._state_names.misspelled_parts(tokens, at)) or mention
            if mention is None:
                mention = self._code(tokens, at, before, mixed_case)
            if mention is None:
                mention = _misspelled(at, self._state_names.misspelled_word(tokens[at].norm))
            if mention is None:
                at += 1
            else:
                found.append(mention)
                at = mention.end
        return found

    def _zip(self, tokens: Sequence[Token], at: int) -> _Mention | None:
        token = tokens[at]
        if not token.zip:
            return None
        if at and tokens[at - 1].norm in self._words.number_words_before:
            return None
        if at + 1 < len(tokens) and tokens[at + 1].norm in self._words.number_words_after:
            return None
        code = self._tables.zip_state(token.zip)
        return _Mention(at, at + 1, _Kind.ZIP, (code,)) if code else None

    def _named(self, tokens: Sequence[Token], at: int) -> _Mention | None:
        """The longest known name that begins here."""
        for length in range(min(self._first_words.get(tokens[at].norm, 0), len(tokens) - at), 0, -1):
            end = at + length
            if not is_one_name(tokens, at, end):
                continue
            name = " ".join(token.norm for token in tokens[at:end])
            if name in self._state_names.exact:
                return _Mention(at, end, _Kind.STATE, self._state_names.exact[name], name=name)
            if name in self._state_names.misspelled:
                return _Mention(at, end, _Kind.STATE, self._state_names.misspelled[name], sure=False, name=name)
            if name in self._words.federal:
                if end < len(tokens) and tokens[end].norm in self._words.not_federal_before:
                    return None
                return _Mention(at, self._federal_end(tokens, end), _Kind.FEDERAL, (FEDERAL,), name=name)
            counties = self._tables.county_states(name)
            if counties:
                return _Mention(at, end, _Kind.CITY, counties, name=name, county=True)
            candidates = self._tables.city_states(name)
            # Names of two letters and less are codes or slips of the finger, never the town of that name.
            if candidates and len(name) > 2:
                return _Mention(at, end, _Kind.CITY, candidates, name=name)
        return None

    def _federal_end(self, tokens: Sequence[Token], end: int) -> int:
        """ "federal prison" is one name with its custody word."""
        return end + 1 if end < len(tokens) and tokens[end].norm in self._words.custody else end

    def _code(self, tokens: Sequence[Token], at: int, before: _Mention | None, mixed_case: bool) -> _Mention | None:
        token = tokens[at]
        if not token.code:
            return None
        words = self._words
        following = tokens[at + 1].zip if at + 1 < len(tokens) else ""
        mention = _Mention(at, at + 1, _Kind.CODE, (token.code,))
        if following and self._tables.zip_state(following) == token.code:
            return mention
        city = self._town_before(tokens, at, before)
        in_city = city is not None and (city.kind is _Kind.STATE or self._lies_in(city, token.code))
        capitals = token.raw.isupper()
        if token.gap == "-" and not in_city:
            return None  # "DNA-ID": part of another word
        if token.code in words.codes_that_are_words and not (capitals and mixed_case):
            return self._code_like_a_word(tokens, mention, city if in_city else None)
        if in_city or (city is not None and capitals and token.code not in words.codes_that_are_words):
            return mention
        if not capitals:
            return mention if len(tokens) == 1 else self._small_code(tokens, mention)
        second = words.codes_with_second_place.get(token.code)
        if second:
            return replace(mention, states=second)
        if token.code in words.codes_that_are_words | words.codes_with_other_meanings and len(tokens) > 1:
            return replace(mention, sure="," in token.gap or self._stands_as_place(tokens, mention))
        return mention

    def _code_like_a_word(self, tokens: Sequence[Token], code: _Mention, city: _Mention | None) -> _Mention | None:
        """A code like "or" or "ma", in small letters or among capitals, perhaps after a city that lies there."""
        token = tokens[code.start]
        last = code.end == len(tokens)
        in_capitals_only = token.code in self._words.codes_alone_in_capitals
        never = token.code in self._words.codes_never_alone
        if city is not None and "," in token.gap:
            # "I live in Portland, me and my son": no state, unless the sentence ends with it.
            is_code = last or not (never or in_capitals_only) or _ENDS.match(tokens[code.end].gap)
            return code if is_code else None
        if city is not None and city.start == 0 and last:
            # "portland or" is a city; "friend or", "thomas ok" and "washington in" may be anything.
            everyday = city.name in self._needs_state or city.name in self._words.cities_that_are_words
            return replace(code, sure=not everyday and token.code in city.states)
        if len(tokens) > 1 or never or (in_capitals_only and not token.raw.isupper()):
            return None
        return replace(code, states=self._words.codes_with_second_place.get(token.code, code.states), sure=False)

    def _small_code(self, tokens: Sequence[Token], code: _Mention) -> _Mention | None:
        """A code in small letters that is no word: "in tx". Not "at the va", which is an office."""
        before = self._after_place_word(tokens, code.start)
        if before not in self._words.before_small_codes or tokens[code.start - 1].norm == "the":
            return None
        other_meaning = tokens[code.start].code in self._words.codes_with_other_meanings
        return replace(code, sure=not (other_meaning and before in self._words.before_people_too))

    def _town_before(self, tokens: Sequence[Token], at: int, before: _Mention | None) -> _Mention | None:
        """The city that token `at` may name the state of, or the town named like a state."""
        if before is None or not _BEFORE_STATE.fullmatch(tokens[at].gap):
            return None
        is_town = before.kind is _Kind.CITY or self._is_town_in(tokens, before, at, tokens[at].code)
        return before if is_town else None

    def _is_town_in(self, tokens: Sequence[Token], named: _Mention, at: int, state: str) -> bool:
        """Whether the state name before token `at` is a town in another state: "Nevada, Iowa", "delaware oh"."""
        if named.kind is not _Kind.STATE or not named.sure or named.end != at or state in named.states:
            return False
        whole_message = named.start == 0 and at + 1 == len(tokens) and tokens[at].code == state
        return ("," in tokens[at].gap or whole_message) and self._tables.has_town(named.name, state)

    # --- what is one

    def _merge(self, tokens: Sequence[Token], found: Sequence[_Mention]) -> list[_Mention]:
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
                    states = tuple(
                        code for code in mention.states if self._is_town_in(tokens, last, mention.start, code)
                    )
                    if states:
                        merged[-1] = replace(mention, start=last.start, kind=_Kind.STATE, states=states, name="")
                        continue
            merged.append(mention)
        return merged

    def _follows(self, tokens: Sequence[Token], city: _Mention, state: _Mention) -> bool:
        between = tokens[city.end : state.start]
        return all(token.norm in self._words.city_to_state for token in between) and all(
            _BEFORE_STATE.fullmatch(token.gap) for token in (*between, tokens[state.start])
        )

    def _lies_in(self, city: _Mention, code: str) -> bool:
        return code in city.states or (not city.county and self._tables.has_town(city.name, code))

    def _accept(
        self, tokens: Sequence[Token], mentions: Iterable[_Mention], alone: bool, mixed_case: bool
    ) -> Iterator[_Mention]:
        for mention in mentions:
            accepted: _Mention | None = mention
            if mention.kind is _Kind.CITY and not mention.county:
                accepted = self._accepted_city(tokens, mention, alone, mixed_case)
            elif mention.kind is _Kind.STATE and mention.name in self._words.states_that_are_first_names and not alone:
                accepted = mention if self._is_state_not_person(tokens, mention) else None
            if accepted is not None:
                yield replace(accepted, sure=accepted.sure and not self._negated(tokens, accepted.start))

    def _accepted_city(self, tokens: Sequence[Token], city: _Mention, alone: bool, mixed_case: bool) -> _Mention | None:
        words = self._words
        large = city.name in self._tables.cities
        if city.name in self._needs_state or city.name in self._countries or self._abroad_follows(tokens, city):
            return None
        sure = city.sure and city.name not in self._doubtful
        if alone:
            return replace(city, sure=sure and city.name not in words.cities_that_are_words)
        if large and any(state in city.name.split() for state in self._state_names.exact):
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

    def _is_state_not_person(self, tokens: Sequence[Token], state: _Mention) -> bool:
        if self._stands_as_place(tokens, state):
            return True
        if _follow(tokens, state.end, self._words.state_to_programs, self._words.programs):
            return True  # "Does Georgia have a program?"
        return state.end < len(tokens) and tokens[state.end].norm == "state"

    def _stands_as_place(self, tokens: Sequence[Token], mention: _Mention) -> bool:
        before = self._after_place_word(tokens, mention.start)
        return before is not None or self._custody_follows(tokens, mention.end)

    def _after_place_word(self, tokens: Sequence[Token], at: int) -> str | None:
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

    def _abroad_follows(self, tokens: Sequence[Token], city: _Mention) -> bool:
        """ "Paris, France", "Vancouver, British Columbia"."""
        after = tokens[city.end : city.end + 3]
        return any(
            " ".join(token.norm for token in after[:length]) in self._countries
            and all(_BEFORE_STATE.fullmatch(token.gap) for token in after[:length])
            for length in range(1, len(after) + 1)
        )

    def _custody_follows(self, tokens: Sequence[Token], at: int) -> bool:
        return _follow(tokens, at, self._words.place_to_custody, self._words.custody)

    def _negated(self, tokens: Sequence[Token], at: int) -> bool:
        return any(token.norm in self._words.negations for token in tokens[max(0, at - 3) : at])

    # --- which one is meant

    def _places(self, tokens: Sequence[Token], mentions: Sequence[_Mention]) -> list[_Place]:
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

    def _cue(self, tokens: Sequence[Token], since: int, mention: _Mention) -> _Cue | None:
        if mention.kind is _Kind.FEDERAL or self._custody_follows(tokens, mention.end):
            return _Cue.CUSTODY
        if self._living_phrase_ends(tokens, since, mention.start):
            return _Cue.LIVING
        # A custody word right after the place before belongs to that place: "Texas prison, I live in Iowa".
        while since < mention.start and tokens[since].norm in self._words.custody | self._words.place_to_custody:
            since += 1
        for token in reversed(tokens[since : mention.start]):
            if token.norm in self._words.custody:
                return _Cue.CUSTODY
            if token.norm in self._words.living:
                return _Cue.LIVING
        return None

    def _living_phrase_ends(self, tokens: Sequence[Token], since: int, at: int) -> bool:
        """ "I'm in", "I am in northern" right before token `at`."""
        while at > since and tokens[at - 1].norm in self._words.between:
            at -= 1
        before = " ".join(token.norm for token in tokens[max(since, at - _LONGEST_NAME) : at])
        return f" {before}".endswith(self._living_endings)


def _is_certain(places: Sequence[_Place], of_others: bool) -> bool:
    first = places[0]
    if not first.sure or len(first.states) != 1:
        return False
    if len(places) == 1:
        # Where the person who writes lives is not yet where the case is.
        return of_others or _Cue.LIVING not in first.cues or _Cue.CUSTODY in first.cues
    return len(places) == 2 and first.cues == {_Cue.CUSTODY} and places[1].cues == {_Cue.LIVING}


def _misspelled(at: int, meant: MisspelledState | None) -> _Mention | None:
    """The misspelled name that begins at token `at`."""
    if meant is None:
        return None
    return _Mention(at, at + meant.name.count(" ") + 1, _Kind.STATE, meant.states, sure=False, name=meant.name)


def _follow(tokens: Sequence[Token], at: int, between: Set[str], wanted: Set[str]) -> bool:
    """Whether a wanted word stands at token `at`, past any words of `between`."""
    while at < len(tokens) and tokens[at].norm in between:
        at += 1
    return at < len(tokens) and tokens[at].norm in wanted
