"""Where each thread stands: who answers in it, and what was said about who answers. No words."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields

from sqlalchemy import Connection, delete, insert, select

from bot.channels.messenger.tables import ThreadRow

KEPT = 7 * 86400.0  # seconds after the last message; whoever comes back later sees the opening again
ERASED_KEPT = 48 * 3600.0  # seconds; the platform delivers again for up to 36 hours
SILENCE = 24 * 3600.0  # seconds; after as long without a word thread control comes back by itself
LONG_GAP = 24 * 3600.0  # seconds after which it is said again that this is a program


@dataclass(frozen=True)
class Thread:
    """A thread; see `bot.channels.messenger.tables.ThreadRow` for what each field means."""

    session: str
    last_seen: float = 0.0
    last_accepted: str = ""
    silent_until: float = 0.0
    helped: bool = False
    returned: bool = False
    erased: float = 0.0


class Threads:
    """Reads and writes threads by a person's names (`Identities.people`), within a transaction of the caller's."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    def find(self, connection: Connection, names: tuple[str, ...]) -> Thread | None:
        """The thread under any of the names, or None."""
        there = select(ThreadRow.__table__).where(ThreadRow.person.in_(names), ThreadRow.ends > self._now())
        rows = {row.person: row for row in connection.execute(there)}
        row = next((rows[name] for name in names if name in rows), None)
        return Thread(**{field.name: getattr(row, field.name) for field in fields(Thread)}) if row else None

    def keep(self, connection: Connection, names: tuple[str, ...], thread: Thread) -> None:
        """Keep a thread under the first of the names, and under no other."""
        ends = self._now() + (KEPT if thread.last_seen or thread.silent_until else ERASED_KEPT)
        connection.execute(delete(ThreadRow).where(ThreadRow.person.in_(names)))
        connection.execute(insert(ThreadRow).values(person=names[0], ends=ends, **asdict(thread)))

    def remove_ended(self, connection: Connection) -> None:
        """Remove those that have ended."""
        connection.execute(delete(ThreadRow).where(ThreadRow.ends <= self._now()))
