"""Keeps conversations between turns: no words, not for long, and one writer at a time in each."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import Connection, delete, func, insert, select, update

from bot.engine.carried_codes import CarriedCodes
from bot.engine.conversation_database import (
    CarriedCode,
    Conversation,
    ConversationDatabase,
    ConversationsUnavailable,
    Ticket,
)
from bot.engine.conversation_locks import ConversationLocks
from bot.engine.conversation_state import Standing
from bot.engine.page_tickets import PageTickets

Result = TypeVar("Result")

CONVERSATIONS_KEPT = 10_000  # about 4 kB each, as measured over visits of twenty turns
REMOVED_AT_ONCE = 200  # expired conversations that are looked up together


def conversation_id(token: str) -> str:
    """The id of the conversation that `token` names in its channel; the token itself is kept nowhere."""
    return hashlib.sha256(token.encode()).hexdigest()


class HeldConversation:
    """A conversation while one writer holds it; nobody else reads or writes it meanwhile.

    Attributes:
        id: the conversation's id.
        standing: where it stands, or None if it does not exist: never begun, erased, or expired.
        message: the number of the message that is being answered, or "".
    """

    def __init__(
        self,
        conversation: str,
        database: ConversationDatabase,
        connection: Connection | None,
        seconds: float,
        now: Callable[[], float],
    ) -> None:
        self.id = conversation
        self.standing: Standing | None = None
        self.message = ""
        self._database = database
        self._connection = connection
        self._seconds = seconds
        self._now = now
        self._has_row = False

    async def read(self) -> None:
        """Read where it stands now. Raises: ConversationsUnavailable."""
        row = await self._run(
            lambda connection: connection.execute(
                select(Conversation.state, Conversation.ends).where(Conversation.id == self.id)
            ).one_or_none()
        )
        self._has_row = row is not None
        # An expired row may wait for its removal; it is read by nobody.
        self.standing = Standing.from_row(row.state) if row is not None and row.ends > self._now() else None

    async def keep(self, standing: Standing) -> None:
        """Keep where it stands now, with its full time. Raises: ConversationsUnavailable."""
        values = {"state": standing.as_row(), "ends": self._now() + self._seconds}
        await self._run(lambda connection: self._write(connection, values))
        self._has_row, self.standing = True, standing

    async def extend(self) -> None:
        """Give it its full time again; one that does not exist stays so. Raises: ConversationsUnavailable."""
        if self.standing is not None:
            await self._run(lambda connection: self._write(connection, {"ends": self._now() + self._seconds}))

    async def remove(self) -> None:
        """Remove all of it. Raises: ConversationsUnavailable."""

        def erase(connection: Connection) -> None:
            connection.execute(delete(Conversation).where(Conversation.id == self.id))
            connection.execute(delete(Ticket).where(Ticket.conversation == self.id))
            connection.execute(delete(CarriedCode).where(CarriedCode.conversation == self.id))

        await self._run(erase, to_disk=True)
        self._has_row, self.standing = False, None

    def _write(self, connection: Connection, values: dict[str, Any]) -> None:
        if not self._has_row:
            connection.execute(insert(Conversation).values(id=self.id, **values))
        elif not connection.execute(update(Conversation).where(Conversation.id == self.id).values(**values)).rowcount:
            # Somebody removed it by hand. It must not come back.
            raise ConversationsUnavailable("A conversation was removed from its table in the middle of a turn.")

    async def _run(self, work: Callable[[Connection], Result], to_disk: bool = False) -> Result:
        connection = self._connection
        if connection is None:
            return await self._database.run(work, to_disk)
        return await self._database.in_thread(lambda: work(connection))


class ConversationStore(TrackerStore):  # type: ignore[misc]
    """Rasa's tracker store, on memory, an SQLite file or PostgreSQL.

    Rasa gets and saves a conversation that the engine holds, so that everything about a turn happens under one lock. A
    tracker is made from the slots alone and its events are dropped after the turn: what was typed is in no row, and a
    turn costs the same however long a conversation is.

    Attributes:
        tickets: what pages without the script are to show next.
        codes: what people take along to the web page.
    """

    def __init__(self, url: str, minutes: int, now: Callable[[], float] = time.time) -> None:
        """Open the database at `url` for conversations that end after `minutes` without a message.

        Args:
            now: the time in seconds since 1970.

        Raises:
            ConversationsUnavailable: it cannot be used; the message says what to do.
        """
        super().__init__(Domain.empty())
        self._database = ConversationDatabase(url)
        self._locks = ConversationLocks(self._database)
        self._seconds = minutes * 60.0
        self._now = now
        self._held: dict[str, HeldConversation] = {}
        self.tickets = PageTickets(self._database, now)
        self.codes = CarriedCodes(self._database, now)

    @property
    def database(self) -> ConversationDatabase:
        """The database, for what a channel has to keep beside the conversations."""
        return self._database

    @asynccontextmanager
    async def hold(self, conversation: str) -> AsyncIterator[HeldConversation]:
        """Hold a conversation, whether or not it exists; it is read after the last holder let go.

        Raises:
            TimeoutError: those before took too long.
            ConversationsUnavailable: the database failed. What was kept meanwhile may be undone.
        """
        async with self._locks.hold(conversation) as connection:
            held = HeldConversation(conversation, self._database, connection, self._seconds, self._now)
            await held.read()
            self._held[conversation] = held
            try:
                yield held
            finally:
                del self._held[conversation]

    async def knows(self, conversation: str) -> bool:
        """Whether this conversation exists. Raises: ConversationsUnavailable."""
        there = select(Conversation.id).where(Conversation.id == conversation, Conversation.ends > self._now())
        return await self._database.run(lambda connection: connection.scalar(there) is not None)

    async def count(self) -> int:
        """How many conversations there are. Raises: ConversationsUnavailable."""
        running = select(func.count()).select_from(Conversation).where(Conversation.ends > self._now())
        return await self._database.run(lambda connection: connection.scalar(running) or 0)

    async def is_full(self) -> bool:
        """Whether there is no room for a new conversation. Raises: ConversationsUnavailable."""
        return await self.count() >= CONVERSATIONS_KEPT

    async def remove_expired(self) -> int:
        """Remove the conversations that have ended, and return how many. Raises: ConversationsUnavailable."""
        await self.tickets.remove_expired()
        await self.codes.remove_expired()
        removed = 0
        while True:
            found = await self._database.run(self._ended)
            for conversation in found:
                async with self.hold(conversation) as held:
                    if held.standing is None:  # nobody went on with it in the meantime
                        await held.remove()
                        removed += 1
                await asyncio.sleep(0)  # in memory nothing else lets others in
            if len(found) < REMOVED_AT_ONCE:
                return removed

    def close(self) -> None:
        """Let go of the database; what was kept in memory is gone."""
        self._database.close()

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The held conversation as Rasa wants it: listening, with its slots; None if it begins with this turn."""
        standing = self._held[sender_id].standing
        if standing is None:
            return None
        events = [*(SlotSet(name, value) for name, value in standing.slots.items()), ActionExecuted(ACTION_LISTEN_NAME)]
        return DialogueStateTracker.from_events(sender_id, events, slots=self.domain.slots)

    async def create_tracker(self, sender_id: str, append_action_listen: bool = True) -> DialogueStateTracker:
        """A new conversation as Rasa wants it. It is kept at the end of its first turn, not before."""
        return self.init_tracker(sender_id)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep where the held conversation stands after the turn.

        Raises:
            ConversationsUnavailable: the database failed.
            WordsInState: an action remembered something that is no id.
        """
        held = self._held[tracker.sender_id]
        await held.keep(Standing.after(tracker, held.standing, held.message))

    async def keys(self) -> list[str]:
        """Nobody lists conversations."""
        raise NotImplementedError("Conversations are not listed.")

    def _ended(self, connection: Connection) -> Sequence[str]:
        """Ids of some conversations that have ended."""
        ended = select(Conversation.id).where(Conversation.ends <= self._now()).limit(REMOVED_AT_ONCE)
        return connection.scalars(ended).all()
