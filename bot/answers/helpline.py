"""What helpline staff say aloud: the vetted answers in the form for a call, the script, and the hard moments.

The words to say of a topic or goal are the answer's own, cut into sentences. bot/data/answers/helpline adds what only
staff read: what to listen for, what to avoid, cautions; and other words to say where the answer's are wrong aloud.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from pydantic import Field, validator

from bot.answers.catalog import (
    CRISIS_FILE,
    AnswerDataError,
    Catalog,
    Entry,
    Goal,
    Reviewed,
    Topic,
    catalog,
    parse_entry,
    read_entries,
    read_yaml,
)
from bot.answers.views import HelpLine, SourceView, Views
from bot.directory.session import open_session
from bot.settings import DATA, settings

HELPLINE = "helpline"  # the channel's name, and that of the folder of its data
STEPS = 14
HEADINGS_FILE = "headings.yml"
RULES_FILE = "dos_and_donts.yml"
# The parts of a card. A talk shows those of SHOWN, in this order: it asks first, and makes words simpler, by itself.
HEADINGS = ("ask_first", "say", "simpler", "numbers", "listen_for", "avoid", "questions", "more", "caution")
Target = Literal["step", "card", "moment", "goals", "programs", "sheet"]
# Targets that name one thing; the others are a view of their own.
_TARGETS_WITH_ID = ("step", "card", "moment")
_SENTENCE_END = re.compile(r"(?<!U\.S\.)(?<=[.?!])\s+|(?<=[.?!]['\"])\s+")
_REVIEW = ("reviewed_by", "written", "review_by")

EntryT = TypeVar("EntryT", bound="_Numbered")


@dataclass(frozen=True)
class FollowUp:
    """What a caller may ask next, and the id of the topic whose card answers it."""

    question: str
    topic: str


@dataclass(frozen=True)
class HelplineCard:
    """An answer as staff use it on a call.

    Attributes:
        question: what a caller may ask; None for goals and crises.
        ask_first: of a heavy topic: what is said before it, so that the caller can choose; otherwise None.
        say: words to say aloud, a sentence each.
        simpler: the same in fewer and easier words; empty for goals and crises.
        more: what a caller may ask next.
        caution: for staff, never said aloud.
        questions: of a goal: what the caller can ask a mediator.
        numbers: of a crisis: help lines to read out, the first one first (`digits_in_groups`).
        written_on, review_due: the day the newest of its words was written, and the first day on which one is due.
        review_state: who has reviewed it, in words.
    """

    id: str
    kind: Literal["topic", "goal", "crisis"]
    title: str
    question: str | None
    ask_first: str | None
    say: tuple[str, ...]
    simpler: tuple[str, ...]
    listen_for: tuple[str, ...]
    avoid: tuple[str, ...]
    more: tuple[FollowUp, ...]
    caution: tuple[str, ...]
    questions: tuple[str, ...]
    numbers: tuple[HelpLine, ...]
    sources: tuple[SourceView, ...]
    written_on: str
    review_due: str
    review_state: str


@dataclass(frozen=True)
class StepLink:
    """A way on from a step: its words, and where it leads. `id` is "" for goals, programs and the sheet."""

    label: str
    target: Target
    id: str


@dataclass(frozen=True)
class ScriptStep:
    """One of the fourteen steps of a call; `number` counts from 1. Square brackets stand for what staff fill in."""

    id: str
    number: int
    title: str
    aim: str
    say: tuple[str, ...]
    listen_for: tuple[str, ...]
    avoid: tuple[str, ...]
    notes: tuple[str, ...]
    leads_to: tuple[StepLink, ...]
    sources: tuple[SourceView, ...]


@dataclass(frozen=True)
class HardMoment:
    """A moment that is hard on staff, and words for it."""

    id: str
    title: str
    say: tuple[str, ...]
    avoid: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class HelplineGuide:
    """Everything that staff read on a call.

    Attributes:
        cards: topics, goals and crises by their ids, in the order in which they are listed.
        steps: the script, in order.
        dos, donts: what to do and not to do on every call; `rule_sources` are what they draw on.
        headings: the headings of a card's parts, by name.
        content_version: the day the newest words were written, and the beginning of the SHA-256 of all answers and of
            the directory's files: "2026-11-22-3fa2b1c0".
    """

    cards: Mapping[str, HelplineCard]
    steps: tuple[ScriptStep, ...]
    moments: tuple[HardMoment, ...]
    dos: tuple[str, ...]
    donts: tuple[str, ...]
    rule_sources: tuple[SourceView, ...]
    headings: Mapping[str, str]
    content_version: str
    _families: Mapping[str, tuple[str, ...]]

    def families(self) -> Mapping[str, tuple[HelplineCard, ...]]:
        """The cards of the topics by the title of their family, in the menu's order."""
        return {title: tuple(self.cards[topic] for topic in topics) for title, topics in self._families.items()}

    def of_kind(self, kind: Literal["topic", "goal", "crisis"]) -> tuple[HelplineCard, ...]:
        """The cards of one kind, in order; crises in the order in which help is given."""
        return tuple(card for card in self.cards.values() if card.kind == kind)


class _Numbered(Entry):
    id: str = Field(regex=r"^[a-z][a-z0-9_]*$")


def _has_lines(lines: tuple[str, ...]) -> tuple[str, ...]:
    if not lines:
        raise ValueError("takes one line or more")
    return lines


class _CardNotes(Reviewed):
    """What a card adds to the answer of the same id. `say` and `simpler` stand in the place of the answer's words.

    `more` names topics; for a topic without it, its buttons lead on. `sources` stand beside the answer's own.
    """

    say: tuple[str, ...] = ()
    simpler: tuple[str, ...] = ()
    listen_for: tuple[str, ...]
    avoid: tuple[str, ...]
    more: tuple[str, ...] = ()
    caution: tuple[str, ...]
    sources: tuple[str, ...] = ()

    _are_there = validator("listen_for", "avoid", "caution", allow_reuse=True)(_has_lines)


class _CrisisNotes(_CardNotes):
    title: str
    lines: tuple[str, ...]

    _crisis_are_there = validator("say", "lines", allow_reuse=True)(_has_lines)


class _LinkEntry(Entry):
    label: str
    target: Target
    id: str = ""


class _StepEntry(_Numbered):
    title: str
    aim: str
    say: tuple[str, ...] = ()
    listen_for: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    leads_to: tuple[_LinkEntry, ...] = ()
    sources: tuple[str, ...] = ()


class _MomentEntry(_Numbered):
    title: str
    say: tuple[str, ...]
    avoid: tuple[str, ...]
    notes: tuple[str, ...] = ()

    _are_there = validator("say", "avoid", allow_reuse=True)(_has_lines)


class _Headings(Entry):
    headings: Mapping[str, str]
    ask_first: str

    @validator("headings")
    def _has_each(cls, headings: Mapping[str, str]) -> Mapping[str, str]:  # noqa: N805
        if missing := [name for name in HEADINGS if not headings.get(name)]:
            raise ValueError(f"has no {', '.join(missing)}: write the words of each")
        return headings

    @validator("ask_first")
    def _has_its_blank(cls, ask_first: str) -> str:  # noqa: N805
        if "{heavy}" not in ask_first:
            raise ValueError("has no blank {heavy}, which names what the answer talks about")
        return ask_first


class _Rules(Entry):
    do: tuple[str, ...]
    do_not: tuple[str, ...]
    sources: tuple[str, ...]


def read_guide(folder: Path, words: Catalog, views: Views) -> HelplineGuide:
    """Read every file of the folder helpline/ in `folder`, the folder of all answers.

    Raises:
        AnswerDataError: a file is missing or no YAML, an entry breaks its form, a topic, goal or crisis has no entry or
            two, the script has not its fourteen steps, or an entry names what does not exist.
    """
    own = folder / HELPLINE
    reader = _Reader(own, words, views)
    cards = {card.id: card for card in chain(reader.topics(), reader.goals(), reader.crises())}
    moments = tuple(HardMoment(**entry.dict()) for entry in reader.listed("hard_moments.yml", "moments", _MomentEntry))
    steps = tuple(reader.steps(cards, {moment.id for moment in moments}))
    rules = parse_entry(own / RULES_FILE, "do and do_not", _Rules, read_yaml(own / RULES_FILE))
    return HelplineGuide(
        cards=MappingProxyType(cards),
        steps=steps,
        moments=moments,
        dos=rules.do,
        donts=rules.do_not,
        rule_sources=reader.sources(own / RULES_FILE, "sources", rules.sources),
        headings=MappingProxyType(dict(reader.headings)),
        content_version=_version(folder, reader.newest),
        _families={family.title: family.topics for family in words.families.values()},
    )


@lru_cache(maxsize=1)
def helpline_guide() -> HelplineGuide:
    """The project's own guide, read once. Raises: AnswerDataError."""
    words = catalog()
    views = Views(words, words.lines.values(), partial(open_session, settings().database_url))
    return read_guide(DATA / "answers", words, views)


def sentences(text: str) -> tuple[str, ...]:
    """`text` cut where a sentence ends, each of them a breath."""
    return tuple(sentence.strip() for sentence in _SENTENCE_END.split(text.strip()) if sentence.strip())


def digits_in_groups(number: str) -> tuple[str, ...]:
    """A phone number as it is read out, with a pause after each group: ("8 0 0", "7 9 9", "7 2 3 3").

    Numbers without hyphens, such as 741741, have groups of three.
    """
    groups = re.findall(r"\d+", number) if "-" in number else re.findall(r"\d{1,3}", number)
    return tuple(" ".join(group) for group in groups)


class _Reader:
    """Reads the files of one folder of helpline data against a catalog."""

    def __init__(self, folder: Path, words: Catalog, views: Views) -> None:
        self._folder = folder
        self._words = words
        self._views = views
        told = parse_entry(folder / HEADINGS_FILE, "headings", _Headings, read_yaml(folder / HEADINGS_FILE))
        self.headings = told.headings
        self._ask_first = told.ask_first
        self.newest = max(entry.written for entry in (*words.topics.values(), *words.goals.values()))

    def topics(self) -> Iterator[HelplineCard]:
        """The cards of all topics, in the menu's order."""
        for family in self._words.families.values():
            path = self._folder / "topics" / f"{family.id}.yml"
            notes = self._notes(path, "topics", _CardNotes, family.topics)
            for topic in family.topics:
                yield self._topic(path, self._words.topics[topic], notes[topic])

    def goals(self) -> Iterator[HelplineCard]:
        """The cards of all goals, in order."""
        path = self._folder / "goals.yml"
        notes = self._notes(path, "goals", _CardNotes, tuple(self._words.goals))
        for goal in self._words.goals.values():
            yield self._goal(path, goal, notes[goal.id])

    def crises(self) -> Iterator[HelplineCard]:
        """The cards of all crises, in the order in which help is given."""
        path = self._folder / CRISIS_FILE
        crises = tuple(reply for reply in self._words.replies if reply.startswith("crisis_"))
        notes = self._notes(path, "crises", _CrisisNotes, crises)
        for crisis in crises:
            found = notes[crisis]
            for line in found.lines:
                self._known(path, crisis, line, self._views.lines)
            yield HelplineCard(
                id=crisis,
                kind="crisis",
                title=found.title,
                question=None,
                ask_first=None,
                say=tuple(self._filled(path, found, sentence) for sentence in found.say),
                simpler=(),
                questions=(),
                numbers=tuple(self._views.line(line) for line in found.lines),
                **self._shared(path, found, None),
            )

    def steps(self, cards: Mapping[str, HelplineCard], moments: set[str]) -> Iterator[ScriptStep]:
        """The script. Raises: AnswerDataError."""
        path = self._folder / "script.yml"
        entries = self.listed("script.yml", "steps", _StepEntry)
        if len(entries) != STEPS:
            raise AnswerDataError(f"{path}: the script has {len(entries)} steps; it takes {STEPS}.")
        known: Mapping[str, Any] = {"step": {entry.id for entry in entries}, "card": cards, "moment": moments}
        for number, entry in enumerate(entries, start=1):
            for link in entry.leads_to:
                if link.target in _TARGETS_WITH_ID:
                    self._known(path, entry.id, link.id, known[link.target])
                elif link.id:
                    raise AnswerDataError(f"{path}: {entry.id!r}: a way to {link.target} takes no id.")
            yield ScriptStep(
                id=entry.id,
                number=number,
                title=entry.title,
                aim=entry.aim,
                say=entry.say,
                listen_for=entry.listen_for,
                avoid=entry.avoid,
                notes=entry.notes,
                leads_to=tuple(StepLink(**link.dict()) for link in entry.leads_to),
                sources=self.sources(path, entry.id, entry.sources),
            )

    def listed(self, name: str, key: str, form: type[EntryT]) -> Sequence[EntryT]:
        """The entries of a file, in order. Raises: AnswerDataError."""
        path = self._folder / name
        entries = list(read_entries(path, read_yaml(path), key, form))
        _once(path, [entry.id for entry in entries])
        return entries

    def _notes(self, path: Path, key: str, form: type[Any], ids: Sequence[str]) -> Mapping[str, Any]:
        """The entries of a file by id: one for each of `ids`, and no other."""
        content = read_yaml(path)
        dates = {name: content.get(name) for name in _REVIEW}
        found = list(read_entries(path, content, key, form, dates))
        _once(path, [entry.id for entry in found])
        if missing := [name for name in ids if name not in {entry.id for entry in found}]:
            raise AnswerDataError(f"{path} has no entry for {', '.join(missing)}: write one for each.")
        for entry in found:
            self._known(path, entry.id, entry.id, ids)
            self.newest = max(self.newest, entry.written)
        return {entry.id: entry for entry in found}

    def _topic(self, path: Path, topic: Topic, notes: _CardNotes) -> HelplineCard:
        if bool(notes.say) != bool(notes.simpler):
            raise AnswerDataError(f"{path}: {topic.id!r} has one of `say` and `simpler`; write both or none.")
        return HelplineCard(
            id=topic.id,
            kind="topic",
            title=topic.title,
            question=topic.question,
            ask_first=self._ask_first.replace("{heavy}", topic.heavy) if topic.heavy else None,
            say=notes.say or sentences(topic.words),
            simpler=notes.simpler or sentences(topic.simpler),
            questions=(),
            numbers=(),
            **self._shared(path, notes, topic, topic.buttons),
        )

    def _goal(self, path: Path, goal: Goal, notes: _CardNotes) -> HelplineCard:
        return HelplineCard(
            id=goal.id,
            kind="goal",
            title=goal.title,
            question=None,
            ask_first=None,
            say=notes.say or sentences(goal.confirmed),
            simpler=(),
            questions=goal.questions,
            numbers=(),
            **self._shared(path, notes, goal),
        )

    def _shared(
        self, path: Path, notes: _CardNotes, answer: Topic | Goal | None, leads: Sequence[str] = ()
    ) -> dict[str, Any]:
        for topic in notes.more:
            self._known(path, notes.id, topic, self._words.topics)
        parts: Sequence[Reviewed] = [notes, answer] if answer else [notes]
        review = self._views.review(parts)
        more = (self._words.topics[topic] for topic in notes.more or leads)
        own = answer.sources if answer else ()
        return {
            "listen_for": notes.listen_for,
            "avoid": notes.avoid,
            "more": tuple(FollowUp(topic.question, topic.id) for topic in more),
            "caution": notes.caution,
            "sources": self.sources(path, notes.id, tuple(dict.fromkeys((*own, *notes.sources)))),
            "written_on": review.written_on,
            "review_due": review.review_due,
            "review_state": review.review_state,
        }

    def _filled(self, path: Path, notes: _CrisisNotes, sentence: str) -> str:
        """`sentence` with its numbers, each of a line that the card reads out."""
        try:
            blanks = [name for _, name, _, _ in Formatter().parse(sentence) if name]
        except ValueError as error:
            raise AnswerDataError(f"{path}: {notes.id!r}: a blank has no beginning or no end ({error}).") from error
        for blank in blanks:
            line, _, column = blank.partition(".")
            self._known(path, notes.id, line, notes.lines)
            if not getattr(self._views.line(line), column, None):
                raise AnswerDataError(f"{path}: {notes.id!r}: {{{blank}}}: {line!r} has no {column}.")
        if typed := re.search(r"\d[\d-]*\d{2}", re.sub(r"\{.*?\}", "", sentence)):
            raise AnswerDataError(
                f"{path}: {notes.id!r} has the number {typed[0]} typed by hand: write a blank such as {{us-988.phone}}."
            )
        return str(Formatter().vformat(sentence, (), self._views.lines))

    def sources(self, path: Path, entry: str, numbers: Sequence[str]) -> tuple[SourceView, ...]:
        """The sources with these numbers, cited by an entry of a file. Raises: AnswerDataError."""
        for number in numbers:
            self._known(path, entry, number, self._words.sources)
        return tuple(self._views.source(number) for number in numbers)

    def _known(self, path: Path, entry: str, name: str, known: Any) -> None:
        if name not in known:
            raise AnswerDataError(f"{path}: {entry!r} names {name!r}, which does not exist here.")


def _once(path: Path, ids: Sequence[str]) -> None:
    for name in ids:
        if ids.count(name) > 1:
            raise AnswerDataError(f"{path}: the id {name!r} stands twice; keep one of them.")


def _version(folder: Path, newest: Any) -> str:
    """See `HelplineGuide.content_version`."""
    content = hashlib.sha256()
    for path in sorted([*folder.rglob("*.yml"), *(folder.parent / "directory").glob("*.csv")]):
        content.update(path.relative_to(folder.parent).as_posix().encode())
        content.update(path.read_bytes())
    return f"{newest}-{content.hexdigest()[:8]}"
