"""What the assistant makes of the evaluation messages, and how long it takes over each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from threadpoolctl import threadpool_limits

from bot.cli import CONTRACT_ACTS
from evaluation.messages import (
    ActMessage,
    EvaluationSet,
    GoalMessage,
    OutOfScopeMessage,
    PlaceMessage,
    SpanishMessage,
    TopicMessage,
)

if TYPE_CHECKING:
    from bot.engine.engine import Engine


class _Message(Protocol):
    @property
    def text(self) -> str: ...


MessageT = TypeVar("MessageT", bound=_Message)


@dataclass(frozen=True)
class Reading:
    """What was understood of one message. Topics and acts have the names of docs/command-line.md.

    Attributes:
        topic: the best guess: id of a topic, an act, or "out_of_scope".
        confidence: 0 to 1.
        answered: whether the best guess would be answered at once.
        offered: topics and acts offered as buttons instead.
        crisis: id of the help shown, or None.
        goals: ids of goals.
        state: USPS code, "US" for the federal system, or None.
        milliseconds: how long it took.
    """

    topic: str
    confidence: float = 1.0
    answered: bool = True
    offered: frozenset[str] = frozenset()
    crisis: str | None = None
    goals: frozenset[str] = frozenset()
    state: str | None = None
    milliseconds: float = 0.0


@dataclass(frozen=True)
class Read(Generic[MessageT]):
    """A message and what was understood of it."""

    message: MessageT
    reading: Reading


@dataclass(frozen=True)
class ReadSet:
    """A set of messages, each with what was understood of it."""

    topics: Sequence[Read[TopicMessage]]
    acts: Sequence[Read[ActMessage]]
    out_of_scope: Sequence[Read[OutOfScopeMessage]]
    goals: Sequence[Read[GoalMessage]]
    places: Sequence[Read[PlaceMessage]]
    spanish: Sequence[Read[SpanishMessage]]

    @property
    def milliseconds(self) -> Sequence[float]:
        """How long each message took, in the order of the files."""
        every = (self.topics, self.acts, self.out_of_scope, self.goals, self.places, self.spanish)
        return [read.reading.milliseconds for kind in every for read in kind]


async def read_messages(engine: Engine, messages: EvaluationSet) -> ReadSet:
    """Parse every message of a set with the engine, one after another on one core."""
    with threadpool_limits(1):
        # The first message of a process loads the encoder's tables, which no other waits for.
        await engine.parse("hello")
        return ReadSet(
            topics=[Read(message, await _read(engine, message)) for message in messages.topics],
            acts=[Read(message, await _read(engine, message)) for message in messages.acts],
            out_of_scope=[Read(message, await _read(engine, message)) for message in messages.out_of_scope],
            goals=[Read(message, await _read(engine, message)) for message in messages.goals],
            places=[Read(message, await _read(engine, message)) for message in messages.places],
            spanish=[Read(message, await _read(engine, message)) for message in messages.spanish],
        )


async def _read(engine: Engine, message: _Message) -> Reading:
    began = time.perf_counter()
    found = await engine.parse(message.text)
    spent = (time.perf_counter() - began) * 1000
    return Reading(
        topic=CONTRACT_ACTS.get(found.topic, found.topic),
        confidence=found.confidence,
        answered=found.answered,
        offered=frozenset(CONTRACT_ACTS.get(name, name) for name in found.offered),
        crisis=found.crisis,
        goals=frozenset(found.goals),
        state=found.state,
        milliseconds=spent,
    )
