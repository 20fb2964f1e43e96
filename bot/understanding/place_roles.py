"""Reads which part each place plays in a message: where somebody is held, where the writer lives, which is denied."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from bot.understanding.place_mentions import Kind, Mention, Surroundings
from bot.understanding.place_tokens import Token
from bot.understanding.place_words import PlaceWords

_ENDS_PART = re.compile(r"[.,;:!?()\n\u2013\u2014]|\s-\s")
_NEGATED_WITHIN = 4  # words after the negation
_PASSIVE = frozenset(("was", "got", "been", "get", "being"))
_OBJECTS = frozenset(("him", "her", "them"))
_APPOSITION = 4  # words at most in "the women's prison"
_LEFT_WITHIN = 12  # words from "moved" to the place left
_WITHIN = frozenset(("in", "at", "the", "or", "maybe"))


class Part(IntEnum):
    """The part a place plays; of two places, the one with the greater part is meant."""

    DENIED = -2
    PAST = -1
    LIVING = 0
    UNKNOWN = 1
    ANSWER = 2  # it stands by itself
    OF_OTHERS = 3  # "he is in Iowa"
    CRIME = 4
    CASE = 5  # court or custody
    FEDERAL = 6


@dataclass(frozen=True)
class Role:
    """custody: somebody is said to be held there. now: said of today, where another place may be said of before."""

    part: Part
    custody: bool = False
    now: bool = False


class RoleReader:
    """Reads roles off the words around each place, sentence part by sentence part."""

    def __init__(self, words: PlaceWords, around: Surroundings) -> None:
        self._words = words
        self._around = around
        self._case = words.custody | words.court

    def roles(self, tokens: Sequence[Token], mentions: Sequence[Mention]) -> list[Role]:
        """The role of each mention, in the same order."""
        parts = self._sentence_parts(tokens, mentions)
        roles: list[Role] = []
        for index, mention in enumerate(mentions):
            since = mentions[index - 1].end if index else 0
            until = mentions[index + 1].start if index + 1 < len(mentions) else len(tokens)
            if index and self._takes_back(tokens[since : mention.start]):
                roles[-1] = Role(Part.DENIED)
            roles.append(self._role(tokens, parts, mention, since, until, roles[-1] if roles else None))
        return roles

    def _sentence_parts(self, tokens: Sequence[Token], mentions: Sequence[Mention]) -> list[int]:
        """For each token the number of the part of a sentence in which it stands."""
        words = self._words
        inside = {at for mention in mentions for at in range(mention.start + 1, mention.end)}
        keeps_clause = words.same_clause | words.new_clause | words.now
        parts: list[int] = []
        part = 0
        for at, token in enumerate(tokens):
            if at and at not in inside:
                before = tokens[at - 1].norm
                new_subject = token.norm in words.subjects and before not in keeps_clause
                if _ENDS_PART.search(token.gap) or token.norm in words.new_clause or new_subject:
                    part += 1
            parts.append(part)
        return parts

    def _role(
        self, tokens: Sequence[Token], parts: Sequence[int], mention: Mention, since: int, until: int, last: Role | None
    ) -> Role:
        """since, until: where the place before ends and the place after begins."""
        words = self._words
        part = parts[mention.start]
        begin = mention.start
        while begin > since and parts[begin - 1] == part:
            begin -= 1
        stop = mention.end
        while stop < until and parts[stop] == part:
            stop += 1
        before, after = tokens[begin : mention.start], tokens[mention.end : stop]
        later = self._from_later(tokens, parts, stop, until)
        if self._is_denied(before, after):
            # "I don't live in Texas but that's where he is".
            return Role(max(later), custody=True) if later else Role(Part.DENIED)
        if mention.kind is Kind.FEDERAL:
            return Role(Part.FEDERAL)
        if self._is_left(tokens[max(0, mention.start - _LEFT_WITHIN) : mention.start]):
            return Role(Part.PAST)
        if last and begin == since and parts[since - 1] == part and all(word.norm in _WITHIN for word in before):
            return last  # "in Huntsville at the Walls unit", "in Iowa or Ohio"
        shared = stop == until < len(tokens) and parts[until] == part
        cues = [cue for cue in (self._cue(before), self._after(tokens, mention, after, shared)) if cue is not None]
        if not cues:
            cues = self._from_earlier(tokens, parts, begin, since, before)
        cues += later
        now = any(word.norm in words.now for word in (*before, *after))
        if mention.kind is Kind.PRISON and (not cues or max(cues) > Part.LIVING):
            return Role(Part.CASE, custody=True, now=now)
        if cues:
            said = (*before, *after, *tokens[stop:until]) if later else (*before, *after)
            held = max(cues) is Part.OF_OTHERS or any(word.norm in words.custody for word in said)
            return Role(max(cues), custody=held and max(cues) > Part.LIVING, now=now)
        stands_alone = all(word.norm in words.answers for word in (*before, *after))
        return Role(Part.ANSWER if stands_alone else Part.UNKNOWN, now=now)

    def _cue(self, said: Sequence[Token]) -> Part | None:
        """What these words, beside a place in its part of the sentence, say of it."""
        words = self._words
        if any(token.norm in words.past for token in said) and not any(token.norm in self._case for token in said):
            return Part.PAST
        if [token.norm for token in said] == ["from"]:
            return Part.LIVING
        strongest: Part | None = None
        subject: Part | None = None
        living = False
        for at, token in enumerate(said):
            word = token.norm
            if word in self._case:
                strongest, living = Part.CASE, False
            elif word in words.crime:
                strongest, living = max(strongest or Part.CRIME, Part.CRIME), False
            elif word in words.living:
                # "he was moved to Iowa" and "they moved him" tell where he is, not where he lives.
                living = not (at and said[at - 1].norm in _PASSIVE)
            elif word in words.other_people:
                subject = Part.OF_OTHERS
                living = living and word not in _OBJECTS
            elif word in words.relatives or self._is_writer(said, at):
                subject = Part.LIVING
        if living:
            return Part.OF_OTHERS if subject is Part.OF_OTHERS else Part.LIVING
        return strongest or subject

    def _is_writer(self, said: Sequence[Token], at: int) -> bool:
        """ "I'm (in Iowa)", not "I said (Iowa)"."""
        word = said[at].norm
        if word == "were":  # "we're", often without its apostrophe
            return at == 0 or not said[at].raw.isalpha()
        following = said[at + 1].norm if at + 1 < len(said) else ""
        return word in self._words.writing and following not in self._words.saying

    def _after(self, tokens: Sequence[Token], mention: Mention, after: Sequence[Token], shared: bool) -> Part | None:
        """What the words after a place say of it. shared: another place follows, of which they may speak as well."""
        if self._around.custody_follows(tokens, mention.end):
            return Part.CASE
        if after and after[0].norm == "here":
            return Part.LIVING  # "Iowa here"
        return None if shared else self._cue(after)

    def _from_earlier(
        self, tokens: Sequence[Token], parts: Sequence[int], begin: int, since: int, before: Sequence[Token]
    ) -> list[Part]:
        """What an earlier part of the sentence that names no place says: "he is locked up, in Iowa"."""
        begins_as_place = bool(before) and before[0].norm in self._words.before_a_place
        while begin > since:
            start = begin - 1
            while start > since and parts[start - 1] == parts[start]:
                start -= 1
            cue = self._cue(tokens[start:begin])
            if cue is not None and (cue >= Part.CRIME or begins_as_place):
                return [cue]
            begin = start
        return []

    def _from_later(self, tokens: Sequence[Token], parts: Sequence[int], at: int, until: int) -> list[Part]:
        """What later parts that point back to the place say: "in Iowa, and he was sentenced there"."""
        cues: list[Part] = []
        while at < until:
            stop = at
            while stop < until and parts[stop] == parts[at]:
                stop += 1
            of_next = stop == until < len(tokens) and parts[until] == parts[at]
            if not of_next and self._points_back(tokens[at:stop]):
                cue = self._cue(tokens[at:stop])
                cues += [cue] if cue is not None and cue >= Part.OF_OTHERS else []
            at = stop
        return cues

    def _points_back(self, part: Sequence[Token]) -> bool:
        """ "he was sentenced there"; "the women's prison" right after a town."""
        words = {token.norm for token in part}
        if part[0].norm == "the" and len(part) <= _APPOSITION and not words.isdisjoint(self._words.facilities):
            return True
        return not words.isdisjoint(self._words.pointing_back)

    def _is_denied(self, before: Sequence[Token], after: Sequence[Token]) -> bool:
        words = self._words
        close = before[-_NEGATED_WITHIN:]
        for at, token in enumerate(close):
            if token.norm in words.negations and not any(after.norm in words.not_negated for after in close[at + 1 :]):
                return True
        # "Texas is not where he is".
        first = [token.norm for token in after[:2]]
        return first[:1] in (["isnt"], ["wasnt"]) or first in (["is", "not"], ["was", "not"])

    def _is_left(self, before: Sequence[Token]) -> bool:
        """ "transferred from" right before the place."""
        words = self._words
        said = [token.norm for token in before if token.norm not in words.between]
        until = -1 if said[-1:] == ["from"] else -2 if said[-2:] == ["out", "of"] else 0
        return until < 0 and any(word in words.moves for word in said[:until])

    def _takes_back(self, between: Sequence[Token]) -> bool:
        words = self._words
        said = [token.norm for token in between]
        return any(word in words.taking_back for word in said) and all(
            word in words.taking_back | words.answers | words.new_clause for word in said
        )
