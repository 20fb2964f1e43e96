"""The vetted words as typed data, read from bot/data/answers and checked when they are read."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, Extra, Field, ValidationError

from bot.directory.importer import read_resources
from bot.directory.rows import ResourceRow
from bot.settings import DATA

# Kinds of blanks: what the ids that fill them name.
BLANKS = frozenset(
    {"topic", "topics", "goal", "goals", "program", "programs", "office", "state", "states", "family"}
    | {"web_page", "web_code"}  # an address of ours, and a code that we made
)
# What `each` may name beside a blank: everything of a kind, or help lines by their ids.
ALL_THERE_ARE = ("all_goals", "families", "lines")
# A blank such as {us-988.phone} takes what stands in this column of the help line's row in resources.csv.
LINE_PREFIX = "us-"
LINE_COLUMNS = ("name", "phone", "text_number", "text_keyword", "tty", "chat_url", "hours")
CRISIS_FILE = "crisis.yml"
_TYPED_NUMBER = re.compile(r"\d[\d-]*\d{2}")

EntryT = TypeVar("EntryT", bound=BaseModel)
ReviewedT = TypeVar("ReviewedT", bound="Reviewed")


class AnswerDataError(ValueError):
    """A file of answers cannot be used; the message names the file, the entry and the reason."""


class Entry(BaseModel):
    """What stands in a file of answers; a field that it does not have is refused."""

    class Config:
        extra = Extra.forbid
        frozen = True


class Source(Entry):
    """Where a fact was read: title, address (None for the source document), printed and seen dates, kind."""

    title: str
    address: str | None
    printed: str | None
    seen: date
    kind: Literal["official", "professional", "research", "summary", "seed"]


class Reviewed(Entry):
    """What every piece of vetted content carries: who reviewed it (None until a person has) and its dates."""

    id: str = Field(regex=r"^[a-z][a-z0-9_]*$")
    reviewed_by: str | None
    written: date
    review_by: date

    def is_expired(self, today: date) -> bool:
        """Whether the day by which it was to be reviewed again has passed."""
        return self.review_by < today


class Topic(Reviewed):
    """One answer about victim-offender mediation.

    `heavy` is None, or the plain label that completes "The next part talks about ...": such a topic is read only
    after consent. `buttons` are ids of the topics that lead on. A topic that is `always_shown` is help: it is said even
    where it should have been reviewed again, because an old number helps more than none.
    """

    title: str
    question: str
    words: str
    simpler: str
    heavy: str | None
    buttons: tuple[str, ...]
    sources: tuple[str, ...]
    always_shown: bool = False


class Goal(Reviewed):
    """One hope that survivors bring, how far it is in the other person's hands, and questions for a mediator."""

    title: str
    depends_on_them: Literal["high", "medium", "low", "none"]
    confirmed: str
    questions: tuple[str, str, str]
    sources: tuple[str, ...]


class Line(Entry):
    """A line that has other words when one of its blanks is empty."""

    line: str
    otherwise: str


class Section(Entry):
    """Lines under a heading, written once, or once for each item of the blank that `each` names.

    `folded` lines wait below their heading where a channel can fold; elsewhere they are shown. Numbers in lines that
    are not `dialable` are no links: notes name numbers that are out of date.
    """

    title: str | None
    each: str | None
    folded: bool = False
    dialable: bool = True
    lines: tuple[Line | str, ...]


class ButtonPattern(Entry):
    """A button: a topic, or an act with its title; `each` makes one for every item of a blank."""

    topic: str | None
    act: str | None
    title: str | None
    each: str | None
    without: str | None
    values: Mapping[str, str] = {}


class Reply(Reviewed):
    """Words of the dialogue itself. `blanks` names what may be filled in, and of which kind it is.

    Blanks such as {us-988.phone} are filled from the rows of the help lines, and need no entry in `blanks`. `lines` are
    ids of the help lines that stand beside the words for tapping, in this order.

    `shorter` is what is said in their place when they were read before in the same conversation.
    `language` is that of the words and buttons, as HTML writes it. Words in another language than English name their
    `sources`, because fewer people here can check them at a glance.
    """

    words: str
    shorter: str | None
    blanks: Mapping[str, str] = {}
    lines: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    buttons: tuple[ButtonPattern, ...] = ()
    asks: Literal["goals", "state", "confirm", "consent"] | None = None
    ends: bool = False
    language: Literal["en", "es"] = "en"
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """A family of topics: the file's name, its title for the menu, and its topics in order."""

    id: str
    title: str
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Catalog:
    """All vetted words. The keys of each mapping are ids."""

    topics: Mapping[str, Topic]
    goals: Mapping[str, Goal]
    replies: Mapping[str, Reply]
    families: Mapping[str, Family]
    sources: Mapping[str, Source]
    words_for: Mapping[str, str | None]
    phrases: Mapping[str, str]
    page: Mapping[str, str]
    lines: Mapping[str, ResourceRow]

    def find_topic(self, topic: str | None) -> Topic | None:
        """The topic with this id, or None."""
        return self.topics.get(topic) if topic else None


def read_catalog(folder: Path, directory: Path = DATA / "directory") -> Catalog:
    """Read every file of answers below `folder`, and the help lines from resources.csv in `directory`.

    Raises:
        AnswerDataError: a file is missing or no YAML, an entry breaks its form, an id stands twice, an entry names a
            topic, source, blank or help line that does not exist, or a crisis reply has a number typed by hand.
        DirectoryDataError: resources.csv has problems.
    """
    lines = {row.id: row for row in read_resources(directory)}
    topics: dict[str, Topic] = {}
    families: dict[str, Family] = {}
    for path in sorted((folder / "topics").glob("*.yml")):
        content = read_yaml(path)
        members = list(read_entries(path, content, "topics", Topic))
        _add(path, topics, members)
        families[path.stem] = Family(path.stem, str(content.get("title", path.stem)), tuple(m.id for m in members))
    order = read_yaml(folder / "dialogue.yml").get("menu", [])
    if sorted(order) != sorted(families):
        raise AnswerDataError(f"{folder / 'dialogue.yml'}: `menu` must name each file of topics/ once; it is {order}.")
    families = {name: families[name] for name in order}

    goals: dict[str, Goal] = {}
    path = folder / "goals.yml"
    _add(path, goals, read_entries(path, read_yaml(path), "goals", Goal))
    replies: dict[str, Reply] = {}
    for name in ("dialogue.yml", "handover.yml", CRISIS_FILE, "spanish.yml", "page.yml", "messenger.yml"):
        path = folder / name
        content = read_yaml(path)
        dates = {key: content.get(key) for key in ("reviewed_by", "written", "review_by")}
        spoken = list(read_entries(path, content, "replies", Reply, dates))
        for reply in spoken:
            _check_lines(path, reply, lines)
        _add(path, replies, spoken)
    sources_file = folder / "sources.yml"
    sources = {
        number: parse_entry(sources_file, number, Source, entry)
        for number, entry in read_yaml(sources_file).get("sources", {}).items()
    }
    plain = read_yaml(folder / "words.yml")
    page = read_yaml(folder / "page.yml").get("page", {})
    for name, text in page.items():
        _check_line_blanks(folder / "page.yml", name, str(text), lines)
    phrases = plain.get("phrases", {})
    read = Catalog(topics, goals, replies, families, sources, plain.get("words", {}), phrases, page, lines)
    _check_names(folder, read)
    return read


@lru_cache(maxsize=1)
def catalog() -> Catalog:
    """The project's own catalog, read once."""
    return read_catalog(DATA / "answers")


def _check_names(folder: Path, read: Catalog) -> None:
    clash = sorted(set(read.topics) & set(read.replies))
    if clash:
        raise AnswerDataError(f"{folder}: {', '.join(clash)} are ids of a topic and of a reply; rename one.")
    for topic in read.topics.values():
        _known(folder, topic.id, topic.buttons, read.topics)
        _known(folder, topic.id, topic.sources, read.sources)
    for goal in read.goals.values():
        _known(folder, goal.id, goal.sources, read.sources)
    for reply in read.replies.values():
        _known(folder, reply.id, reply.blanks.values(), BLANKS)
        _known(folder, reply.id, reply.sources, read.sources)
        if reply.language != "en" and not reply.sources:
            raise AnswerDataError(f"{folder}: {reply.id!r} is not in English and names no `sources`.")
        each = [s.each for s in reply.sections if s.each] + [b.each for b in reply.buttons if b.each]
        _known(folder, reply.id, (name.split()[0].partition(".")[0] for name in each), {*reply.blanks, *ALL_THERE_ARE})
        _known(folder, reply.id, (button.without for button in reply.buttons if button.without), reply.blanks)
        _known(folder, reply.id, [b.topic for b in reply.buttons if b.topic], read.topics)
        for button in reply.buttons:
            if bool(button.topic) == bool(button.act):
                raise AnswerDataError(f"{folder}: a button of {reply.id!r} takes either a topic or an act.")
            if button.act and not button.title:
                raise AnswerDataError(f"{folder}: the button {button.act!r} of {reply.id!r} has no title.")


def _check_lines(path: Path, reply: Reply, lines: Mapping[str, ResourceRow]) -> None:
    """What a reply says of help lines is in their rows; a crisis reply takes every number from its own lines.

    Raises:
        AnswerDataError: a line or its number is unknown, or a number in a crisis reply does not come from its `lines`.
    """
    for name in reply.lines:
        if name not in lines:
            raise AnswerDataError(f"{path}: {reply.id!r} names the line {name!r}, which is not in resources.csv.")
        if not lines[name].is_help_line:
            raise AnswerDataError(f"{path}: {reply.id!r} names the line {name!r}, which has no phone, text or chat.")
    texts = [reply.words]
    for section in reply.sections:
        texts.append(section.title or "")
        for line in section.lines:
            texts += [line.line, line.otherwise] if isinstance(line, Line) else [line]
    named = {line for text in texts for line in _check_line_blanks(path, reply.id, text, lines)}
    if path.name != CRISIS_FILE:
        return
    if not reply.lines:
        raise AnswerDataError(f"{path}: {reply.id!r} names no `lines`: write the ids of its help lines.")
    if missing := sorted(named - set(reply.lines)):
        raise AnswerDataError(f"{path}: {reply.id!r} has a number of {', '.join(missing)}: add it to its `lines`.")
    for text in [*texts, *(button.title or "" for button in reply.buttons)]:
        typed = _TYPED_NUMBER.search("".join(literal for literal, *_ in Formatter().parse(text)))
        if typed:
            raise AnswerDataError(
                f"{path}: {reply.id!r} has the number {typed[0]} typed by hand: name its line in `lines`, and write a "
                "blank such as {us-988.phone}, so that it is the one of resources.csv."
            )


def _check_line_blanks(path: Path, entry: str, text: str, lines: Mapping[str, ResourceRow]) -> set[str]:
    """The help lines that the blanks of `text` name.

    Raises:
        AnswerDataError: a brace has no partner, or a blank names an unknown line or what its row does not have.
    """
    try:
        blanks = [name for _, name, _, _ in Formatter().parse(text) if name]
    except ValueError as error:
        raise AnswerDataError(f"{path}: {entry!r}: a blank has no beginning or no end ({error}).") from error
    named = set()
    for blank in blanks:
        line, _, column = blank.partition(".")
        if not line.startswith(LINE_PREFIX):
            continue
        if line not in lines:
            raise AnswerDataError(f"{path}: {entry!r} names the line {line!r}, which is not in resources.csv.")
        if column not in LINE_COLUMNS:
            raise AnswerDataError(f"{path}: {entry!r}: {{{blank}}} takes one of {', '.join(LINE_COLUMNS)}.")
        if not getattr(lines[line], column):
            raise AnswerDataError(f"{path}: {entry!r}: {{{blank}}}: {line!r} has no {column} in resources.csv.")
        named.add(line)
    return named


def _known(folder: Path, entry: str, named: Iterable[str], known: Container[str]) -> None:
    for name in named:
        if name not in known:
            raise AnswerDataError(f"{folder}: {entry!r} names {name!r}, which does not exist.")


def read_yaml(path: Path) -> Mapping[str, Any]:
    """The named sections of a file. Raises: AnswerDataError."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AnswerDataError(f"{path} is missing.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise AnswerDataError(f"{path} is not readable YAML: {error}") from error
    if not isinstance(content, dict):
        raise AnswerDataError(f"{path} must hold named sections, for example `topics:`.")
    return content


def parse_entry(path: Path, entry: str, model: type[EntryT], content: Any) -> EntryT:
    """What stands in a file, in its form; `entry` is its name in the message. Raises: AnswerDataError."""
    try:
        return model.parse_obj(content)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise AnswerDataError(f"{path}: {entry!r}: {place}: {problem['msg']}.") from error


def read_entries(
    path: Path, content: Mapping[str, Any], key: str, model: type[EntryT], shared: Mapping[str, Any] | None = None
) -> Iterator[EntryT]:
    """The entries of the list `key` of a file; `shared` are the values that stand once at the file's top.

    Raises: AnswerDataError.
    """
    for number, entry in enumerate(content.get(key) or (), start=1):
        name = str(entry.get("id", f"entry {number}")) if isinstance(entry, dict) else f"entry {number}"
        yield parse_entry(path, name, model, {**(shared or {}), **entry} if isinstance(entry, dict) else entry)


def _add(path: Path, known: dict[str, ReviewedT], entries: Iterable[ReviewedT]) -> None:
    for entry in entries:
        if entry.id in known:
            raise AnswerDataError(f"{path}: the id {entry.id!r} stands twice; give one of them another id.")
        known[entry.id] = entry
