"""The first layer of the safety net: rules in bot/data/safety/rules.yml, on spaCy tokens.

A rule is a list of patterns and of guards. A pattern is a few words in a row, as a person in danger says them; a guard
is what else stands near when nobody is in danger now: a "not" before them, a year, quotation marks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import spacy
import yaml
from spacy.matcher import Matcher
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from bot.settings import DATA

RULES = DATA / "safety" / "rules.yml"
STOP = "."
QUOTE = '"'
GAP = ".."
LONGEST_GAP = 3  # words
LAYER = "rules"

_NUMBER_OF_PATTERNS = 500  # of one written pattern; more is a slip of the pen
_MARKS = re.compile(r"[.!?;:\n]+")
_PARTED = re.compile(r"\b[a-z](?:[ .\-_*]+[a-z]\b){2,}", re.IGNORECASE)
_LONGEST_WORD = 12  # letters
_LONGEST_RUN = 60  # letters; nobody spells more, and it bounds the time
_PART = re.compile(r"\(((?:[^()]|\([^()]*\))*)\)(\??)|(\S+?)(\??)(?=\s|$)")
_OTHER_WAY = re.compile(r"\|(?![^()]*\))")  # a stroke that stands in no inner bracket
_INNER = re.compile(r"\(([^()]*)\)(\??)|<(\w+)>")


_Pattern = list[dict[str, Any]]


class SafetyRulesError(ValueError):
    """The file of rules cannot be used; the message names the rule and says what it takes."""


@dataclass(frozen=True)
class Firing:
    """What made the safety net speak.

    Attributes:
        crisis: id of the crisis reply.
        layer: which layer heard it.
        rule: id of the rule, or how sure the classifier is.
    """

    crisis: str
    layer: str
    rule: str


@dataclass(frozen=True)
class Guard:
    """What keeps a rule silent: one of `words` within `before` words before a match, or anywhere in its sentence.

    Attributes:
        words: patterns.
        before: how many words before the match are looked at; None for the whole sentence.
        quoted: whether a match between quotation marks is kept silent too.
        until: single words over which `before` does not reach, and which may begin the match: "he left and I am ...".
    """

    words: tuple[str, ...]
    before: int | None = None
    quoted: bool = False
    until: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One row of the table of rules."""

    id: str
    crisis: str
    says: tuple[str, ...]
    unless: tuple[str, ...]


@dataclass(frozen=True)
class RuleBook:
    """The whole file: rules in the order in which help is shown, guards, and groups of words that patterns name."""

    rules: tuple[Rule, ...]
    guards: Mapping[str, Guard]
    words: Mapping[str, tuple[str, ...]]

    @property
    def order(self) -> list[str]:
        """Ids of the crises, the one to be helped first first."""
        return list(dict.fromkeys(rule.crisis for rule in self.rules))


@lru_cache(maxsize=1)
def safety_rules() -> SafetyRules:
    """The project's own rules, read once in a process; raises SafetyRulesError."""
    return SafetyRules.read()


def read_rule_book(path: Path = RULES) -> RuleBook:
    """Read the file of rules.

    Raises:
        SafetyRulesError: it is missing, no YAML, or something in it has another form.
    """
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        words = {name: _texts(path, name, listed) for name, listed in given["words"].items()}
        guards = {
            name: Guard(
                _texts(path, name, guard["words"]),
                guard.get("before"),
                bool(guard.get("quoted", False)),
                _texts(path, name, guard["until"]) if "until" in guard else (),
            )
            for name, guard in given["guards"].items()
        }
        rules = tuple(
            Rule(name, crisis, _texts(path, name, rule["says"]), tuple(rule.get("unless") or ()))
            for crisis, listed in given["crises"].items()
            for name, rule in listed.items()
        )
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, SafetyRulesError):
            raise
        raise SafetyRulesError(
            f"{path} cannot be read ({type(error).__name__}: {error}). It takes `words`, `guards`, and under `crises` "
            "a crisis, a rule's name, and its `says` and `unless`."
        ) from error
    for rule in rules:
        unknown = set(rule.unless) - set(guards)
        if unknown:
            raise SafetyRulesError(f"{path}: rule {rule.id}: there is no guard {', '.join(sorted(unknown))}.")
    return RuleBook(rules, guards, words)


# The name of what a pattern belongs to, and for each token that must stand, the words that it may be.
_Key = tuple[str, frozenset[frozenset[str]]]


class _Matchers:
    """Patterns under names, each held only against sentences that have the words without which it cannot match."""

    def __init__(self, vocab: Vocab, patterns: Mapping[str, Sequence[_Pattern]]) -> None:
        self._matchers: dict[_Key, Matcher] = {}
        self._needing: dict[str, list[_Key]] = {}
        for name, several in patterns.items():
            for pattern in several:
                needed = _needed(pattern)
                key = (name, frozenset(needed))
                if key not in self._matchers:
                    self._matchers[key] = Matcher(vocab)
                    for word in _rarest(needed):
                        self._needing.setdefault(word, []).append(key)
                self._matchers[key].add(name, [pattern])

    def may_match(self, words: Sequence[str]) -> bool:
        """Whether one of the patterns might match."""
        return next(self._candidates(words), None) is not None

    def find(self, doc: Doc, words: Sequence[str]) -> Iterator[tuple[str, Span]]:
        """Names with the words of `doc` that they match; `words` are its tokens."""
        for key in dict.fromkeys(self._candidates(words)):
            for _, start, end in self._matchers[key](doc):
                yield key[0], doc[start:end]

    def _candidates(self, words: Sequence[str]) -> Iterator[_Key]:
        there = frozenset(words)
        for word in words:
            for key in self._needing.get(word, ()):
                if not any(needed.isdisjoint(there) for needed in key[1]):
                    yield key


def _needed(pattern: _Pattern) -> list[frozenset[str]]:
    """For each token that must stand where `pattern` matches, the words that it may be."""
    return [
        frozenset([token["LOWER"]] if isinstance(token["LOWER"], str) else token["LOWER"]["IN"])
        for token in pattern
        if "OP" not in token
    ]


def _rarest(needed: Sequence[frozenset[str]]) -> frozenset[str]:
    """Those of the token with the longest words, as the rarest."""
    return max(needed, key=lambda words: min(map(len, words)))


class SafetyRules:
    """Holds messages against the rules."""

    def __init__(self, book: RuleBook) -> None:
        self._book = book
        self._vocab = spacy.blank("en").vocab
        self._rules = {rule.id: rule for rule in book.rules}
        written = [
            *(says for rule in book.rules for says in rule.says),
            *(way for group in book.words.values() for way in group),
        ]
        self._known = frozenset(word for says in written for word in _words(says))
        self._matcher = _Matchers(self._vocab, {rule.id: self._patterns_of(rule.id, rule.says) for rule in book.rules})
        self._guards = _Matchers(
            self._vocab, {name: self._patterns_of(name, guard.words) for name, guard in book.guards.items()}
        )

    @classmethod
    def read(cls, path: Path = RULES) -> SafetyRules:
        """Read the file of rules; raises SafetyRulesError."""
        return cls(read_rule_book(path))

    @property
    def order(self) -> list[str]:
        """Ids of the crises, the one to be helped first first."""
        return self._book.order

    def find(self, text: str) -> list[Firing]:
        """One firing for each crisis heard in `text`, the one to be helped first first."""
        heard: dict[str, Firing] = {}
        suspect = [words for words in _sentences(self.without_gaps(text)) if self._matcher.may_match(words)]
        if suspect:
            # Otherwise spaCy would keep every new word that anybody ever typed.
            with self._vocab.memory_zone():
                for sentence in suspect:
                    self._find_in(sentence, heard)
        return [heard[crisis] for crisis in self.order if crisis in heard]

    def _find_in(self, sentence: Sequence[str], heard: dict[str, Firing]) -> None:
        """Add what is heard in the words of one sentence to `heard`."""
        doc = Doc(self._vocab, words=list(sentence))
        guards: list[tuple[str, Span]] | None = None
        for rule_id, match in self._matcher.find(doc, sentence):
            rule = self._rules[rule_id]
            if rule.crisis in heard:
                continue
            if guards is None:
                guards = list(self._guards.find(doc, sentence))
            if not any(self._keeps_silent(name, match, guards) for name in rule.unless):
                heard[rule.crisis] = Firing(rule.crisis, LAYER, rule.id)

    def without_gaps(self, text: str) -> str:
        """`text` with parted letters written as the words of the rules."""
        return without_gaps(text, self._known)

    def _keeps_silent(self, name: str, match: Span, guards: Sequence[tuple[str, Span]]) -> bool:
        guard = self._book.guards[name]
        if guard.quoted and sum(token.text == QUOTE for token in match.doc[: match.start]) % 2:
            return True
        for found, span in guards:
            if found != name:
                continue
            if guard.before is None and (span.end <= match.start or span.start >= match.end):
                return True
            if guard.before is not None and span.end <= match.start <= span.end + guard.before:
                between = match.doc[span.end : match.start + 1]
                if not any(token.text in guard.until for token in between):
                    return True
        return False

    def _patterns_of(self, name: str, written: Sequence[str]) -> list[_Pattern]:
        return [pattern for one in written for pattern in self._patterns(name, one)]

    def _patterns(self, name: str, written: str) -> Iterator[_Pattern]:
        """spaCy's patterns for one that is written down; raises SafetyRulesError."""
        parts = [self._part(name, found) for found in _PART.finditer(written)]
        count = 1
        for part in parts:
            count *= len(part)
        if not parts or count > _NUMBER_OF_PATTERNS:
            raise SafetyRulesError(f"{RULES}: {name}: {written!r} stands for {count} patterns; write it as several.")
        for chosen in product(*parts):
            tokens = [token for tokens in chosen for token in tokens]
            if tokens:
                yield tokens

    def _spelled_out(self, name: str, way: str) -> list[str]:
        """Every way to say `way`, which may hold inner brackets and groups of words."""
        choices: list[Sequence[str]] = []
        at = 0
        for found in _INNER.finditer(way):
            inner, optional, group = found.groups()
            if group is not None and group not in self._book.words:
                raise SafetyRulesError(f"{RULES}: {name}: there are no words <{group}>.")
            said = self._book.words[group] if group is not None else inner.split("|")
            choices += [[way[at : found.start()]], [*said, ""] if optional else said]
            at = found.end()
        return [" ".join("".join(chosen).split()) for chosen in product(*choices, [way[at:]])]

    def _part(self, name: str, found: re.Match[str]) -> list[list[dict[str, Any]]]:
        """Every way to say one part of a pattern, each as tokens; several single words are one way."""
        several, several_optional, single, single_optional = found.groups()
        if single == GAP:
            return [[{"LOWER": {"NOT_IN": [STOP]}, "OP": f"{{0,{LONGEST_GAP}}}"}]]
        written = _OTHER_WAY.split(several) if several is not None else [single]
        ways = [way for one in written for way in self._spelled_out(name, one)]
        optional = bool(several_optional or single_optional)
        split = [_words(way) if way != STOP else [STOP] for way in ways]
        words = sorted({way[0] for way in split if len(way) == 1})
        tokens: list[list[dict[str, Any]]] = [[{"LOWER": word} for word in way] for way in split if len(way) > 1]
        if words:
            tokens.append([{"LOWER": {"IN": words}}])
        return [*tokens, []] if optional else tokens


def _texts(path: Path, name: str, given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not given or not all(isinstance(text, str) for text in given):
        raise SafetyRulesError(
            f"{path}: {name} takes a list of words; quote numbers, yes, no and what begins with a sign."
        )
    return tuple(given)


def _words(text: str) -> list[str]:
    """Lower-case words without apostrophes and accents, so that "I'm" and "im", "dano" and "da\u00f1o" are the same."""
    bare = unicodedata.normalize("NFD", text.casefold().replace("'", ""))
    kept = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return "".join(letter if letter.isalnum() or letter in "<>" else " " for letter in kept).split()


def _sentences(text: str) -> Iterator[list[str]]:
    """The words of each sentence; commas and the like are left out, quotation marks are kept, a STOP ends it."""
    for part in _MARKS.split(text):
        words: list[str] = []
        for piece in re.split(f"({QUOTE})", part):
            words += [QUOTE] if piece == QUOTE else _words(piece)
        if words:
            yield [*words, STOP]


def without_gaps(text: str, known: Container[str]) -> str:
    """`text` with "k i l l" written as one word, because some people part the letters of what they hardly dare to say.

    A run of single letters becomes the `known` words that it spells, the longest first.
    """
    return _PARTED.sub(lambda run: _spelled("".join(filter(str.isalpha, run[0])), known), text)


def _spelled(letters: str, known: Container[str]) -> str:
    words, at = [], 0
    if len(letters) > _LONGEST_RUN:
        return " ".join(letters)
    while at < len(letters):
        longest = (end for end in range(min(len(letters), at + _LONGEST_WORD), at, -1) if letters[at:end] in known)
        end = next(longest, at + 1)
        words.append(letters[at:end])
        at = end
    return " ".join(words)
