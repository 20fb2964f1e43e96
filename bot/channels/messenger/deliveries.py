"""Which messages were answered, so that one that is delivered again is not answered again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.channels.messenger.tables import Base, Delivery
from bot.engine.conversation_database import ConversationDatabase, ConversationsUnavailable

KEPT = 48 * 3600.0  # seconds; the platform delivers again for up to 36 hours
LEASE = 60.0  # seconds that an answer may take; longer than the longest turn and its sending

Claim = Literal["ours", "done", "elsewhere"]


class Deliveries:
    """Claims messages by keyed hash, in every process at most one at a time.

    Raises, in each method: ConversationsUnavailable.
    """

    def __init__(self, database: ConversationDatabase, now: Callable[[], float] = time.time) -> None:
        """Make the tables. Claims of a process that is gone end here where no other process can have made them."""
        self._database, self._now = database, now
        database.add_tables(Base.metadata)
        if not database.is_shared:
            with database.engine.begin() as connection:
                connection.execute(delete(Delivery).where(Delivery.done.is_(False)))

    async def claim(self, names: tuple[str, ...]) -> Claim:
        """Claim a message: "ours", or already "done", or being answered "elsewhere" by another process."""
        try:
            return await self._database.run(lambda connection: self._claim(connection, names))
        except (IntegrityError, ConversationsUnavailable) as error:
            cause = error if isinstance(error, IntegrityError) else error.__cause__
            if isinstance(cause, IntegrityError):
                return "elsewhere"  # another process was quicker
            raise

    async def done(self, name: str) -> None:
        """Its answer was accepted."""
        mine = update(Delivery).where(Delivery.id == name).values(done=True)
        await self._database.run(lambda connection: connection.execute(mine))

    async def release(self, name: str) -> None:
        """It was not answered; who delivers it again finds it unclaimed."""
        mine = delete(Delivery).where(Delivery.id == name, Delivery.done.is_(False))
        await self._database.run(lambda connection: connection.execute(mine))

    async def remove_ended(self) -> None:
        """Remove those that are no longer delivered again."""
        ended = delete(Delivery).where(Delivery.ends <= self._now())
        await self._database.run(lambda connection: connection.execute(ended), to_disk=True)

    def _claim(self, connection: Connection, names: tuple[str, ...]) -> Claim:
        now = self._now()
        found = connection.execute(select(Delivery.id, Delivery.done, Delivery.claimed_until).where(
            Delivery.id.in_(names)).with_for_update()).all()  # fmt: skip
        if any(row.done for row in found):
            return "done"
        if any(row.claimed_until > now for row in found):
            return "elsewhere"
        connection.execute(delete(Delivery).where(Delivery.id.in_([row.id for row in found])))
        connection.execute(insert(Delivery).values(id=names[0], claimed_until=now + LEASE, done=False, ends=now + KEPT))
        return "ours"
