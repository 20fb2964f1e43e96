"""Keeps conversations in this process's memory only, short, and one turn at a time in each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

# Enough to say something again and to type the title of a button seen a while ago. What was typed before is dropped.
TURNS_KEPT = 6


class Conversations(InMemoryTrackerStore):  # type: ignore[misc]
    """Rasa's in-memory tracker store, which keeps the slots and the last turns, and can forget.

    Nothing is written to disk. A turn costs the same however long a conversation is: only what is kept is replayed.
    """

    def __init__(self) -> None:
        super().__init__(Domain.empty())
        self._latest: dict[str, DialogueStateTracker] = {}

    def knows(self, session: str) -> bool:
        """Whether this conversation exists."""
        return session in self.store

    def look(self, session: str) -> DialogueStateTracker | None:
        """The conversation as it was last saved, to read only; None when it does not exist."""
        return self._latest.get(session)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep the slots and the last turns of a conversation."""
        kept = [
            *(SlotSet(slot.name, slot.value) for slot in tracker.slots.values() if slot.value is not None),
            *_last_turns(list(tracker.events)),
        ]
        short = DialogueStateTracker.from_events(tracker.sender_id, kept, slots=self.domain.slots)
        await super().save(short)
        self._latest[tracker.sender_id] = short

    async def forget(self, session: str) -> None:
        """Remove everything that was said in a conversation; the empty conversation can go on."""
        self.store.pop(session, None)
        self._latest.pop(session, None)
        await self.save(DialogueStateTracker(session, self.domain.slots))


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


def _last_turns(events: Sequence[Event]) -> Sequence[Event]:
    """The events of the last turns, from the listening before the first of them on."""
    typed = [number for number, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(typed) <= TURNS_KEPT:
        return events
    # The event before a message is the action that waited for it.
    return events[typed[-TURNS_KEPT] - 1 :]
