"""Decides which mentions are places: not first names, not everyday words, not places abroad."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from bot.understanding.place_mentions import NAMES_OF_STATES, Kind, Mention, Surroundings
from bot.understanding.place_names import PlaceTables
from bot.understanding.place_tokens import Token
from bot.understanding.place_words import PlaceWords

_TOLD_WITHIN = 8  # words between "state" or "tried" and the state's name
_WASHINGTON_WITHIN = 4  # words between "Washington" and the word that tells which
_HELD_WITHIN = 30  # words between a prison's town and a word of custody
_STATES_IN_CITIES = ("kansas", "virginia", "york", "carolina", "dakota")  # no person and no word is called so


class PlaceAcceptance:
    """Holds only tables and lists; safe to share between threads."""

    def __init__(
        self, tables: PlaceTables, words: PlaceWords, needs_state: Set[str], countries: Set[str], around: Surroundings
    ) -> None:
        """needs_state: towns that are read only with their state. countries: names of places abroad."""
        self._tables = tables
        self._words = words
        self._needs_state = needs_state
        self._countries = countries
        self._doubtful = frozenset(tables.doubtful) - words.cities_meant_here
        self._around = around

    def accepted(self, tokens: Sequence[Token], found: Sequence[Mention]) -> list[Mention]:
        """The mentions that are places, each with the states that it may mean."""
        alone = sum(mention.end - mention.start for mention in found) == len(tokens)
        accepted = (self._accepted(tokens, found, at, alone) for at in range(len(found)))
        return [mention for mention in accepted if mention is not None]

    def _accepted(self, tokens: Sequence[Token], found: Sequence[Mention], at: int, alone: bool) -> Mention | None:
        """alone: the message is nothing but mentions."""
        mention = found[at]
        words = self._words
        if mention.kind is Kind.STATE and mention.name:
            if mention.name in words.abbreviations_that_are_words:
                return self._accepted_short(tokens, mention)
            if "washington" in mention.name and len(mention.states) > 1:
                return self._which_washington(tokens, mention)
            return mention if self._is_state(tokens, found, at) else None
        if mention.kind is Kind.PRISON:
            return mention if self._is_prison(tokens, mention) else None
        if mention.county:
            return replace(mention, states=self._meant(mention))
        if mention.kind is Kind.CITY:
            return self._accepted_city(tokens, mention, alone)
        return mention

    def _accepted_short(self, tokens: Sequence[Token], short: Mention) -> Mention | None:
        """ "Mass." by itself or after a place word; "mass" by itself is asked back."""
        if len(tokens) == short.end - short.start:
            return replace(short, sure=tokens[-1].point)
        placed = self._around.place_word(tokens, short.start) is not None
        following = tokens[short.end].norm if short.end < len(tokens) else ""
        followed = following == "state" or self._around.facility_follows(tokens, short.end)
        return short if followed or (placed and tokens[short.end - 1].point) else None

    def _which_washington(self, tokens: Sequence[Token], mention: Mention) -> Mention | None:
        """The state or the city, where a word close by tells: "Washington, the state, not the capital"."""
        if self._around.is_person(tokens, mention, often_a_name=True):
            return None
        kept = set(mention.states)
        if mention.start and tokens[mention.start - 1].norm == "state":
            return replace(mention, states=self._words.washington["state"])
        for at in range(mention.end, min(mention.end + _WASHINGTON_WITHIN, len(tokens))):
            told = self._words.washington.get(tokens[at].norm)
            if told and any(token.norm == "not" for token in tokens[max(mention.end, at - 2) : at]):
                kept -= set(told)
            elif told:
                kept &= set(told)
                break
        return replace(mention, states=tuple(code for code in mention.states if code in kept) or mention.states)

    def _is_state(self, tokens: Sequence[Token], found: Sequence[Mention], at: int) -> bool:
        """Whether a state's name means the state, not a person: "my sister Georgia"."""
        state = found[at]
        other_meanings = state.name in self._words.states_with_other_meanings
        if self._around.is_person(tokens, state, other_meanings):
            return False
        if not other_meanings or self._around.is_rest_of_answer(tokens, state.start, state.end):
            return True
        if self._around.stands_as_place(tokens, state) or self._around.program_follows(tokens, state.end):
            return True
        if self._begins_message(tokens, state):
            return True
        following = [token.norm for token in tokens[state.end : state.end + 2]]
        if following[:1] == ["state"] or following == ["is", "where"]:
            return True
        return self._is_told(tokens, state) or self._stands_beside_state(tokens, found, at)

    def _begins_message(self, tokens: Sequence[Token], state: Mention) -> bool:
        """ "Georgia. He was tried in 2009.", "Georgia but I live far away"."""
        if state.start or state.end == len(tokens):
            return False
        after = tokens[state.end]
        return any(mark in after.gap for mark in ".,;\n") or after.norm in self._words.new_clause - {"and"}

    def _is_told(self, tokens: Sequence[Token], state: Mention) -> bool:
        """ "The state that tried him is Georgia"."""
        said = [token.norm for token in tokens[max(0, state.start - _TOLD_WITHIN) : state.start]]
        about = self._words.court | self._words.custody | {"state"}
        return said[-1:] == ["state"] or (said[-1:] in (["is"], ["was"], ["by"]) and not about.isdisjoint(said))

    def _stands_beside_state(self, tokens: Sequence[Token], found: Sequence[Mention], at: int) -> bool:
        """ "Alabama or Georgia", "Georgia not Florida"."""
        state = found[at]
        for one in found[max(0, at - 1) : at + 2]:
            if one.kind not in NAMES_OF_STATES or one.name in self._words.states_with_other_meanings:
                continue
            between = tokens[one.end : state.start] or tokens[state.end : one.start]
            if all(token.norm in ("or", "and", "not", "to") for token in between):
                return True
        return False

    def _is_prison(self, tokens: Sequence[Token], prison: Mention) -> bool:
        """A name of several words is clear; one like "Angola" or "Holman" must stand as a place."""
        if " " in prison.name or self._around.is_rest_of_answer(tokens, prison.start, prison.end):
            return True
        if self._around.is_person(tokens, prison, often_a_name=True):
            return False
        if prison.name in self._countries:
            return self._around.place_word(tokens, prison.start) == "at" or self._is_held_near(tokens, prison)
        if tokens[prison.start].gap == "" or prison.start == 0 or prison.end == len(tokens):
            return True
        return self._around.stands_as_place(tokens, prison)

    def _accepted_city(self, tokens: Sequence[Token], city: Mention, alone: bool) -> Mention | None:
        words = self._words
        around = self._around
        large = city.name in self._tables.cities
        name_of_people = city.name in words.cities_that_are_names_of_people
        if city.name in self._needs_state and not self._is_prison_town(tokens, city):
            return None
        if city.name in self._countries or around.is_abroad(tokens, city):
            return None
        if around.is_person(tokens, city, name_of_people):
            return None
        city = replace(city, states=self._meant(city), sure=city.sure and city.name not in self._doubtful)
        if alone:
            return replace(city, sure=city.sure and city.name not in words.cities_that_are_words)
        if large and any(state in city.name for state in _STATES_IN_CITIES):
            return city  # "Kansas City", "Virginia Beach"
        before = around.place_word(tokens, city.start)
        if before is None or (not large and city.start and tokens[city.start - 1].norm == "the"):
            return self._accepted_without_place_word(tokens, city, large)
        if tokens[city.end - 1].raw.endswith(("'s", "\u2019s")) and (name_of_people or not large):
            return None
        if city.name in words.cities_that_are_words:
            mixed_case = any(token.raw != token.raw.upper() for token in tokens)
            capitalised = mixed_case and tokens[city.start].raw[0].isupper()
            return city if capitalised else None
        if name_of_people and before in words.before_people_too:
            return replace(city, sure=city.sure and self._is_origin(tokens, city.start))
        return city

    def _accepted_without_place_word(self, tokens: Sequence[Token], city: Mention, large: bool) -> Mention | None:
        """ "the Lucasville prison", "she said Waupun", "Houston police never called"."""
        words = self._words
        if city.name in words.cities_that_are_words:
            return None
        name_of_people = city.name in words.cities_that_are_names_of_people
        if self._around.facility_follows(tokens, city.end) or self._around.is_told_of(tokens, city, name_of_people):
            return city
        if self._around.is_rest_of_answer(tokens, city.start, city.end):
            named = city.start > 0 and tokens[city.start - 1].norm in words.naming
            return replace(city, sure=city.sure and not (named and name_of_people))
        if large and city.sure and not name_of_people:
            return city
        if large and city.start and tokens[city.start - 1].norm in words.before_large_cities:
            return city
        return None

    def _is_prison_town(self, tokens: Sequence[Token], city: Mention) -> bool:
        """ "locked up in Somers", "Sterling, the big prison"."""
        if city.name not in self._words.prison_towns_by_state or not self._is_held_near(tokens, city):
            return False
        around = self._around
        return around.place_word(tokens, city.start) is not None or around.is_told_of(tokens, city, often_a_name=False)

    def _is_held_near(self, tokens: Sequence[Token], place: Mention) -> bool:
        near = tokens[max(0, place.start - _HELD_WITHIN) : place.end + _HELD_WITHIN]
        return any(token.norm in self._words.custody for token in near)

    def _is_origin(self, tokens: Sequence[Token], at: int) -> bool:
        """ "he's from Austin", not "a letter from Austin"."""
        said = [token.norm for token in tokens[max(0, at - 2) : at]]
        return said[-1:] == ["from"] and said[0] in (
            "im",
            "am",
            "is",
            "he",
            "hes",
            "she",
            "shes",
            "was",
            "were",
            "are",
            "theyre",
        )

    def _meant(self, place: Mention) -> tuple[str, ...]:
        """The states that the name of a city or county may stand for."""
        if place.name in self._words.cities_meant:
            return self._words.cities_meant[place.name]
        main = self._tables.main.get(place.name)
        return (main,) if main and place.name not in self._words.cities_in_several_states else place.states
