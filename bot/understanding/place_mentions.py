"""A mention: words of a message that may name a place, and the words around it that tell whether they do."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import Enum

from bot.understanding.place_tokens import Token
from bot.understanding.place_words import PlaceWords

# What may stand between a city and its state, and between words that belong together.
BEFORE_STATE = re.compile(r"\s*[.,(/-]?\s*")
_WORDS_APART = re.compile(r"\s*[\"\u201c(]?\s*")
_LONGEST_ANSWER = 20  # words
_AFTER_NAME = re.compile(r"[\s,]*")


class Kind(Enum):
    """What a mention looks like."""

    STATE = "state"
    CODE = "code"
    ZIP = "zip"
    CITY = "city"  # or county, after which a state may stand as well
    PRISON = "prison"  # by its own name; a state may stand after it as well
    FEDERAL = "federal"


PLACES_IN_STATES = (Kind.CITY, Kind.PRISON)
NAMES_OF_STATES = (Kind.STATE, Kind.CODE, Kind.ZIP)


@dataclass(frozen=True)
class Mention:
    """Tokens start to end (exclusive) that may name a place. sure: not misspelled and not doubtful.

    states: USPS codes, most likely first. name: as looked up, "" when it stands for more than one name.
    """

    start: int
    end: int
    kind: Kind
    states: tuple[str, ...]
    sure: bool = True
    name: str = ""
    county: bool = False


class Surroundings:
    """Looks at the words before and after a mention."""

    def __init__(self, words: PlaceWords, countries: Set[str]) -> None:
        """countries: names of places abroad."""
        self._words = words
        self._countries = countries

    def place_word(self, tokens: Sequence[Token], at: int) -> str | None:
        """The place word before token `at` ("in"), past words like "downtown"."""
        words = self._words
        while at > 0 and _WORDS_APART.fullmatch(tokens[at].gap):
            at -= 1
            word = tokens[at].norm
            if word in words.before_a_place:
                return word
            if word == "to":
                moved = tokens[max(0, at - 2) : at]
                return word if any(token.norm in words.before_to for token in moved) else None
            if word not in words.between:
                return None
        return None

    def custody_follows(self, tokens: Sequence[Token], at: int) -> bool:
        """ "(Iowa) Department of Corrections" from token `at` on."""
        return _follow(tokens, at, self._words.place_to_custody, self._words.after_a_state)

    def facility_follows(self, tokens: Sequence[Token], at: int) -> bool:
        """ "(Lucasville) prison" from token `at` on."""
        return _follow(tokens, at, self._words.place_to_custody, self._words.facilities)

    def program_follows(self, tokens: Sequence[Token], at: int) -> bool:
        """ "(Does Georgia) have a program?" from token `at` on."""
        return _follow(tokens, at, self._words.state_to_programs, self._words.programs)

    def stands_as_place(self, tokens: Sequence[Token], mention: Mention) -> bool:
        """Whether a place word stands before the mention or a word of custody after it."""
        return self.place_word(tokens, mention.start) is not None or self.custody_follows(tokens, mention.end)

    def ends_part(self, tokens: Sequence[Token], end: int) -> bool:
        """Whether a part of the sentence ends before token `end`: punctuation, "and", "he", or the end."""
        if end == len(tokens) or not _WORDS_APART.fullmatch(tokens[end].gap):
            return True
        return tokens[end].norm in self._words.new_clause | self._words.subjects

    def is_rest_of_answer(self, tokens: Sequence[Token], start: int, end: int) -> bool:
        """Whether all other words only frame an answer: "(Iowa) I think", "(Waupun,) the prison"."""
        if len(tokens) > _LONGEST_ANSWER:
            return False
        frame = self._words.answers
        if "," in "".join(token.gap for token in (*tokens[start : start + 1], *tokens[end : end + 1])):
            frame = frame | self._words.facilities | self._words.pointing_back
        return all(token.norm in frame for token in (*tokens[:start], *tokens[end:]))

    def is_told_of(self, tokens: Sequence[Token], mention: Mention, often_a_name: bool) -> bool:
        """ "(Shelton), he was just moved there", at the beginning of a message."""
        words = self._words
        if mention.start or mention.end == len(tokens) or _WORDS_APART.fullmatch(tokens[mention.end].gap):
            return False
        about = words.pointing_back if often_a_name else words.pointing_back | words.custody | words.court
        return any(token.norm in about for token in tokens[mention.end :])

    def is_abroad(self, tokens: Sequence[Token], city: Mention) -> bool:
        """ "Paris, France", and the "Columbia" of "British Columbia"."""
        if city.start and f"{tokens[city.start - 1].norm} {city.name}" in self._countries:
            return True
        after = tokens[city.end : city.end + 3]
        return any(
            " ".join(token.norm for token in after[:length]) in self._countries
            and all(BEFORE_STATE.fullmatch(token.gap) for token in after[:length])
            for length in range(1, len(after) + 1)
        )

    def is_person(self, tokens: Sequence[Token], mention: Mention, often_a_name: bool) -> bool:
        """Whether the name is said to be a person's: "my sister Georgia", "Dallas was my husband".

        often_a_name: the name is one of people too, so that "Georgia, my sister" without a verb is enough.
        """
        words = self._words
        if mention.start and _WORDS_APART.fullmatch(tokens[mention.start].gap):
            before = [token.norm for token in tokens[max(0, mention.start - 2) : mention.start]]
            if before[-1] in words.before_names_of_people:
                return True
            if before[-1] in ("is", "was") and before[0] in ("name", "names"):
                return True
            if often_a_name and (before[-1] in ("im", "am") or before in (["this", "is"], ["call", "me"])):
                return True
        return self._relative_follows(tokens, mention.end, often_a_name)

    def _relative_follows(self, tokens: Sequence[Token], at: int, often_a_name: bool) -> bool:
        following = tokens[at : at + 6]
        if not following or not _AFTER_NAME.fullmatch(following[0].gap):
            return False
        verbs = ("is", "was", "are", "were", "thats")
        first = following[0].norm
        said = first in verbs or (first in ("she", "he", "shes", "hes") and often_a_name)
        if not said and not (first in ("my", "our") and (often_a_name or self._is_apposition(following))):
            return False
        for token in following:
            if token.norm in self._words.pointing_back and token.norm != "thats":
                return False  # "Virginia, my sister lived there"
        about = self._words.relatives | self._words.said_of_people
        return any(token.norm in about for token in following)

    def _is_apposition(self, following: Sequence[Token]) -> bool:
        """ "(Houston), my nephew, "."""
        named = following[1:2] and following[1].norm in self._words.relatives and "," in following[0].gap
        return bool(named) and (len(following) == 2 or not _WORDS_APART.fullmatch(following[2].gap))


def _follow(tokens: Sequence[Token], at: int, between: Set[str], wanted: Set[str]) -> bool:
    """Whether a wanted word stands at token `at`, past any words of `between`, without a comma or an end between."""
    while at < len(tokens) and _WORDS_APART.fullmatch(tokens[at].gap):
        if tokens[at].norm in wanted:
            return True
        if tokens[at].norm not in between:
            return False
        at += 1
    return False
