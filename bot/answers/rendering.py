"""Turns an answer's id, with ids for its blanks, into a reply. No other words can come out of here.

A blank never takes a sentence. It takes the id of a topic, goal, program, office, family or state; the words that fill
the blank are read from the vetted data behind that id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from string import Formatter
from typing import Any

from bot.answers.catalog import ButtonPattern, Catalog, Line, Reply, Section, Topic
from bot.answers.views import HelpLine, ProgramView, UnknownIdError, Views
from bot.answers.web_code import read_code

Value = str | tuple[str, ...]

WEB = "web"
LONGEST_PAYLOAD = 200  # characters
_CONSENT, _WAITS = "consent", "waits_for_review"
_PROGRAM = re.compile(r"^us-[a-z0-9-]+$")
_WEB_PAGE = re.compile(r"https://[a-z0-9.-]+(:[0-9]{1,5})?|http://localhost:[0-9]{1,5}")
_PAYLOAD = re.compile(r"^/(?P<act>[a-z_]+)(?P<values>\{.*\})?$", re.DOTALL)


class UnvettedWordsError(ValueError):
    """Something tried to say words, or to fill a blank, outside the vetted data."""


@dataclass(frozen=True)
class Button:
    """A choice: the words on it, and the payload that stands for it ("/ask{"topic": "cost"}")."""

    title: str
    payload: str


@dataclass(frozen=True)
class Block:
    """Lines under a heading (None for no heading); see `bot.answers.catalog.Section`."""

    title: str | None
    lines: tuple[str, ...]
    folded: bool = False
    dialable: bool = True


@dataclass(frozen=True)
class RenderedReply:
    """What one answer says: paragraphs first, then blocks of lines, then buttons.

    `form` is the form it was asked for in, `values` are the ids that filled its blanks; `program` is the program behind
    the blank of that name; `language` is "en" or "es"; `lines` are help lines to reach with one tap, below the first
    paragraph where a channel has links.
    """

    id: str
    paragraphs: tuple[str, ...]
    blocks: tuple[Block, ...] = ()
    buttons: tuple[Button, ...] = ()
    asks: str | None = None
    ends: bool = False
    values: Mapping[str, Value] = field(default_factory=dict)
    program: ProgramView | None = None
    language: str = "en"
    lines: tuple[HelpLine, ...] = ()
    form: str = "words"

    @property
    def text(self) -> str:
        """The whole reply as plain text; lines of a block start with "- "."""
        parts = ["\n".join(self.paragraphs)] if self.paragraphs else []
        for block in self.blocks:
            heading = [f"{block.title}:"] if block.title else []
            parts.append("\n".join(heading + [f"- {line}" for line in block.lines]))
        return "\n\n".join(parts)


# How a channel says an answer: takes the reply of the web and its form ("words", "simpler" or "shorter").
ChannelForm = Callable[[RenderedReply, str], RenderedReply]


class Renderer:
    """Fills answers of a catalog with vetted data. A topic that waits for a new review is not said.

    Args:
        catalog: the vetted words.
        views: what fills their blanks.
        channels: by name, the channels that say answers in a form of their own.

    Attributes:
        today: gives the day that reviews are held against.
    """

    def __init__(
        self,
        catalog: Catalog,
        views: Views,
        channels: Mapping[str, ChannelForm] | None = None,
        today: Callable[[], date] = date.today,
    ) -> None:
        self._catalog = catalog
        self._channels = dict(channels or {})
        self._views = views
        self.today = today
        self._resolvers: Mapping[str, Callable[[str], Any]] = {
            "topic": views.topic,
            "goal": views.goal,
            "program": views.program,
            "office": views.office,
            "state": views.state,
            "family": views.family,
            "web_page": _web_page,
            "web_code": _web_code,
        }
        # For each act the sets of values that its buttons carry.
        self._acts: dict[str, set[frozenset[str]]] = {"ask": {frozenset({"topic"})}, "open_chat": {frozenset()}}
        for reply in catalog.replies.values():
            for button in reply.buttons:
                if button.act:
                    self._acts.setdefault(button.act, set()).add(frozenset(button.values))
        self._titles = self._title_payloads()

    def render(
        self, answer: str, values: Mapping[str, Value] | None = None, form: str = "words", channel: str = WEB
    ) -> RenderedReply:
        """The reply with this id, as a channel says it; in place of an expired topic, that it waits for review.

        Args:
            answer: id of a topic or of a reply.
            values: an id, or a tuple of ids, for each blank that the reply declares.
            form: "words", or "simpler" (topics), or "shorter" (replies that have such a form).
            channel: where it is said; what has no form of its own for a channel is said as on the web.

        Raises:
            UnvettedWordsError: no such answer, a blank it does not have, or an id that does not exist.
        """
        reply = self._render(answer, dict(values or {}), form)
        said_in = self._channels.get(channel)
        return said_in(reply, form) if said_in else reply

    def _render(self, answer: str, values: Mapping[str, Value], form: str) -> RenderedReply:
        topic = self._catalog.topics.get(answer)
        if topic:
            if values or form not in ("words", "simpler"):
                raise UnvettedWordsError(f"the topic {answer!r} takes no values and no form {form!r}")
            if self._waits_for_review(topic):
                return self._render(_WAITS, {"topic": answer}, "words")
            return self._render_topic(topic, form)
        reply = self._catalog.replies.get(answer)
        pattern = {"words": reply.words, "shorter": reply.shorter}.get(form) if reply else None
        if reply is None or pattern is None:
            raise UnvettedWordsError(f"there is no answer {answer!r} in the form {form!r}")
        if set(values) != set(reply.blanks):
            raise UnvettedWordsError(f"{answer!r} takes values for {sorted(reply.blanks)}, not {sorted(values)}")
        if answer == _CONSENT and self._waits_for_review(self._catalog.find_topic(str(values["topic"]))):
            answer, reply = _WAITS, self._catalog.replies[_WAITS]  # nobody is asked to agree to what is not said
            pattern = reply.words
        filled = {blank: self._resolve(kind, values[blank]) for blank, kind in reply.blanks.items()}
        filled |= self._views.lines
        words = _fill(pattern, filled)
        return RenderedReply(
            id=answer,
            paragraphs=tuple(p.strip() for p in str(words).split("\n\n") if p.strip()),
            blocks=tuple(self._blocks(reply, filled)),
            buttons=tuple(self._buttons(reply, filled)),
            asks=reply.asks,
            ends=reply.ends,
            values=values,
            program=filled.get("program"),
            language=reply.language,
            lines=tuple(self._views.line(line) for line in reply.lines),
            form=form,
        )

    def page_words(self, **numbers: int) -> Mapping[str, str]:
        """The fixed words of the web page, by name; `numbers` fill the blanks of these names."""
        blanks = {**self._views.lines, **numbers}
        return {name: str(_fill(str(text), blanks)) for name, text in self._catalog.page.items()}

    def _waits_for_review(self, topic: Topic | None) -> bool:
        return topic is not None and not topic.always_shown and topic.is_expired(self.today())

    @staticmethod
    def looks_like_payload(text: str) -> bool:
        """Whether `text` has the form of a payload with values, which nobody types by chance."""
        found = _PAYLOAD.match(text)
        return bool(found and found["values"])

    def is_payload(self, text: str) -> bool:
        """Whether `text` is a payload that a button of ours can carry. A program's id is held against its form only."""
        found = _PAYLOAD.match(text) if len(text) <= LONGEST_PAYLOAD else None
        if not found:
            return False
        try:
            values = json.loads(found["values"] or "{}")
        except ValueError:
            return False
        return frozenset(values) in self._acts.get(found["act"], ()) and all(
            self._is_value(name, value) for name, value in values.items()
        )

    def payload_for_title(self, text: str) -> str | None:
        """The payload that the title `text` stands for wherever it is seen, or of the topic whose question it is."""
        return self._titles.get(plain(text))

    def _title_payloads(self) -> Mapping[str, str]:
        acts: dict[str, set[str]] = {}
        for reply in self._catalog.replies.values():
            for button in reply.buttons:
                if button.act and not button.each and "{" not in "".join((str(button.title), *button.values.values())):
                    acts.setdefault(plain(str(button.title)), set()).add(_payload(button.act, button.values))
        # A title that stands for different acts in different places is understood where it was seen.
        titles = {title: payloads.pop() for title, payloads in acts.items() if len(payloads) == 1}
        for goal in self._catalog.goals.values():
            titles[plain(goal.title)] = _payload("share_goals", {"goal": goal.id})
        for topic in self._catalog.topics.values():
            titles[plain(topic.title)] = titles[plain(topic.question)] = _topic_payload(topic.id)
        return titles

    def _is_value(self, name: str, value: object) -> bool:
        if name == "again":
            return value == "yes"
        if name == "card":
            return isinstance(value, str) and value in self._catalog.replies
        if name == "program":
            return isinstance(value, str) and bool(_PROGRAM.match(value))
        if not isinstance(value, str):
            return False
        try:
            self._resolvers[name](value)
        except UnknownIdError:
            return False
        return True

    def _resolve(self, kind: str, value: Value) -> Any:
        single = kind.removesuffix("s")
        try:
            if kind in self._resolvers and isinstance(value, str):
                return self._resolvers[kind](value)
            if single in self._resolvers and not isinstance(value, str):
                return tuple(self._resolvers[single](one) for one in value)
        except UnknownIdError as error:
            raise UnvettedWordsError(str(error)) from error
        raise UnvettedWordsError(f"{value!r} is no value for a blank of the kind {kind!r}")

    def _render_topic(self, topic: Topic, form: str) -> RenderedReply:
        leads = [Button(self._catalog.topics[lead].title, _topic_payload(lead)) for lead in topic.buttons]
        words = topic.words if form == "words" else topic.simpler
        tail = self._buttons(self._catalog.replies["after_topic"], {})
        return RenderedReply(topic.id, (words.strip(),), buttons=(*leads, *tail), form=form)

    def _blocks(self, reply: Reply, filled: Mapping[str, Any]) -> Iterator[Block]:
        for section in reply.sections:
            lines = tuple(self._lines(section, filled))
            if lines:
                yield Block(section.title, lines, section.folded, section.dialable)

    def _lines(self, section: Section, filled: Mapping[str, Any]) -> Iterator[str]:
        for context, _ in self._each(section.each, filled):
            for line in section.lines:
                words = _fill(line.line, context) if isinstance(line, Line) else _fill(line, context)
                if words is None and isinstance(line, Line):
                    words = _fill(line.otherwise, context)
                if isinstance(words, tuple):
                    yield from words
                elif words is not None:
                    yield words

    def _buttons(self, reply: Reply, filled: Mapping[str, Any]) -> Iterator[Button]:
        for button in reply.buttons:
            if button.topic:
                yield Button(button.title or self._catalog.topics[button.topic].title, _topic_payload(button.topic))
                continue
            left_out = {one.id for one in filled[button.without]} if button.without else set()
            for context, item in self._each(button.each, filled):
                if getattr(item, "id", None) not in left_out:
                    yield self._act_button(button, context)

    def _act_button(self, button: ButtonPattern, context: Mapping[str, Any]) -> Button:
        values = {name: str(_fill(value, context)) for name, value in button.values.items()}
        act = str(button.act)
        payload = _topic_payload(values["topic"]) if act == "ask" else _payload(act, values)
        return Button(str(_fill(str(button.title), context)), payload)

    def _each(self, each: str | None, filled: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Any]]:
        """The blanks to fill a pattern with, and the item it is filled for: once, or once for each item of `each`.

        `each` names a blank that holds many ("goals"), a list within a blank ("topic.sources"), all there are
        ("all_goals", "families"), or help lines by their ids ("lines us-911 us-988").
        """
        if each is None:
            yield filled, None
            return
        kind, *ids = each.split()
        items: Iterable[Any]
        if kind == "lines":
            name, items = "line", [self._views.line(one) for one in ids]
        elif kind == "all_goals":
            name, items = "goal", [self._views.goal(one) for one in self._catalog.goals]
        elif kind == "families":
            name, items = "family", [self._views.family(one) for one in self._catalog.families]
        else:
            blank, _, attribute = kind.partition(".")
            items = getattr(filled[blank], attribute) if attribute else filled[blank]
            name = (attribute or blank).removesuffix("s")
        for item in items:
            yield {**filled, name: item}, item


def plain(text: str) -> str:
    """`text` in lower case with only letters, digits and single blanks: how typed words are held against titles."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold().replace("'", "").replace("\u2019", "")))


def _web_page(address: str) -> str:
    if not _WEB_PAGE.fullmatch(address):
        raise UnknownIdError(f"{address!r} is no address of a web page of ours")
    return address


def _web_code(code: str) -> str:
    if read_code(code) != code:
        raise UnknownIdError("what was given is no code of ours")
    return code


def _payload(act: str, values: Mapping[str, str]) -> str:
    return f"/{act}{json.dumps(dict(values))}" if values else f"/{act}"


def _topic_payload(topic: str) -> str:
    # Finding a program is an act with an answer of its own, so that it can ask for the state.
    return "/find_program" if topic == "find_program" else _payload("ask", {"topic": topic})


def _fill(pattern: str, context: Mapping[str, Any]) -> Any:
    """`pattern` with its blanks filled; None when a blank is empty; a tuple when it is one blank that holds many."""
    pieces: list[str] = []
    for literal, name, _, _ in Formatter().parse(pattern):
        pieces.append(literal)
        if name is None:
            continue
        value, _ = Formatter().get_field(name, (), context)
        if value is None or value in ("", ()):
            return None
        if isinstance(value, tuple):
            if pattern == f"{{{name}}}":
                return value
            raise UnvettedWordsError(f"the blank {name!r} holds a list, which needs a line of its own")
        pieces.append(str(value))
    return "".join(pieces)
