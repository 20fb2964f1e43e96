"""Reads which state, territory or federal system a message names.

`Places.read` answers with USPS codes, whether one place is clearly meant, and whether the message is nothing but
the place. It keeps nothing of what it reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.understanding.place_acceptance import PlaceAcceptance
from bot.understanding.place_finder import PlaceFinder
from bot.understanding.place_mentions import Kind, Mention, Surroundings
from bot.understanding.place_names import PlaceTables
from bot.understanding.place_roles import Part, Role, RoleReader
from bot.understanding.place_tokens import Token, tokens_of
from bot.understanding.place_words import DATA, PlaceWords, listed_names

MAX_CHARACTERS = 10_000  # what stands after them is not read


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


@dataclass
class _Place:
    """All mentions of the same states, with the greatest role among them."""

    states: tuple[str, ...]
    sure: bool
    part: Part
    now: bool


class Places:
    """Reads places in messages. Holds only the tables of names; safe to share between threads.

    Raises:
        PlaceWordsError: a list in words.yml is not as it should be.
    """

    def __init__(self, tables: PlaceTables, data: Path = DATA) -> None:
        """data: the folder with words.yml and everyday_names.txt."""
        self._tables = tables
        self._words = words = PlaceWords.load(data / "words.yml")
        needs_state = listed_names(data / "everyday_names.txt")
        countries = frozenset(tables.known_abroad) | words.abroad
        around = Surroundings(words, countries)
        self._finder = PlaceFinder(tables, words, needs_state, around)
        self._acceptance = PlaceAcceptance(tables, words, needs_state, countries, around)
        self._roles = RoleReader(words, around)

    def read(self, text: str) -> PlaceReading:
        """Read the places of one message; at most its first 10,000 characters are looked at. Never raises."""
        tokens = tokens_of(text[:MAX_CHARACTERS])
        found = self._finder.find(tokens)
        if not found:
            return PlaceReading()
        mentions = self._acceptance.accepted(tokens, found)
        if not mentions:
            return PlaceReading()
        places = self._places(tokens, mentions)
        states = tuple(dict.fromkeys(code for place in places for code in place.states))
        bare = sum(mention.end - mention.start for mention in mentions) == len(tokens)
        return PlaceReading(states, _is_certain(places), bare)

    def _places(self, tokens: Sequence[Token], mentions: Sequence[Mention]) -> list[_Place]:
        """The places of the message, the one with the greatest part first, otherwise by order."""
        roles = self._roles.roles(tokens, mentions)
        mentions = self._narrowed(mentions, roles)
        places: dict[tuple[str, ...], _Place] = {}
        for mention, role in zip(mentions, roles, strict=True):
            if mention.kind is Kind.FEDERAL and role.part is Part.DENIED:
                continue  # "a state prison, not federal"
            place = places.setdefault(mention.states, _Place(mention.states, mention.sure, role.part, role.now))
            place.sure = place.sure or mention.sure
            place.part = max(place.part, role.part)
            place.now = place.now or role.now
        return sorted(places.values(), key=lambda place: (-min(place.part, Part.FEDERAL), not place.now))

    def _narrowed(self, mentions: Sequence[Mention], roles: Sequence[Role]) -> list[Mention]:
        """Mentions with fewer states, where another place or a prison tells which is meant."""
        heard = list(zip(mentions, roles, strict=True))
        denied = {code for one, role in heard if role.part is Part.DENIED for code in one.states}
        # By state, so that a very long message is not compared with itself.
        told = dict.fromkeys(
            (one.states[0], role.part <= Part.LIVING)
            for one, role in heard
            if len(one.states) == 1 and role.part is not Part.DENIED
        )
        narrowed = []
        for mention, role in heard:
            states, sure = mention.states, mention.sure
            prison = self._words.prison_towns_by_state.get(mention.name)
            told_alone = role.part is Part.ANSWER and mention.name not in self._tables.cities
            if prison and (role.custody or told_alone):
                states, sure = prison, True
            if len(states) > 1 and role.part is not Part.DENIED:
                states = tuple(code for code in states if code not in denied) or states
            if len(states) > 1:
                lived_in = role.part <= Part.LIVING
                lies_there = (state for state, home in told if home == lived_in and self._lies_in(mention, state))
                states = next(((state,) for state in lies_there), states)
            narrowed.append(replace(mention, states=states, sure=sure))
        return narrowed

    def _lies_in(self, mention: Mention, state: str) -> bool:
        return state in mention.states or self._finder.lies_in(mention, state)


def _is_certain(places: Sequence[_Place]) -> bool:
    if not places:
        return False
    first, *others = places
    if not first.sure or len(first.states) != 1 or first.part < Part.LIVING:
        return False
    return all(_gives_way(other, first) for other in others)


def _gives_way(other: _Place, first: _Place) -> bool:
    """Whether a place clearly counts less than the first."""
    if other.part < Part.LIVING:
        return True
    if other.part is first.part:
        return first.now and not other.now
    if other.part is Part.LIVING:
        # Where somebody lives and a place without a word on it: either may be meant.
        return first.part is not Part.UNKNOWN
    return other.part is Part.CRIME and first.part > Part.CRIME
