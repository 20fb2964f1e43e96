"""Engines on each kind of conversation database, around the one trained model."""

from __future__ import annotations

import asyncio
import copy
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.actions.goals import ActionMyGoals
from bot.actions.talk import Talk
from bot.engine.conversation_store import ConversationStore, conversation_id
from bot.engine.engine import Engine
from tests.postgres import new_schema

MINUTES = 30
MakeEngine = Callable[..., Engine]
ME, OTHER = conversation_id("my page's token"), conversation_id("another page's token")
APOLOGY = '/share_goals{"goal": "goal_apology"}'
ANSWERS = '/share_goals{"goal": "goal_answers"}'


class Clock:
    """A clock that can be put forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self._ahead

    def forward(self, minutes: float) -> None:
        """Let minutes pass."""
        self._ahead += minutes * 60


@pytest.fixture
def clock() -> Clock:
    """The clock of the engines that `make_engine` makes."""
    return Clock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def lasting_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database that outlives its process."""
    with ExitStack() as opened:
        if request.param == "sqlite":
            yield f"sqlite:///{tmp_path / 'conversations.db'}"
        else:
            yield opened.enter_context(new_schema()).render_as_string(hide_password=False)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of each kind."""
    with ExitStack() as opened:
        if request.param == "memory":
            yield "sqlite://"
        elif request.param == "sqlite":
            yield f"sqlite:///{tmp_path / 'conversations.db'}"
        else:
            yield opened.enter_context(new_schema()).render_as_string(hide_password=False)


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL schema."""
    with new_schema() as schema:
        yield schema.render_as_string(hide_password=False)


@pytest.fixture
def make_engine(engine: Engine, clock: Clock) -> Iterator[MakeEngine]:
    """Makes engines that share the loaded model and nothing else: each is what a process of its own would have."""
    with ExitStack() as opened:

        def make(url: str) -> Engine:
            store = ConversationStore(url, MINUTES, clock)
            opened.callback(store.close)
            agent = copy.copy(engine._agent)
            agent.processor = copy.copy(agent.processor)
            agent.tracker_store = agent.processor.tracker_store = store
            store.domain = agent.domain
            return Engine(agent, store, engine._gate, engine._words, engine._net)

        yield make


@pytest.fixture
def own_engine(make_engine: MakeEngine, url: str) -> Engine:
    """An engine on an empty database of each kind."""
    return make_engine(url)


class Held:
    """A turn that is held up inside its action."""

    def __init__(self) -> None:
        self._inside, self._go_on = threading.Event(), threading.Event()
        self.together = 0
        self.most_together = 0

    def act(self, action: ActionMyGoals, talk: Talk) -> None:
        """Stands in for an action."""
        self.together += 1
        self.most_together = max(self.together, self.most_together)
        self._inside.set()
        assert self._go_on.wait(20)
        self.together -= 1
        _act(action, talk)

    async def until_inside(self) -> None:
        """Wait until a turn is held up."""
        assert await asyncio.to_thread(self._inside.wait, 20)

    def go_on(self) -> None:
        """Let it and those after it go on."""
        self._go_on.set()


_act = ActionMyGoals.act


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """Holds up each turn that shows the goals."""
    holding = Held()
    monkeypatch.setattr(ActionMyGoals, "act", lambda self, talk: holding.act(self, talk))
    yield holding
    holding.go_on()


async def until_waiting(task: asyncio.Task[object]) -> None:
    """Let the others run until `task` can only wait for a lock that is held."""
    for _ in range(50):
        await asyncio.sleep(0)
    assert not task.done()
