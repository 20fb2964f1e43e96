"""Keeps conversations in this process's memory only, short, and one turn at a time in each."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.answers.rendering import plain

# Enough to say something again and to type the title of a button seen a while ago. What was typed before is dropped.
TURNS_KEPT = 6
# About 80 kB each, as measured over a visit of seven turns.
CONVERSATIONS_KEPT = 1000
SILENT = 15 * 60  # seconds after which a conversation gives way to a new one when there are too many


@dataclass(frozen=True)
class Standing:
    """Where a conversation stands.

    Attributes:
        slots: the slots' values by name.
        buttons: payloads of the buttons seen in the turns kept, by their titles made plain; of equal ones the latest.
        saved: when it was saved, in seconds of the monotonic clock.
    """

    slots: Mapping[str, Any]
    buttons: Mapping[str, str]
    saved: float = 0.0


class Conversations(InMemoryTrackerStore):  # type: ignore[misc]
    """Rasa's in-memory tracker store, which keeps the slots and the last turns, and can forget.

    Nothing is written to disk. A turn costs the same however long a conversation is: only what is kept is replayed.
    Beyond `CONVERSATIONS_KEPT` the one that has been silent longest gives way to a new one, if it has been silent long
    enough; nobody who is talking is thrown out.
    """

    def __init__(self) -> None:
        super().__init__(Domain.empty())
        self._standing: OrderedDict[str, Standing] = OrderedDict()

    def knows(self, session: str) -> bool:
        """Whether this conversation exists."""
        return session in self._standing

    def is_full(self) -> bool:
        """Whether a new conversation has no room: there are too many, and none has been silent long enough."""
        if len(self._standing) < CONVERSATIONS_KEPT:
            return False
        longest_silent = next(iter(self._standing.values()))
        return time.monotonic() - longest_silent.saved < SILENT

    def standing(self, session: str) -> Standing:
        """Where a conversation stood when it was last saved; one that does not exist stands at nothing."""
        return self._standing.get(session, Standing({}, {}))

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep the slots and the last turns of a conversation."""
        kept = [
            *(SlotSet(slot.name, slot.value) for slot in tracker.slots.values() if slot.value is not None),
            *_last_turns(list(tracker.events)),
        ]
        await super().save(DialogueStateTracker.from_events(tracker.sender_id, kept, slots=self.domain.slots))
        buttons = [
            (plain(str(button["title"])), str(button["payload"]))
            for event in kept
            if isinstance(event, BotUttered)
            for button in event.data.get("buttons") or ()
        ]
        self._standing[tracker.sender_id] = Standing(tracker.current_slot_values(), dict(buttons), time.monotonic())
        self._standing.move_to_end(tracker.sender_id)
        while len(self._standing) > CONVERSATIONS_KEPT:
            self._drop(next(iter(self._standing)))

    async def forget(self, session: str) -> None:
        """Remove everything that was said in a conversation; the empty conversation can go on."""
        self._drop(session)
        await self.save(DialogueStateTracker(session, self.domain.slots))

    def _drop(self, session: str) -> None:
        self._standing.pop(session, None)
        self.store.pop(session, None)


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
