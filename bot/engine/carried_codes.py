"""Carries goals and a state from one channel to another under a code: for one use, for minutes, as ids.

Nothing that is kept says who somebody is, and the conversation that took a code up is not joined to the one before.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from bot.answers.web_code import new_code
from bot.engine.conversation_database import CarriedCode, ConversationDatabase
from bot.engine.conversation_state import check_ids

SECONDS = 600.0  # to open the page somewhere else and type
CODES_KEPT = 2_000


@dataclass(frozen=True)
class Carried:
    """What is carried: ids of goals, and the USPS code of a state ("US" for the federal system) or None."""

    goals: Sequence[str] = ()
    state: str | None = None


class CarriedCodes:
    """Gives out codes and takes each of them once, in the conversations' database.

    Args:
        now: the time in seconds since 1970.
    """

    def __init__(self, database: ConversationDatabase, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def issue(self, carried: Carried, conversation: str) -> str | None:
        """A code for what is carried; None where there are too many.

        Args:
            conversation: the id of the conversation that it is of, with which it goes.

        Raises:
            WordsInState: something that is carried is no id.
            ConversationsUnavailable: the database failed.
        """
        kept = {"goals": list(carried.goals), "state": carried.state}
        check_ids("what is carried to the web page", [*carried.goals, carried.state])
        code = new_code()
        row = {"id": _id(code), "conversation": conversation, "carried": kept, "ends": self._now() + SECONDS}

        def write(connection: Connection) -> bool:
            if (connection.scalar(select(func.count()).select_from(CarriedCode)) or 0) >= CODES_KEPT:
                return False
            connection.execute(insert(CarriedCode).values(row))
            return True

        return code if await self._database.run(write) else None

    async def redeem(self, code: str) -> Carried | None:
        """What is carried under a code, which is worth nothing from now on; None if it was already.

        Raises:
            ConversationsUnavailable: the database failed.
        """
        mine = delete(CarriedCode).where(CarriedCode.id == _id(code)).returning(CarriedCode.carried, CarriedCode.ends)
        row = await self._database.run(lambda connection: connection.execute(mine).one_or_none(), to_disk=True)
        return Carried(**row.carried) if row is not None and row.ends > self._now() else None

    async def remove_expired(self) -> None:
        """Remove the codes that nobody came with. Raises: ConversationsUnavailable."""
        ended = delete(CarriedCode).where(CarriedCode.ends <= self._now())
        await self._database.run(lambda connection: connection.execute(ended), to_disk=True)


def _id(code: str) -> str:
    return hashlib.sha256(f"carried {code}".encode()).hexdigest()
