"""Keeps what a page is to show next under a ticket: for one use, for seconds, as ids.

A browser keeps a form that it sent, words and all, for as long as its answer is the page that it shows. So the answer
of a form without the script is the way to a page of its own, whose address is a ticket. It stays in the history, and so
it opens nothing a second time. The page's token is not in the address. It waits under the ticket, and only the ticket,
which is stored nowhere, can read it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from bot.engine.conversation_database import ConversationDatabase, Ticket
from bot.engine.conversation_state import check_ids

SECONDS = 60.0  # from a form's answer to the page that it leads to; a slow link needs some
TICKETS_KEPT = 2_000
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # 128 random bits, as `secrets.token_urlsafe` writes them

Said = tuple[str, Mapping[str, Any], str]


@dataclass(frozen=True)
class NextView:
    """What a page is to show next.

    Attributes:
        said: the answers, as their ids, the ids in their blanks, and their forms.
        token: the page's token, or "" where no conversation goes on.
        status: the HTTP status.
        wait: seconds after which a refused message may be tried again, or None.
        heading: the name of the heading of a sheet that stands alone; None for the page of the talk.
    """

    said: Sequence[Said]
    token: str = ""
    status: int = 200
    wait: int | None = None
    heading: str | None = None


class PageTickets:
    """Gives out tickets and takes each of them once, in the conversations' database.

    Args:
        now: the time in seconds since 1970.
    """

    def __init__(self, database: ConversationDatabase, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def issue(self, view: NextView, conversation: str = "") -> str | None:
        """A ticket for `view`; None where there are too many.

        Args:
            conversation: the id of the conversation that it belongs to, with which it goes, or "".

        Raises:
            WordsInState: the view holds something that is no id.
            ConversationsUnavailable: the database failed.
        """
        check_ids("a page's next view", view.said)
        ticket = secrets.token_urlsafe(16)
        token = view.token if TOKEN.fullmatch(view.token) else ""  # nothing else can be one of ours
        kept = {
            "said": [[answer, dict(values), form] for answer, values, form in view.said],
            "token": _masked(token.encode(), ticket).hex(),
            "status": view.status,
            "wait": view.wait,
            "heading": view.heading,
        }
        row = {"id": _id(ticket), "conversation": conversation, "view": kept, "ends": self._now() + SECONDS}

        def write(connection: Connection) -> bool:
            if (connection.scalar(select(func.count()).select_from(Ticket)) or 0) >= TICKETS_KEPT:
                return False
            connection.execute(insert(Ticket).values(row))
            return True

        return ticket if await self._database.run(write) else None

    async def redeem(self, ticket: str) -> NextView | None:
        """The view under a ticket, which is worth nothing from now on; None if it was already.

        Raises:
            ConversationsUnavailable: the database failed.
        """
        mine = delete(Ticket).where(Ticket.id == _id(ticket)).returning(Ticket.view, Ticket.ends)
        row = await self._database.run(lambda connection: connection.execute(mine).one_or_none(), to_disk=True)
        if row is None or row.ends <= self._now():
            return None
        view = dict(row.view)
        said = tuple((answer, values, form) for answer, values, form in view.pop("said"))
        return NextView(said, _masked(bytes.fromhex(view.pop("token")), ticket).decode(), **view)

    async def remove_expired(self) -> None:
        """Remove the tickets that nobody came with. Raises: ConversationsUnavailable."""
        ended = delete(Ticket).where(Ticket.ends <= self._now())
        await self._database.run(lambda connection: connection.execute(ended), to_disk=True)


def _id(ticket: str) -> str:
    return hashlib.sha256(f"ticket {ticket}".encode()).hexdigest()


def _masked(token: bytes, ticket: str) -> bytes:
    """A token as it is kept under a ticket, and back. A ticket masks one token only, so this is a one-time pad."""
    pad = hashlib.shake_256(f"token {ticket}".encode()).digest(len(token))
    return bytes(one ^ other for one, other in zip(token, pad, strict=True))
