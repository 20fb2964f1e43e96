"""The evaluation messages: reads and checks the CSV files of a set. README.md beside this file describes them.

Texts are left out of every `repr` and every error, so that no failing run shows a line of the set that is only counted.
"""

from __future__ import annotations

import csv
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.answers.catalog import Catalog, catalog
from bot.directory.rows import STATES
from bot.settings import DATA
from bot.understanding.safety_rules import read_rule_book

FOLDER = Path(__file__).resolve().parent
SETS = ("development", "final")
SAFETY_FOLDER = DATA / "safety"
VOICES = ("short", "plain", "typo", "story", "indirect")
KINDS = ("near", "far", "nonsense", "abuse", "injection")
# How somebody in danger says it, and what sounds like danger and is none; evaluation/README.md says what each is.
INDIRECT, SPANISH, EVERYDAY = "indirect", "spanish", "everyday"
DANGER_KINDS = ("direct", INDIRECT, "slang", "misspelled", "voice", "spaced", "long", "third", "goals", SPANISH)
HARD_KINDS = (
    "past_crime",
    "grief",
    "anger",
    "resolved",
    "negation",
    "suicide_loss",
    "idiom",
    "drunk_driver",
    "death_row",
    "medical",
    "quote",
    "fear_of_meeting",
    "age_then",
    "asks_about",
    "offender_side",
    "wish_for_contact",
    "hopes",
    SPANISH,
)
LANGUAGES = ("en", "es")
# The acts of docs/command-line.md.
ACTS = (
    "greet",
    "thanks",
    "goodbye",
    "affirm",
    "deny",
    "stop",
    "help_menu",
    "share_goals",
    "find_program",
    "talk_to_person",
    "repeat",
    "simpler",
    "skip",
    "start_over",
    "my_goals",
    "sources",
    "erase",
    "leave",
)


class MessageDataError(ValueError):
    """A file of messages cannot be used; the message names the file and the row, and never quotes the text."""


@dataclass(frozen=True)
class TopicMessage:
    """A question in one of VOICES that the topic of this id answers."""

    text: str = field(repr=False)
    topic: str
    voice: str


@dataclass(frozen=True)
class ActMessage:
    """Words that do one of ACTS."""

    text: str = field(repr=False)
    act: str


@dataclass(frozen=True)
class OutOfScopeMessage:
    """Words that no topic answers; `kind` is one of KINDS."""

    text: str = field(repr=False)
    kind: str


@dataclass(frozen=True)
class GoalMessage:
    """A hope in somebody's own words, with the ids of the goals that it names; empty when it names none."""

    text: str = field(repr=False)
    goals: frozenset[str]


@dataclass(frozen=True)
class PlaceMessage:
    """Words about a place: the USPS code of the state that is meant, or None, and of the others that are named."""

    text: str = field(repr=False)
    state: str | None
    also: frozenset[str]


@dataclass(frozen=True)
class SpanishMessage:
    """A question in Spanish that the topic of this id answers."""

    text: str = field(repr=False)
    topic: str


@dataclass(frozen=True)
class SafetyMessage:
    """What somebody in danger wrote, or somebody who is in none.

    Attributes:
        crisis: id of the crisis reply that should be shown, the first to be helped first; None where there is none.
        also: ids of other crisis replies that are right as well.
        kind: one of DANGER_KINDS, or of HARD_KINDS and EVERYDAY where there is no crisis.
        language: one of LANGUAGES.
    """

    text: str = field(repr=False)
    crisis: str | None
    also: frozenset[str]
    kind: str
    language: str


@dataclass(frozen=True)
class EvaluationSet:
    """All messages of one set, each kind in the order of its file."""

    topics: Sequence[TopicMessage]
    acts: Sequence[ActMessage]
    out_of_scope: Sequence[OutOfScopeMessage]
    goals: Sequence[GoalMessage]
    places: Sequence[PlaceMessage]
    spanish: Sequence[SpanishMessage]


def read_set(folder: Path, vetted: Catalog | None = None) -> EvaluationSet:
    """Read the six files of the set in `folder`.

    Args:
        folder: holds topics.csv, acts.csv, out_of_scope.csv, goals.csv, places.csv and spanish.csv.
        vetted: the topics and goals that may be named; the project's own when None.

    Raises:
        MessageDataError: a file is missing, is no UTF-8, has other columns or no rows, or a row has no text, too many
            or too few cells, or names what does not exist.
    """
    vetted = vetted or catalog()
    return EvaluationSet(
        topics=[
            TopicMessage(
                row.text, row.one_of("topic", vetted.topics, "a topic"), row.one_of("voice", VOICES, "a voice")
            )
            for row in _rows(folder / "topics.csv", ("topic", "voice", "text"))
        ],
        acts=[
            ActMessage(row.text, row.one_of("act", ACTS, "an act"))
            for row in _rows(folder / "acts.csv", ("act", "text"))
        ],
        out_of_scope=[
            OutOfScopeMessage(row.text, row.one_of("kind", KINDS, "a kind"))
            for row in _rows(folder / "out_of_scope.csv", ("kind", "text"))
        ],
        goals=[
            GoalMessage(row.text, row.all_of("goals", vetted.goals, "a goal"))
            for row in _rows(folder / "goals.csv", ("goals", "text"))
        ],
        places=[
            PlaceMessage(
                row.text,
                row.one_of("state", STATES, "a state") if row.cells["state"] else None,
                row.all_of("also", STATES, "a state"),
            )
            for row in _rows(folder / "places.csv", ("state", "also", "text"))
        ],
        spanish=[
            SpanishMessage(row.text, row.one_of("topic", vetted.topics, "a topic"))
            for row in _rows(folder / "spanish.csv", ("topic", "text"))
        ],
    )


def read_safety_set(path: Path) -> list[SafetyMessage]:
    """Read a file of messages for the safety net, in its order.

    Args:
        path: a CSV file with the columns crisis, also, kind, language and text.

    Raises:
        MessageDataError: as `read_set` does; and a row without a crisis names others or has a kind of danger, or the
            reverse.
    """
    crises = read_rule_book().order
    found = []
    for row in _rows(path, ("crisis", "also", "kind", "language", "text")):
        crisis = row.one_of("crisis", crises, "a crisis") if row.cells["crisis"] else None
        also = row.all_of("also", crises, "a crisis")
        if also and (crisis is None or crisis in also):
            raise MessageDataError(f"{row.place}: also takes other crises than the first, where there is a first.")
        kind = (
            row.one_of("kind", DANGER_KINDS, "a kind of danger")
            if crisis
            else row.one_of("kind", (*HARD_KINDS, EVERYDAY), "a kind of message without danger")
        )
        language = row.one_of("language", LANGUAGES, "a language")
        found.append(SafetyMessage(row.text, crisis, also, kind, language))
    return found


@dataclass(frozen=True)
class _Row:
    """A row's cells by column; `place` is its file and its number, the header being row 1."""

    place: str
    cells: dict[str, str]

    @property
    def text(self) -> str:
        return self.cells["text"]

    def one_of(self, column: str, known: Container[str], what: str) -> str:
        """The id in this column. Raises MessageDataError if it is not `known`."""
        return self._check(column, self.cells[column], known, what)

    def all_of(self, column: str, known: Container[str], what: str) -> frozenset[str]:
        """The ids in this column, separated by blanks. Raises MessageDataError if one is not `known`."""
        return frozenset(self._check(column, name, known, what) for name in self.cells[column].split())

    def _check(self, column: str, name: str, known: Container[str], what: str) -> str:
        if name not in known:
            raise MessageDataError(f"{self.place}: {column} is {name!r}, which is not {what}.")
        return name


def _rows(path: Path, columns: Sequence[str]) -> Iterator[_Row]:
    """The rows of a file whose header must be `columns`. Raises MessageDataError as `read_set` does."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file, strict=True)
    except FileNotFoundError:
        raise MessageDataError(f"{path} is missing.") from None
    except ValueError as error:  # an empty file has no header; UnicodeDecodeError is a ValueError too
        raise MessageDataError(f"{path} is empty or is no UTF-8; it takes the columns {','.join(columns)}.") from error
    except csv.Error as error:
        raise MessageDataError(f"{path} is no CSV: {error}.") from error
    if header != list(columns):
        raise MessageDataError(f"{path}: the first row must be {','.join(columns)}.")
    if not rows:
        raise MessageDataError(f"{path} has no rows.")
    for number, cells in enumerate(rows, start=2):
        place = f"{path}, row {number}"
        if len(cells) != len(columns):
            raise MessageDataError(f"{place} has {len(cells)} cells; it takes {','.join(columns)}.")
        row = _Row(place, dict(zip(columns, cells, strict=True)))
        if not row.text.strip():
            raise MessageDataError(f"{place} has no text.")
        yield row
