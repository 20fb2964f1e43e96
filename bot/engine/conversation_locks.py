"""One writer at a time in a conversation: in this process, and where the database is shared, in all of them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from rasa.core.lock_store import InMemoryLockStore
from sqlalchemy import Connection, text

from bot.engine.conversation_database import CONNECTIONS, ConversationDatabase

LONGEST_WAIT = 60.0  # seconds that a turn waits for those before it
LOOK_AGAIN = 0.02  # seconds between two looks at whether another process has let go

# Two numbers where the directory's writers lock one: PostgreSQL never takes the one kind of lock for the other.
_TRY = text("SELECT pg_try_advisory_xact_lock(:high, :low)")


class ConversationLocks:
    """Holds conversations, one holder at a time each.

    In this process an asyncio lock, first come first served. On PostgreSQL also an advisory lock of the transaction in
    which the conversation is read and written: no write can happen without the lock, and it is free the moment that
    its process dies or its connection breaks. Who waits for another process keeps neither a connection nor a thread,
    and no more turns run at once than there are connections, so those who wait cannot stop those who are heard.
    """

    def __init__(self, database: ConversationDatabase) -> None:
        self._database = database
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._free_connections = asyncio.Semaphore(CONNECTIONS - 2)  # two are left for work without a conversation

    @asynccontextmanager
    async def hold(self, conversation: str) -> AsyncIterator[Connection | None]:
        """Wait for the holders before this one, then hold the conversation.

        On PostgreSQL it yields the connection whose transaction has the lock, and commits at the end; an exception
        undoes what was written on it. Elsewhere it yields None.

        Raises:
            TimeoutError: it was not free in `LONGEST_WAIT` seconds.
            ConversationsUnavailable: the database failed.
        """
        lock = self._locks.setdefault(conversation, asyncio.Lock())
        async with asyncio.timeout(LONGEST_WAIT) as waiting:
            async with lock:
                if not self._database.is_shared:
                    waiting.reschedule(None)
                    yield None
                    return
                connection = await self._take(conversation)
                try:
                    waiting.reschedule(None)
                    yield connection
                    await self._database.in_thread(connection.commit)
                finally:
                    await self._let_go(connection)

    async def _take(self, conversation: str) -> Connection:
        """A connection whose transaction has the advisory lock; one of the free connections is taken with it."""
        while True:
            await self._free_connections.acquire()
            trying = asyncio.ensure_future(self._database.in_thread(lambda: self._try(conversation)))
            try:
                connection = await asyncio.shield(trying)
            except asyncio.CancelledError:
                trying.add_done_callback(self._give_back)  # the thread goes on, and may get the lock
                raise
            except BaseException:
                self._free_connections.release()
                raise
            if connection is not None:
                return connection
            self._free_connections.release()
            await asyncio.sleep(LOOK_AGAIN)

    def _give_back(self, tried: asyncio.Future[Connection | None]) -> None:
        self._free_connections.release()
        if not tried.cancelled() and not tried.exception() and (connection := tried.result()) is not None:
            connection.close()

    def _try(self, conversation: str) -> Connection | None:
        connection = self._database.engine.connect()
        try:
            if connection.execute(_TRY, _keys(conversation)).scalar_one():
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
        return None

    async def _let_go(self, connection: Connection) -> None:
        try:
            await self._database.in_thread(connection.close)  # rolls back what is not committed
        finally:
            self._free_connections.release()


class HeldByTheEngine(InMemoryLockStore):  # type: ignore[misc]
    """Rasa's lock store where the engine holds the conversation already."""

    @asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = 0, wait_time_in_seconds: float = 0
    ) -> AsyncIterator[None]:
        """Nothing to wait for."""
        yield


def _keys(conversation: str) -> dict[str, int]:
    """The advisory lock of a conversation, as PostgreSQL's two signed numbers of 32 bits."""
    digest = hashlib.sha256(conversation.encode()).digest()
    return {
        "high": int.from_bytes(digest[:4], "big", signed=True),
        "low": int.from_bytes(digest[4:8], "big", signed=True),
    }
