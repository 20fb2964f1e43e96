"""One message and its answer: what is sent of it is sent once, also after a crash or a call without an answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bot.answers.rendering import RenderedReply
from bot.channels.messenger.deliveries import Deliveries, Progress
from bot.channels.messenger.events import Event
from bot.channels.messenger.graph import GraphClient, GraphError
from bot.channels.messenger.identities import Identities
from bot.channels.messenger.outgoing import Message, messages_of
from bot.channels.messenger.threads import Thread, Threads
from bot.engine.conversation_database import ConversationDatabase

logger = logging.getLogger(__name__)

LONGEST = 25.0  # seconds from a message's arrival in which its answer is tried; the platform wants one in thirty
PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds before sending is tried anew; the last one again and again
_TRIED_AGAIN = frozenset({"rate", "server", "unreachable"})


@dataclass(frozen=True)
class Channel:
    """What an exchange needs of the channel around it."""

    database: ConversationDatabase
    graph: GraphClient
    identities: Identities
    deliveries: Deliveries
    threads: Threads


class Exchange:
    """The answer to one event, of a person whom the caller holds (`PersonLocks`).

    Each message that the platform takes is counted at once. Whoever answers the same event again, because the process
    died or the platform failed, skips that many. What the platform may have taken without our knowing is looked for in
    the thread. Only where the platform does not tell is it sent again: somebody in danger must not go without.

    Attributes:
        event: what happened.
        thread: the person's thread as it is now.
        is_done: whether it was answered before.
        is_again: whether it was begun to be answered before.
    """

    def __init__(self, channel: Channel, event: Event, arrived: float) -> None:
        """The exchange of an event that arrived at `arrived`, in seconds of `time.monotonic`."""
        self._channel = channel
        self._names = channel.identities.people(event.person)
        self._ids = channel.identities.messages(event.person, event.id)
        self._deadline = arrived + LONGEST
        self._progress = Progress()
        self._place = 0  # in the whole answer, of the next message
        self._in_doubt = False
        self._doubted = False
        self.event = event
        self.thread = Thread(channel.identities.session(event.person))
        self.is_done = self.is_again = False

    @property
    def number(self) -> str:
        """The number under which the engine knows this message (`is_message_number`)."""
        return self._ids[0][:16]

    async def begin(self) -> None:
        """Find out what was said before, and write down that it is being answered. Raises: ConversationsUnavailable."""
        found, thread = await self._channel.database.run(self._read)
        self.thread = thread or self.thread
        if self.event.kind == "echo":
            # The page's staff sent it: it is none of ours that was taken without our knowing.
            self.thread = replace(self.thread, last_accepted=self._name(self.event.id))
        if found:
            self.is_done, self.is_again = found.done, True
            self._progress, self._in_doubt = found, True

    async def send(self, replies: Sequence[RenderedReply]) -> None:
        """Send what is left of these replies, which come after those that were given before.

        Raises:
            GraphError: the platform does not take a message, and will not, or not in time.
            ConversationsUnavailable: what it took cannot be kept.
        """
        for message in messages_of(replies) if replies else ():
            if self._place >= self._progress.accepted:
                await self._keep_accepted(await self._accepted(message))
            self._place += 1

    async def finish(self, thread: Thread) -> None:
        """Keep that the answer is complete, and the person's thread after it. Raises: ConversationsUnavailable."""
        if self._doubted:
            await self._look_for_late_ones()
        self._progress = replace(self._progress, done=True)
        self.thread = replace(thread, last_accepted=self.thread.last_accepted)
        await self._channel.database.run(self._write, to_disk=bool(thread.erased))

    async def _accepted(self, message: Message) -> str:
        """Have a message taken, and return its id, "" where the platform does not tell."""
        attempt = 0
        while True:
            try:
                if self._in_doubt:
                    sent = await self._sent_unknown()
                    self._in_doubt = False
                    if sent is not None:
                        return sent
                sent = await self._channel.graph.send(self.event.person, message)
            except GraphError as error:
                self._in_doubt = self._in_doubt or error.may_have_arrived
                self._doubted = self._doubted or error.may_have_arrived
                pause = PAUSES[min(attempt, len(PAUSES) - 1)]
                if error.kind not in _TRIED_AGAIN or time.monotonic() + pause > self._deadline:
                    raise
            else:
                return sent
            attempt += 1
            await asyncio.sleep(pause)

    async def _sent_unknown(self) -> str | None:
        """The id of the message that the platform took last without our knowing, or None if there is none."""
        try:
            sent = await self._channel.graph.sent_to(self.event.person)
        except GraphError as error:
            if error.kind in _TRIED_AGAIN and time.monotonic() < self._deadline - PAUSES[-1]:
                raise
            logger.warning("The platform does not say what it took (%s); a message may come twice.", error.kind)
            return None
        newest = next(iter(sent), None)
        if newest is None or self._name(newest.id) == self.thread.last_accepted:
            return None
        # What was sent before this event is of an answer before, or of the page's staff. Times are whole seconds.
        return newest.id if newest.at >= self.event.when // 1000 else None

    async def _look_for_late_ones(self) -> None:
        """What was sent twice may have been taken twice; the second must not pass for a message of the next answer."""
        try:
            sent = await self._channel.graph.sent_to(self.event.person)
        except GraphError as error:
            logger.warning("The platform does not say what it took (%s) after a failure.", error.kind)
            return
        if sent:
            self.thread = replace(self.thread, last_accepted=self._name(sent[0].id))

    def _name(self, id: str) -> str:
        return self._channel.identities.messages(self.event.person, id)[0]

    async def _keep_accepted(self, id: str) -> None:
        self._progress = Progress(self._place + 1)
        self.thread = replace(self.thread, last_accepted=self._name(id) if id else "")
        await self._channel.database.run(self._write)

    def _read(self, connection: Connection) -> tuple[Progress | None, Thread | None]:
        found = self._channel.deliveries.find(connection, self._ids)
        if found is None:
            self._channel.deliveries.keep(connection, self._ids, Progress())
        return found, self._channel.threads.find(connection, self._names)

    def _write(self, connection: Connection) -> None:
        self._channel.deliveries.keep(connection, self._ids, self._progress)
        self._channel.threads.keep(connection, self._names, self.thread)
