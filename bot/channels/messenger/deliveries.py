"""How far each message was answered, so that one that is delivered again is answered once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from bot.channels.messenger.tables import Delivery

KEPT = 48 * 3600.0  # seconds; the platform delivers again for up to 36 hours


@dataclass(frozen=True)
class Progress:
    """How far an answer came: how many of its messages the platform took, and whether that is all of them."""

    accepted: int = 0
    done: bool = False


class Deliveries:
    """Reads and writes progress by a message's names (`Identities.messages`), within a transaction of the caller's.

    Whoever calls holds the person (`PersonLocks`), so nobody else answers the same message.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    def find(self, connection: Connection, names: tuple[str, ...]) -> Progress | None:
        """How far the message was answered; None where its answer was not begun."""
        there = select(Delivery.accepted, Delivery.done).where(Delivery.id.in_(names))
        rows = connection.execute(there).all()
        return Progress(max(row.accepted for row in rows), any(row.done for row in rows)) if rows else None

    def keep(self, connection: Connection, names: tuple[str, ...], progress: Progress) -> None:
        """Keep how far it was answered under the first of the names, and under no other."""
        row = {"accepted": progress.accepted, "done": progress.done, "ends": self._now() + KEPT}
        connection.execute(delete(Delivery).where(Delivery.id.in_(names)))
        connection.execute(insert(Delivery).values(id=names[0], **row))

    def remove_ended(self, connection: Connection) -> None:
        """Remove those that are no longer delivered again."""
        connection.execute(delete(Delivery).where(Delivery.ends <= self._now()))
