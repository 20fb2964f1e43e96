"""Keeps conversations in this process's memory only, and one turn at a time in each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain


class Conversations(InMemoryTrackerStore):  # type: ignore[misc]
    """Rasa's in-memory tracker store, which can also forget. Nothing is written to disk."""

    def __init__(self) -> None:
        super().__init__(Domain.empty())

    def knows(self, session: str) -> bool:
        """Whether this conversation exists."""
        return session in self.store

    async def forget(self, session: str) -> None:
        """Remove everything that was said in a conversation; the empty conversation can go on."""
        self.store.pop(session, None)
        await self.save(await self.get_or_create_tracker(session))


class TurnLocks(InMemoryLockStore):  # type: ignore[misc]
    """One turn at a time in a conversation. Rasa's own lock looks again only once a second."""

    def __init__(self) -> None:
        super().__init__()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = 0, wait_time_in_seconds: float = 0
    ) -> AsyncIterator[asyncio.Lock]:
        """Wait for the turn before this one, then hold the conversation."""
        held = self._locks.setdefault(conversation_id, asyncio.Lock())
        async with held:
            yield held
