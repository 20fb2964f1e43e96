"""What many people send through Messenger in a load test, and what each of them has to be answered."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bot.answers.catalog import catalog
from bot.answers.messenger import MESSENGER
from bot.channels.messenger.stand_in import StandIn
from bot.engine.gate import renderer

Event = dict[str, Any]

# Topics that are said at once, without a question before them.
TOPICS = ("cost", "how_long", "preparation", "support_person", "formats", "surrogate", "voluntary_stop_anytime",
          "confidentiality", "who_starts", "change_my_mind", "appeals", "outside_courts")  # fmt: skip
DANGER = "I want to die"
CRISIS = "crisis_suicide"
OPENING, ATTACHMENT, ERASED = "messenger_opening", "messenger_attachment", "erased"

MALFORMED = 1 / 20  # of all events
DUPLICATES = 1 / 5
_SKIPPED = 0.06
_ATTACHMENTS = 0.05
_DANGERS = 0.03
_ERASURES = 0.01
_KEY = 40  # characters of a line that tell an answer


@dataclass
class Person:
    """Somebody who writes: what is still to be delivered of them, in order, and the answers that they have to get.

    Attributes:
        id: the page-scoped id.
        waiting: parts of their talk; one is delivered when the one before was answered with 200.
        expected: ids of answers, in order.
        texts: what they typed.
        mids: the platform's ids of their messages.
    """

    id: str
    waiting: deque[list[Event]] = field(default_factory=deque)
    expected: list[str] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)
    mids: set[str] = field(default_factory=set)


class Plan:
    """A load of events, the same for the same numbers.

    Args:
        events: how many events there are, duplicates and malformed ones among them.
        people: how many send them.
        seed: of all that is random.
        now: milliseconds since 1970 at which the last of them happened.
    """

    def __init__(self, platform: StandIn, events: int, people: int, seed: int, now: int) -> None:
        self._platform = platform
        self._random = random.Random(seed)
        self._when = now - events
        self.people = [Person(f"74{self._random.randrange(10**13, 10**14)}") for _ in range(people)]
        fresh = dict.fromkeys((person.id for person in self.people), True)
        repeated = round(events * DUPLICATES)
        sent: dict[str, list[Event]] = {person.id: [] for person in self.people}
        kinds = [self._kind() for _ in range(events - repeated)]
        for kind in kinds:
            person = self._random.choice(self.people)
            self._add(person, kind, fresh, sent[person.id])
        for _ in range(repeated):
            person = self._random.choice([one for one in self.people if sent[one.id]])
            self._repeat(person, self._random.choice(sent[person.id]))

    def _kind(self) -> str:
        shares = {
            "malformed": MALFORMED / (1 - DUPLICATES), "skipped": _SKIPPED, "attachment": _ATTACHMENTS,
            "danger": _DANGERS, "erase": _ERASURES,
        }  # fmt: skip
        others = (1 - sum(shares.values())) / 3
        shares |= {"text": others, "quick_reply": others, "postback": others}
        return self._random.choices(list(shares), list(shares.values()))[0]

    def _add(self, person: Person, kind: str, fresh: dict[str, bool], sent: list[Event]) -> None:
        platform, id = self._platform, person.id
        self._when += 1
        if kind == "malformed":
            event: Event = self._random.choice(
                [
                    platform.text(id, "x") | {"message": ["x"]},
                    platform.text(id, "x") | {"timestamp": "yesterday"},
                    platform.text(id, "x") | {"sender": {"id": 7}},
                    platform.postback(id, "x", "x") | {"postback": None},
                    {"sender": {"id": id}, "recipient": {"id": platform.page_id}, "timestamp": self._when, "new": {}},
                ]
            )
            self._deliver(person, event)
            return
        if kind == "skipped":
            event = self._random.choice(
                [platform.read(id), platform.delivery(id), platform.reaction(id, "m_1"), platform.unsent(id, "m_1")]
            )
            self._deliver(person, event | {"timestamp": self._when})
            return
        event, answer = self._answered(person, kind)
        event |= {"timestamp": self._when}
        sent.append(event)
        self._deliver(person, event)
        if kind == "erase":
            person.expected.append(ERASED)
            fresh[id] = True
            late = platform.text(id, catalog().topics[TOPICS[0]].question) | {"timestamp": self._when - 1}
            person.waiting.append([late])  # it happened before the erasure and is delivered after it
            person.waiting.append([])
            return
        opening = [OPENING] if fresh[id] else []
        fresh[id] = False
        person.expected += [answer, *opening] if kind == "danger" else [*opening, answer]

    def _answered(self, person: Person, kind: str) -> tuple[Event, str]:
        platform, id = self._platform, person.id
        if kind == "erase":
            return platform.postback(id, "Erase what I said", "/erase"), ERASED
        if kind == "danger":
            person.texts.add(DANGER)
            return platform.text(id, DANGER), CRISIS
        if kind == "attachment":
            return platform.attachment(id, self._random.choice(("image", "audio", "file"))), ATTACHMENT
        before = next((answer for answer in reversed(person.expected) if answer in TOPICS), None)
        topic = self._random.choice([one for one in TOPICS if one != before])
        if kind == "text":
            question = catalog().topics[topic].question
            person.texts.add(question)
            return platform.text(id, question), topic
        made = platform.quick_reply if kind == "quick_reply" else platform.postback
        return made(id, catalog().topics[topic].title, f'/ask{{"topic": "{topic}"}}'), topic

    def _deliver(self, person: Person, event: Event) -> None:
        if mid := _mid(event):
            person.mids.add(mid)
        if not person.waiting or len(person.waiting[-1]) >= self._random.choice((1, 1, 2, 3, 6)):
            person.waiting.append([])
        person.waiting[-1].append(event)

    def _repeat(self, person: Person, event: Event) -> None:
        """Deliver an event once more: in the same part of the talk, or in one that comes later."""
        places = [number for number, part in enumerate(person.waiting) if event in part]
        later = self._random.randrange(places[0], len(person.waiting))
        person.waiting[later].append(event)


@lru_cache(maxsize=1)
def _keys() -> Mapping[str, str]:
    """The beginning of each answer's longest line, by which it is known, and its id."""
    words = renderer()
    said = [(topic, form) for topic in TOPICS for form in ("words", "simpler")]
    said += [(CRISIS, "shorter")]
    said += [(reply, "words") for reply in (OPENING, ATTACHMENT, ERASED, CRISIS, "something_broke", "too_fast")]
    keys = {}
    for answer, form in said:
        longest = max(words.render(answer, None, form, MESSENGER).text.split("\n"), key=len)
        keys[longest[:_KEY]] = answer
    return keys


def answers_in(message: Mapping[str, Any]) -> list[str]:
    """Ids of the answers whose longest line begins in a message of ours."""
    text = str(message.get("text") or message["attachment"]["payload"]["text"])
    # An answer's forms may share a line, and one form may have the longest lines of both.
    return list(dict.fromkeys(_keys()[line[:_KEY]] for line in text.split("\n") if line[:_KEY] in _keys()))


def _mid(event: Event) -> str:
    found = event.get("message") or event.get("postback") or {}
    return str(found.get("mid", "")) if isinstance(found, dict) else ""
