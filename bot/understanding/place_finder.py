"""Finds what may be a place in a message: names of states, codes, ZIP codes, cities, counties, prisons."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import replace

from bot.understanding.place_mentions import (
    BEFORE_STATE,
    NAMES_OF_STATES,
    PLACES_IN_STATES,
    Kind,
    Mention,
    Surroundings,
)
from bot.understanding.place_names import PlaceTables
from bot.understanding.place_tokens import FEDERAL, Token, is_one_name
from bot.understanding.place_words import PlaceWords
from bot.understanding.state_names import MisspelledName, StateNames

_LONGEST_NAME = 5  # words
_NUMBER_WORD_WITHIN = 4  # words before a number
_ENDS = re.compile(r"\s*[.;!?)\n]")
_COUNTY_SHORT = ("co", "cnty", "cty")


class PlaceFinder:
    """Holds only tables and lists; safe to share between threads."""

    def __init__(self, tables: PlaceTables, words: PlaceWords, needs_state: Set[str], around: Surroundings) -> None:
        """needs_state: towns that are read only with their state."""
        self._tables = tables
        self._words = words
        self._needs_state = needs_state
        self._around = around
        large = frozenset(tables.large) - words.cities_that_are_words - words.cities_that_are_names_of_people
        self._state_names = StateNames(words, {name: self._city_states(name) for name in large})
        self._exact = {**self._state_names.exact, **words.abbreviations_that_are_words}
        self._first_words: dict[str, int] = {}
        for names in (
            self._exact, self._state_names.misspelled, words.federal, words.prisons_by_state, tables.cities,
            tables.towns, tables.counties,
        ):  # fmt: skip
            for name in names:
                first, length = name.partition(" ")[0], name.count(" ") + 1
                self._first_words[first] = max(self._first_words.get(first, 0), min(length, _LONGEST_NAME))

    def find(self, tokens: Sequence[Token]) -> list[Mention]:
        """What may be places, in order; a city with its state is one mention."""
        mixed_case = any(token.raw != token.raw.upper() for token in tokens)
        found: list[Mention] = []
        at = 0
        while at < len(tokens):
            before = found[-1] if found and found[-1].end == at else None
            mention = self._zip(tokens, at) or self._named(tokens, at)
            if mention is None or (mention.kind is Kind.CITY and mention.end == at + 1):
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
        return self._merge(tokens, found)

    def lies_in(self, place: Mention, code: str) -> bool:
        """Whether the city, county or prison may lie in the state."""
        return code in place.states or (not place.county and self._tables.has_town(place.name, code))

    def _city_states(self, name: str) -> tuple[str, ...]:
        main = self._tables.main.get(name)
        return (main,) if main else self._tables.city_states(name)

    # --- names

    def _zip(self, tokens: Sequence[Token], at: int) -> Mention | None:
        token = tokens[at]
        if not token.zip or "#" in token.gap:
            return None
        words = self._words
        for before in reversed(tokens[max(0, at - _NUMBER_WORD_WITHIN) : at]):
            if before.norm in words.zip_words:
                break
            if before.norm in words.number_words_before:
                return None
        following = [after.norm for after in tokens[at + 1 : at + 1 + _NUMBER_WORD_WITHIN]]
        if following[:1] and following[0] in words.number_words_after:
            return None
        if "number" in following and not words.zip_words.intersection(following):
            return None  # "52240 is his inmate number"
        code = self._tables.zip_state(token.zip)
        return Mention(at, at + 1, Kind.ZIP, (code,)) if code else None

    def _named(self, tokens: Sequence[Token], at: int) -> Mention | None:
        """The longest known name that begins here."""
        words = self._words
        for length in range(min(self._first_words.get(tokens[at].norm, 0), len(tokens) - at), 0, -1):
            end = at + length
            if not is_one_name(tokens, at, end):
                continue
            name = " ".join(token.norm for token in tokens[at:end])
            if name in self._exact:
                return Mention(at, end, Kind.STATE, self._exact[name], name=name)
            if name in self._state_names.misspelled:
                return Mention(at, end, Kind.STATE, self._state_names.misspelled[name])
            if name in words.federal:
                if end < len(tokens) and tokens[end].norm in words.not_federal_before:
                    return None
                return Mention(at, self._federal_end(tokens, end), Kind.FEDERAL, (FEDERAL,), name=name)
            if name in words.prisons_by_state:
                return Mention(at, end, Kind.PRISON, words.prisons_by_state[name], name=name)
            county = self._county(tokens, at, end, name)
            if county:
                return county
            candidates = self._tables.city_states(name)
            # Names of two letters and less are codes or slips of the finger, never the town of that name.
            if candidates and len(name) > 2:
                return Mention(at, end, Kind.CITY, candidates, name=name)
        return None

    def _county(self, tokens: Sequence[Token], at: int, end: int, name: str) -> Mention | None:
        *first, last = name.split(" ")
        written_short = bool(first) and last in _COUNTY_SHORT
        if written_short:
            name = f"{' '.join(first)} county"
        states = self._tables.county_states(name)
        if not states or (written_short and "CO" in states and not self._state_at(tokens, end)):
            return None
        return Mention(at, end, Kind.CITY, states, name=name, county=True)

    def _state_at(self, tokens: Sequence[Token], at: int) -> bool:
        return at < len(tokens) and (bool(tokens[at].code) or tokens[at].norm in self._exact)

    def _federal_end(self, tokens: Sequence[Token], end: int) -> int:
        """ "federal prison" is one name with its custody word."""
        return end + 1 if end < len(tokens) and tokens[end].norm in self._words.custody | self._words.court else end

    # --- codes

    def _code(self, tokens: Sequence[Token], at: int, before: Mention | None, mixed_case: bool) -> Mention | None:
        token = tokens[at]
        if not token.code:
            return None
        words = self._words
        following = tokens[at + 1].zip if at + 1 < len(tokens) else ""
        mention = Mention(at, at + 1, Kind.CODE, (token.code,))
        if following and self._tables.zip_state(following) == token.code:
            return mention
        city = self._town_before(tokens, at, before)
        in_city = city is not None and (city.kind is Kind.STATE or self.lies_in(city, token.code))
        capitals = token.raw.isupper()
        if token.gap == "-" and not in_city:
            return None  # "DNA-ID": part of another word
        if token.code in words.codes_that_are_words and not (capitals and mixed_case):
            return self._code_like_a_word(tokens, mention, city if in_city else None)
        if in_city or (city is not None and capitals and token.code not in words.codes_that_are_words):
            return mention
        if "." in token.raw and token.code in words.codes_with_points:
            return replace(mention, states=words.codes_with_points[token.code])
        if not capitals:
            return mention if len(tokens) == 1 else self._small_code(tokens, mention)
        second = words.codes_with_second_place.get(token.code)
        if second:
            return replace(mention, states=second)
        if token.code in words.codes_that_are_words | words.codes_with_other_meanings and len(tokens) > 1:
            return self._doubtful_code(tokens, mention)
        return mention

    def _doubtful_code(self, tokens: Sequence[Token], code: Mention) -> Mention | None:
        """A code in capitals that may be a word ("to ME", "show ID") or something else ("the VA")."""
        token = tokens[code.start]
        if code.start and tokens[code.start - 1].norm == "the":
            return code if self._around.facility_follows(tokens, code.end) else None
        if "," in token.gap or self._around.stands_as_place(tokens, code) or self._answers(tokens, code):
            return code
        return None if token.code in self._words.codes_that_are_words else replace(code, sure=False)

    def _code_like_a_word(self, tokens: Sequence[Token], code: Mention, city: Mention | None) -> Mention | None:
        """A code like "or" or "ma", in small letters or among capitals, perhaps after a city that lies there."""
        words = self._words
        token = tokens[code.start]
        last = code.end == len(tokens)
        in_capitals_only = token.code in words.codes_alone_in_capitals
        never = token.code in words.codes_never_alone
        states = words.codes_with_points if "." in token.raw else words.codes_with_second_place
        code_or_second = replace(code, states=states.get(token.code, code.states))
        if city is not None and "," in token.gap:
            # "I live in Portland, me and my son": no state, unless the sentence ends with it.
            is_code = last or not (never or in_capitals_only) or _ENDS.match(tokens[code.end].gap)
            return code if is_code else None
        if city is not None and city.start == 0 and last:
            # "portland or" is a city; "friend or", "thomas ok" and "washington in" may be anything.
            everyday = city.name in self._needs_state or city.name in words.cities_that_are_words
            return replace(code, sure=not everyday and token.code in city.states)
        if city is not None and city.name not in self._needs_state:
            at_end = last or _ENDS.match(tokens[code.end].gap) or tokens[code.end].gap.startswith(",")
            if at_end or (not never and not in_capitals_only and self._around.ends_part(tokens, code.end)):
                return code
        if token.code in words.codes_read_small_after_in and self._ends_place(tokens, code):
            return code_or_second
        if len(tokens) > 1 or never or (in_capitals_only and not token.raw.isupper()):
            return None
        # "PA" and "Pa." are meant, "pa" is asked back.
        return replace(code_or_second, sure=token.raw.isupper() or (token.point and token.raw.istitle()))

    def _ends_place(self, tokens: Sequence[Token], code: Mention) -> bool:
        """ "he is in pa" and "in pa now, but", not "in ok shape" and not "from ma"."""
        if tokens[code.start - 1].norm not in ("in", "near", "to") or not self._around.place_word(tokens, code.start):
            return False
        return self._around.ends_part(tokens, code.end) or self._around.facility_follows(tokens, code.end)

    def _small_code(self, tokens: Sequence[Token], code: Mention) -> Mention | None:
        """A code in small letters that is no word: "in tx". Not "at the va", which is an office."""
        if code.start and tokens[code.start - 1].norm == "the":
            return None
        if self._answers(tokens, code) or self._around.facility_follows(tokens, code.end):
            return code
        before = self._around.place_word(tokens, code.start)
        if before not in self._words.before_small_codes:
            return None
        other_meaning = tokens[code.start].code in self._words.codes_with_other_meanings
        return replace(code, sure=not (other_meaning and before in self._words.before_people_too))

    def _answers(self, tokens: Sequence[Token], code: Mention) -> bool:
        """ "its ky", "PA I think"; not "OH is it" and not "OK thanks"."""
        words = self._words
        if tokens[code.start].code in words.codes_never_alone | words.codes_alone_in_capitals:
            return False
        if code.end < len(tokens) and tokens[code.end].norm in ("is", "was", "it", "that"):
            return False  # "wy is it": a question
        return self._around.is_rest_of_answer(tokens, code.start, code.end)

    def _town_before(self, tokens: Sequence[Token], at: int, before: Mention | None) -> Mention | None:
        """The city that token `at` may name the state of, or the town named like a state."""
        if before is None or not BEFORE_STATE.fullmatch(tokens[at].gap):
            return None
        is_town = before.kind in PLACES_IN_STATES or self._is_town_in(tokens, before, at, tokens[at].code)
        return before if is_town else None

    def _is_town_in(self, tokens: Sequence[Token], named: Mention, at: int, state: str) -> bool:
        """Whether the state name before token `at` is a town in another state: "Nevada, Iowa", "delaware oh"."""
        if named.kind is not Kind.STATE or not named.sure or named.end != at or state in named.states:
            return False
        whole_message = named.start == 0 and at + 1 == len(tokens) and tokens[at].code == state
        return ("," in tokens[at].gap or whole_message) and self._tables.has_town(named.name, state)

    # --- names that belong together

    def _merge(self, tokens: Sequence[Token], found: Sequence[Mention]) -> list[Mention]:
        """Join a city or county with the state after or before it, and a state with the ZIP code after it."""
        merged: list[Mention] = []
        for mention in found:
            joined = self._joined(tokens, merged[-1], mention) if merged else None
            if joined is None:
                merged.append(mention)
            else:
                merged[-1] = joined
        return merged

    def _joined(self, tokens: Sequence[Token], last: Mention, mention: Mention) -> Mention | None:
        if not self._follows(tokens, last, mention):
            return None
        if mention.kind is Kind.ZIP and last.states == mention.states:
            return replace(mention, start=last.start)
        if last.kind in PLACES_IN_STATES and mention.kind in NAMES_OF_STATES:
            # A village of which no list knows, and a prison ("Hays State Prison, Georgia"), are where they are said to
            # be; a city is where it is known to be.
            facility = any(token.norm in self._words.facilities for token in tokens[last.end : mention.start])
            village = facility or (
                last.kind is Kind.CITY
                and not last.county
                and last.name not in self._tables.cities
                and last.name not in self._needs_state
                and mention.name not in self._words.abbreviations_that_are_words
            )
            states = tuple(code for code in mention.states if village or self.lies_in(last, code))
            if states:
                # "Seattle, Washington" settles which Washington; a misspelled state stays unsure.
                kind = Kind.STATE if mention.kind is Kind.CODE else mention.kind
                return replace(mention, start=last.start, kind=kind, states=states, name="")
        if last.kind in NAMES_OF_STATES and mention.kind in PLACES_IN_STATES and last.end == mention.start:
            states = tuple(code for code in last.states if self.lies_in(mention, code))
            doubtful = mention.name in self._needs_state or last.name in self._words.abbreviations_that_are_words
            if states and not doubtful:  # "Delaware, Smyrna"
                return replace(last, end=mention.end, kind=Kind.STATE, states=states, name="")
        if last.kind is Kind.STATE and mention.kind in NAMES_OF_STATES:
            states = tuple(code for code in mention.states if code in last.states)
            if states and len(last.states) > 1:  # "Washington, D.C."
                return replace(mention, start=last.start, states=states)
            if last.name == "wash" and mention.states == ("DC",):
                return replace(mention, start=last.start)
            states = tuple(code for code in mention.states if self._is_town_in(tokens, last, mention.start, code))
            if states:
                return replace(mention, start=last.start, kind=Kind.STATE, states=states, name="")
        return None

    def _follows(self, tokens: Sequence[Token], city: Mention, state: Mention) -> bool:
        between = tokens[city.end : state.start]
        joining = self._words.city_to_state | self._words.facilities
        return all(token.norm in joining for token in between) and all(
            BEFORE_STATE.fullmatch(token.gap) for token in (*between, tokens[state.start])
        )


def _misspelled(at: int, meant: MisspelledName | None) -> Mention | None:
    """The misspelled name that begins at token `at`."""
    if meant is None:
        return None
    return Mention(at, at + meant.name.count(" ") + 1, Kind.STATE, meant.states, sure=meant.sure, name=meant.name)
