"""What the safety net makes of its evaluation messages, and how long it takes over each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar
from unittest.mock import patch

from threadpoolctl import threadpool_limits

from bot.understanding.safety_rules import LAYER as RULES
from bot.understanding.safety_rules import Firing, SafetyRules
from evaluation.messages import SafetyMessage

GivenT = ParamSpec("GivenT")
FoundT = TypeVar("FoundT")


@dataclass(frozen=True)
class SafetyReading:
    """What the safety net heard in one message.

    Attributes:
        firings: what made it speak, the first to be helped first; empty where it is silent.
        danger: how sure the classifier is, from 0 to 1, that there is danger of some kind.
        milliseconds: how long both layers took.
    """

    firings: tuple[Firing, ...] = ()
    danger: float = 0.0
    milliseconds: float = 0.0

    @property
    def crises(self) -> tuple[str, ...]:
        """Ids of the crisis replies, in the order in which they are shown."""
        return tuple(firing.crisis for firing in self.firings)

    @property
    def by_rules(self) -> bool:
        """Whether a rule heard danger, whatever the classifier says."""
        return any(firing.layer == RULES for firing in self.firings)


@dataclass(frozen=True)
class SafetyRead:
    """A message and what the safety net heard in it."""

    message: SafetyMessage
    reading: SafetyReading


class _Understood(Protocol):
    @property
    def crises(self) -> tuple[Firing, ...]: ...
    @property
    def danger(self) -> float: ...


class Parser(Protocol):
    """What understands a message: the engine."""

    async def parse(self, text: str) -> _Understood:
        """What is understood of `text`."""
        ...


class NetClock:
    """Adds up the time that is spent in the two layers of the safety net."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count while this lasts. The engine is loaded within it, because Rasa takes hold of the layers then."""
        from bot.understanding.safety_classifier import SafetyClassifier

        with (
            patch.object(SafetyRules, "find", self._counted(SafetyRules.find)),
            patch.object(SafetyClassifier, "process", self._counted(SafetyClassifier.process)),
        ):
            yield

    def _counted(self, function: Callable[GivenT, FoundT]) -> Callable[GivenT, FoundT]:
        @wraps(function)
        def counted(*given: GivenT.args, **named: GivenT.kwargs) -> FoundT:
            began = time.perf_counter()
            try:
                return function(*given, **named)
            finally:
                self.seconds += time.perf_counter() - began

        return counted


async def read_safety_messages(parser: Parser, messages: Sequence[SafetyMessage], clock: NetClock) -> list[SafetyRead]:
    """Parse every message, one after another on one core; `clock` runs already."""
    read = []
    with threadpool_limits(1):
        # The first message of a process loads the encoder's tables, which no other waits for.
        await parser.parse("hello")
        for message in messages:
            before = clock.seconds
            found = await parser.parse(message.text)
            spent = (clock.seconds - before) * 1000
            read.append(SafetyRead(message, SafetyReading(found.crises, found.danger, spent)))
    return read
