"""One answer at a time for each person: in this process, and where the database is shared, in all of them."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from sqlalchemy import Connection, text

from bot.engine.conversation_database import ConversationDatabase

LOOK_AGAIN = 0.02  # seconds between two looks at whether another process has let go

_TAKE = text("SELECT pg_try_advisory_lock(:high, :low)")
_LET_GO = text("SELECT pg_advisory_unlock(:high, :low)")


class PersonLocks:
    """Holds people by their names, one holder at a time each, in the order in which they came.

    In this process an asyncio lock. On PostgreSQL also an advisory lock of the session. All of them are locks of one
    connection, so that those who wait for the platform do not use up the connections that turns need. They are free
    the moment that the process dies. A connection that breaks frees them too: until the answers that are under way have
    ended, another process may then answer the same person.
    """

    def __init__(self, database: ConversationDatabase) -> None:
        self._database = database
        self._here: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._connection: Connection | None = None
        self._one_at_a_time = threading.Lock()

    @asynccontextmanager
    async def hold(self, person: str) -> AsyncIterator[None]:
        """Wait for the holders before this one, then hold a person. Raises: ConversationsUnavailable."""
        async with self._here.setdefault(person, asyncio.Lock()):
            if not self._database.is_shared:
                yield
                return
            while True:
                if await self._database.in_thread(lambda: self._ask(_TAKE, person)):
                    break
                await asyncio.sleep(LOOK_AGAIN)
            try:
                yield
            finally:
                await self._database.in_thread(lambda: self._ask(_LET_GO, person))

    def close(self) -> None:
        """Let go of everybody."""
        with self._one_at_a_time:
            self._disconnect()

    def _ask(self, question: object, person: str) -> bool:
        digest = hashlib.sha256(f"person {person}".encode()).digest()
        keys = {
            "high": int.from_bytes(digest[:4], "big", signed=True),
            "low": int.from_bytes(digest[4:8], "big", signed=True),
        }
        with self._one_at_a_time:
            try:
                if self._connection is None:
                    # Without transactions, which the server ends when nothing happens in them.
                    self._connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                return bool(self._connection.execute(question, keys).scalar_one())  # type: ignore[call-overload]
            except BaseException:
                self._disconnect()
                raise

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()  # a connection that goes back to the pool would keep its locks
            self._connection.close()
            self._connection = None
