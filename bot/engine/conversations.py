"""Keeps conversations in this process's memory only, short, and one turn at a time in each."""

from __future__ import annotations

import asyncio
import json
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
from rasa.shared.utils.common import all_subclasses

from bot.answers.rendering import plain

BUTTONS_KEPT = 6  # turns whose buttons can still be typed
# About 20 kB each, as measured over visits of seven and of twenty turns.
CONVERSATIONS_KEPT = 1000
SILENT = 15 * 60  # seconds after which a conversation gives way to a new one when there are too many

# Rasa looks through all classes of events for each event that it reads.
_EVENTS: Mapping[str, type[Event]] = {event.type_name: event for event in all_subclasses(Event)}


@dataclass(frozen=True)
class Standing:
    """Where a conversation stands.

    Attributes:
        slots: the slots' values by name.
        seen: for each of the last turns, the payloads of the buttons it showed, by their titles made plain.
        saved: when it was saved, in seconds of the monotonic clock.
    """

    slots: Mapping[str, Any]
    seen: Sequence[Mapping[str, str]] = ()
    saved: float = 0.0

    @property
    def buttons(self) -> Mapping[str, str]:
        """Payloads of all of them; of those with equal titles the latest."""
        return {title: payload for turn in self.seen for title, payload in turn.items()}


class Conversations(InMemoryTrackerStore):  # type: ignore[misc]
    """Rasa's in-memory tracker store, which keeps the slots and the last turn, and can forget.

    Nothing is written to disk. The last turn is enough to say something again; what was typed before is dropped. A turn
    costs the same however long a conversation is: only what is kept is replayed.
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
        return self._standing.get(session, Standing({}))

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep the slots and the last turn of a conversation, and what its buttons carry."""
        last = _last_turn(list(tracker.events))
        kept = [
            *(SlotSet(slot.name, slot.value) for slot in tracker.slots.values() if slot.value is not None),
            *last,
        ]
        await super().save(DialogueStateTracker.from_events(tracker.sender_id, kept, slots=self.domain.slots))
        now = {
            plain(str(button["title"])): str(button["payload"])
            for event in last
            if isinstance(event, BotUttered)
            for button in event.data.get("buttons") or ()
        }
        seen = [*self.standing(tracker.sender_id).seen, now][-BUTTONS_KEPT:]
        self._standing[tracker.sender_id] = Standing(tracker.current_slot_values(), seen, time.monotonic())
        self._standing.move_to_end(tracker.sender_id)
        while len(self._standing) > CONVERSATIONS_KEPT:
            self._drop(next(iter(self._standing)))

    def deserialise_tracker(self, sender_id: str, serialised_tracker: str | bytes) -> DialogueStateTracker:
        """A conversation as it was saved."""
        saved = json.loads(serialised_tracker)["events"]
        events = [_EVENTS[event["event"]]._from_parameters(event) for event in saved]
        return DialogueStateTracker.from_events(sender_id, events, slots=self.domain.slots)

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


def _last_turn(events: Sequence[Event]) -> Sequence[Event]:
    """The events from the listening before the last message on; all of them where no message came yet."""
    typed = [number for number, event in enumerate(events) if isinstance(event, UserUttered)]
    # The event before a message is the action that waited for it.
    return events[max(typed[-1] - 1, 0) :] if typed else events
