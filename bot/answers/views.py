"""What the blanks of an answer can show: vetted data as short plain fields, each a string, a tuple of them, or None."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeVar

import us
from sqlalchemy.orm import Session

from bot.answers.catalog import Catalog, Reviewed
from bot.directory import lookup
from bot.directory.models import Office, Program
from bot.directory.rows import ResourceRow

OpenSession = Callable[[], AbstractContextManager[Session]]
FoundT = TypeVar("FoundT")

FEDERAL = "US"
ROUND_THE_CLOCK = "24/7"
_LONGEST_SHORT_NUMBER = 3  # digits, as of 911 and 988


class UnknownIdError(LookupError):
    """An id names nothing in the vetted data."""


@dataclass(frozen=True)
class StateView:
    """A state, territory or the federal system; `code` is the USPS code, or "US" for the federal system."""

    id: str
    code: str
    name: str


@dataclass(frozen=True)
class SourceView:
    """A source's title and its address, or the kind of document it is where it has none."""

    title: str
    address: str


@dataclass(frozen=True)
class ReviewView:
    """The days of vetted words, as a person reads them, and who has reviewed them."""

    written_on: str
    review_due: str
    review_state: str


@dataclass(frozen=True)
class TopicView:
    """A topic as the dialogue speaks of it."""

    id: str
    title: str
    heavy: str | None
    written_on: str
    review_due: str
    review_state: str
    sources: tuple[SourceView, ...]


@dataclass(frozen=True)
class GoalView:
    """A goal, with how far it is in the other person's hands."""

    id: str
    title: str
    confirmed: str
    dependence: str
    questions: tuple[str, ...]


@dataclass(frozen=True)
class FamilyView:
    """A family of topics with its title."""

    id: str
    title: str
    topics: tuple[TopicView, ...]


@dataclass(frozen=True)
class TapLink:
    """A way to reach a help line with one tap.

    Attributes:
        way: "call", "text" or "chat".
        title: the words on it ("Text HOME to 741741").
        address: what it opens ("sms:741741?&body=HOME").
    """

    way: Literal["call", "text", "chat"]
    title: str
    address: str


@dataclass(frozen=True)
class HelpLine:
    """A national help line or organization. Fields that have a column's name show what stands there.

    Attributes:
        known_as: what it is called in a few words: its number where that is a short one ("988"), otherwise its name.
        caution: what to know before trying: what is uncertain about it, or that it does not always answer.
        reach_by: all ways to reach it, in one line of plain text, with the caution.
        summary: its name and `reach_by`.
        links: the ways to reach it with one tap; the body of a text message is filled in.
    """

    id: str
    name: str
    purpose: str
    phone: str | None
    text_number: str | None
    text_keyword: str | None
    tty: str | None
    chat_url: str | None
    hours: str | None
    known_as: str
    caution: str | None
    reach_by: str
    summary: str
    links: tuple[TapLink, ...]
    last_seen: str


@dataclass(frozen=True)
class ContactView:
    """What a program and an office have in common."""

    id: str
    state: str
    name: str
    operator: str | None
    phone: str | None
    toll_free_phone: str | None
    tty: str | None
    email: str | None
    url: str | None
    no_contact: str | None
    notes: str | None
    last_seen: str
    page: str
    page_date: str
    checked: str


@dataclass(frozen=True)
class ProgramView(ContactView):
    """A program as its card shows it."""

    operator_kind: str | None
    service_area: str | None
    takes: str | None
    excludes: str | None
    started_by: str | None
    ways: str | None
    conviction: str | None
    appeal_policy: str | None
    effect: str | None
    cost: str | None
    languages: str | None
    mailing_address: str | None
    reach_by: str


@dataclass(frozen=True)
class OfficeView(ContactView):
    """A state's victim-services office as its card shows it."""

    what_for: str | None


class Views:
    """Finds vetted data by id.

    Args:
        catalog: the vetted words.
        resources: the national help lines, from their file, so that they are there when a database is not.
        open_session: opens a session on the directory.
    """

    def __init__(self, catalog: Catalog, resources: Iterable[ResourceRow], open_session: OpenSession) -> None:
        self._catalog = catalog
        self._open_session = open_session
        self._lines = {row.id: self._help_line(row) for row in resources}

    @property
    def lines(self) -> Mapping[str, HelpLine]:
        """All help lines and national organizations, by id."""
        return self._lines

    def topic(self, topic: str) -> TopicView:
        """The topic with this id. Raises: UnknownIdError."""
        found = _known(self._catalog.topics, topic)
        review = self.review([found])
        return TopicView(
            id=found.id,
            title=found.title,
            heavy=found.heavy,
            written_on=review.written_on,
            review_due=review.review_due,
            review_state=review.review_state,
            sources=tuple(self.source(number) for number in found.sources),
        )

    def source(self, number: str) -> SourceView:
        """The source with this number. Raises: UnknownIdError."""
        found = _known(self._catalog.sources, number)
        return SourceView(found.title, found.address or self._phrase("no_address"))

    def review(self, parts: Sequence[Reviewed]) -> ReviewView:
        """The review of words that stand in several parts: written when the last one was, due when the first one is."""
        reviewers = [part.reviewed_by for part in parts]
        return ReviewView(
            written_on=_day(max(part.written for part in parts)),
            review_due=_day(min(part.review_by for part in parts)),
            review_state=(
                self._phrase("reviewed_by", reviewer=", ".join(dict.fromkeys(map(str, reviewers))))
                if all(reviewers)
                else self._phrase("not_reviewed")
            ),
        )

    def goal(self, goal: str) -> GoalView:
        """The goal with this id. Raises: UnknownIdError."""
        found = _known(self._catalog.goals, goal)
        dependence = self._phrase(f"depends_{found.depends_on_them}")
        return GoalView(found.id, found.title, found.confirmed, dependence, found.questions)

    def family(self, family: str) -> FamilyView:
        """The family of topics with this id. Raises: UnknownIdError."""
        found = _known(self._catalog.families, family)
        return FamilyView(found.id, found.title, tuple(self.topic(topic) for topic in found.topics))

    def state(self, code: str) -> StateView:
        """The state with this USPS code, or "US" for the federal system. Raises: UnknownIdError."""
        if code == FEDERAL:
            return StateView(code, code, self._catalog.phrases["federal_system"])
        found = us.states.lookup(code, field="abbr") if re.fullmatch("[A-Z]{2}", code) else None
        if found is None:
            raise UnknownIdError(f"no state has the code {code!r}")
        return StateView(code, code, found.name)

    def line(self, line: str) -> HelpLine:
        """The help line with this id. Raises: UnknownIdError."""
        return _known(self._lines, line)

    def program(self, program: str) -> ProgramView:
        """The program with this id. Raises: UnknownIdError, DirectoryUnavailable."""
        with self._open_session() as session:
            found = lookup.program(session, program)
            if found is None:
                raise UnknownIdError(f"no program has the id {program!r}")
            return self._program(found)

    def office(self, office: str) -> OfficeView:
        """The office with this id. Raises: UnknownIdError, DirectoryUnavailable."""
        with self._open_session() as session:
            found = lookup.office(session, office)
            if found is None:
                raise UnknownIdError(f"no office has the id {office!r}")
            return OfficeView(**self._contact(found, None), what_for=found.what_for)

    def _program(self, found: Program) -> ProgramView:
        contact = self._contact(found, found.mailing_address)
        return ProgramView(
            **contact,
            operator_kind=self._catalog.words_for[found.operator_type],
            service_area="; ".join(found.service_area) or None,
            takes=self._listed(found.case_types),
            excludes=self._listed(found.excluded_case_types),
            started_by=self._phrase("started_by_victim") if found.victim_initiated == "yes" else None,
            ways=self._listed(found.formats),
            conviction=self._choice("conviction", found.requires_conviction),
            appeal_policy=found.appeal_policy,
            effect=self._choice("effect", found.affects_parole_or_sentence),
            cost=self._choice("cost", found.cost),
            languages=", ".join(found.languages) or None,
            mailing_address=found.mailing_address,
            reach_by="; ".join(self._ways_to_reach(found)) or self._phrase("nothing_to_reach"),
        )

    def _contact(self, found: Program | Office, mailing_address: str | None) -> dict[str, Any]:
        reachable = any((found.phone, found.toll_free_phone, found.email, mailing_address))
        return {
            "id": found.id,
            "state": found.state,
            "name": found.name,
            "operator": found.operator,
            "phone": _phone(found.phone),
            "toll_free_phone": _phone(found.toll_free_phone),
            "tty": _phone(found.tty),
            "email": found.email,
            "url": found.url,
            "no_contact": None if reachable else self._phrase("no_contact"),
            "notes": found.notes,
            "last_seen": _day(found.last_seen),
            "page": found.sources[0],
            "page_date": (
                self._phrase("page_dated", date=_day(found.page_dated))
                if found.page_dated
                else self._phrase("page_undated")
            ),
            "checked": self._phrase(f"checked_{found.verification}"),
        }

    def _help_line(self, row: ResourceRow) -> HelpLine:
        phrase = self._phrase
        ways = []
        if row.phone:
            ways.append(phrase("call", number=_phone(row.phone)))
        if row.text_number and row.text_keyword:
            ways.append(phrase("text_keyword", keyword=row.text_keyword, number=_phone(row.text_number)))
        elif row.text_number:
            ways.append(phrase("text", number=_phone(row.text_number)))
        if row.tty:
            ways.append(phrase("tty", number=_phone(row.tty)))
        if row.chat_url:
            ways.append(phrase("chat", address=row.chat_url))
        if not ways:
            ways.append(phrase("page", address=row.url))
        caution = row.uncertain or (row.hours if row.hours != ROUND_THE_CLOCK else None)
        reach_by = ", ".join([*ways, caution] if caution else ways)
        known_as = row.phone if row.phone and len(row.phone) <= _LONGEST_SHORT_NUMBER else row.name
        return HelpLine(
            id=row.id,
            name=row.name,
            purpose=row.purpose,
            phone=_phone(row.phone),
            text_number=_phone(row.text_number),
            text_keyword=row.text_keyword,
            tty=_phone(row.tty),
            chat_url=row.chat_url,
            hours=row.hours,
            known_as=known_as,
            caution=caution,
            reach_by=reach_by,
            summary=phrase("help_line", name=row.name, ways=reach_by),
            links=tuple(self._tap_links(row, known_as)),
            last_seen=_day(row.last_seen),
        )

    def _tap_links(self, row: ResourceRow, known_as: str) -> Iterable[TapLink]:
        phrase = self._phrase
        if row.phone:
            yield TapLink("call", phrase("tap_call", number=_phone(row.phone)), f"tel:{_dialed(row.phone)}")
        if row.text_number and row.text_keyword:
            title = phrase("tap_text_keyword", keyword=row.text_keyword, number=_phone(row.text_number))
            # Phones differ in the sign before the body; this form is read by both Android and iOS.
            yield TapLink("text", title, f"sms:{_dialed(row.text_number)}?&body={row.text_keyword}")
        elif row.text_number:
            title = phrase("tap_text", number=_phone(row.text_number))
            yield TapLink("text", title, f"sms:{_dialed(row.text_number)}")
        if row.chat_url:
            yield TapLink("chat", phrase("tap_chat", name=known_as), row.chat_url)

    def _ways_to_reach(self, found: Program | Office) -> Iterable[str]:
        for number in (found.phone, found.toll_free_phone):
            if number:
                yield self._phrase("phone", number=_phone(number))
        if found.email:
            yield self._phrase("email", address=found.email)
        if found.url:
            yield self._phrase("page", address=found.url)
        if isinstance(found, Program) and found.mailing_address:
            yield self._phrase("mail", address=found.mailing_address)

    def _listed(self, codes: Iterable[str]) -> str | None:
        return ", ".join(self._catalog.words_for[code] or code for code in codes) or None

    def _choice(self, name: str, value: str | None) -> str | None:
        return self._catalog.phrases.get(f"{name}_{value}") if value else None

    def _phrase(self, name: str, /, **values: str | None) -> str:
        return self._catalog.phrases[name].format(**values)


def _known(known: Mapping[str, FoundT], name: str) -> FoundT:
    if name not in known:
        raise UnknownIdError(f"nothing has the id {name!r}")
    return known[name]


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _phone(number: str | None) -> str | None:
    """The way a person in the United States reads a number: "1-800-778-1182"; short codes stay as they are."""
    return number.removeprefix("+") if number else None


def _dialed(number: str) -> str:
    """The digits that a phone dials: "+18007781182", "988"."""
    return number.replace("-", "")
