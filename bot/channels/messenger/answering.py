"""Answers events: per person in the order in which they happened, people in parallel, each message once.

The webhook is answered with 200 once the platform took every answer. A process that dies before leaves the platform
without it, so it delivers again. Its turn is not taken again then: the engine knows the message's number and says its
answer again, and of that only what the platform has not taken (`Exchange`).

An answer that takes longer than `WAIT` seconds goes on in memory. The platform is told to deliver it again, and finds
it answered then: a 200 before that would lose what a crash cuts off.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from bot.answers.rendering import RenderedReply
from bot.channels.messenger import limits
from bot.channels.messenger.deliveries import Deliveries
from bot.channels.messenger.events import ANSWERED, NOTED, Event
from bot.channels.messenger.exchange import Channel, Exchange
from bot.channels.messenger.graph import GraphClient, GraphError
from bot.channels.messenger.identities import Identities
from bot.channels.messenger.person_locks import PersonLocks
from bot.channels.messenger.tables import Base
from bot.channels.messenger.threads import LONG_GAP, SILENCE, Thread, Threads
from bot.channels.web.metrics import Metrics
from bot.channels.web.rates import Rate
from bot.engine.conversation_database import ConversationsUnavailable
from bot.engine.engine import Engine
from bot.settings import MessengerSettings

logger = logging.getLogger(__name__)

WAIT = 4.0  # seconds until a webhook is answered at the latest; the platform gives up after five
LONGEST_TURN = 10.0  # seconds, after which a message is answered with help numbers
CHANNEL = "messenger"
_FINAL = frozenset({"window_closed", "user_gone", "bad_parameter"})

Outcome = Literal["done", "again"]


class Answering:
    """Answers what people write to the page.

    Attributes:
        token_works: whether the platform took the page's token when it was last used.
    """

    def __init__(
        self,
        engine: Engine,
        settings: MessengerSettings,
        graph: GraphClient,
        metrics: Metrics,
        *,
        web_page: str,
        turns_per_minute: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Make the channel's tables.

        Args:
            web_page: address of the page of ours to which people can take along what they named.
            turns_per_minute: how many messages of one person are read; what is more is held against the rules alone.

        Raises:
            ConversationsUnavailable: the conversations' database failed.
        """
        self._engine, self._graph, self._metrics, self._now = engine, graph, metrics, now
        self._inbox, self._web_page = settings.inbox, web_page
        self._rate = Rate(turns_per_minute)
        database = engine.conversations
        database.add_tables(Base.metadata)
        self._channel = Channel(database, graph, Identities(settings.hash_keys), Deliveries(now), Threads(now))
        self._locks = PersonLocks(database)
        self._running: set[asyncio.Task[Outcome]] = set()
        self.token_works = True

    async def take(self, events: Sequence[Event]) -> bool:
        """Answer a delivery. False where the platform has to deliver it again; what is answered already stays so."""
        people: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            if event.kind in ANSWERED | NOTED:
                people[event.person].append(event)
            else:
                self._metrics.messenger(event.kind)
        if not people:
            return True
        arrived = time.monotonic()
        tasks = [asyncio.create_task(self._in_order(person, one, arrived)) for person, one in people.items()]
        self._running.update(tasks)
        for task in tasks:
            task.add_done_callback(self._running.discard)
        finished, late = await asyncio.wait(tasks, timeout=WAIT)
        if late:
            self._metrics.messenger("late")
        return not late and all(task.result() == "done" for task in finished)

    async def erase(self, id: str) -> None:
        """Erase what is kept of a person, under this id and under those that belong to it if it is one of the login's.

        Raises: ConversationsUnavailable, TimeoutError.
        """
        try:
            people = await self._graph.people_of_login(id)
        except GraphError as error:
            logger.warning("The platform does not say whose login asked to be deleted: %s.", error)
            people = ()
        for person in {id, *people}:
            await self._erase(person)

    async def every_minute(self) -> None:
        """Remove what is no longer needed. Raises: ConversationsUnavailable."""
        self._rate.forget()
        await self._channel.database.run(self._channel.deliveries.remove_ended, to_disk=True)
        await self._channel.database.run(self._channel.threads.remove_ended, to_disk=True)

    async def aclose(self) -> None:
        """Finish what runs, and close the connections."""
        if self._running:
            await asyncio.wait(self._running, timeout=WAIT)
        self._locks.close()
        await self._graph.aclose()

    async def _erase(self, person: str) -> None:
        names = self._channel.identities.people(person)
        async with self._locks.hold(names[0]):
            found = await self._channel.database.run(lambda connection: self._channel.threads.find(connection, names))
            thread = found or Thread(self._channel.identities.session(person))
            await self._engine.erase(thread.session)
            erased = self._erased(person, thread, self._now())
            await self._channel.database.run(
                lambda connection: self._channel.threads.keep(connection, names, erased), to_disk=True
            )

    async def _in_order(self, person: str, events: Sequence[Event], arrived: float) -> Outcome:
        try:
            async with self._locks.hold(self._channel.identities.people(person)[0]):
                for event in events:
                    if await self._once(Exchange(self._channel, event, arrived)) == "again":
                        return "again"  # what came after it waits, or it would be answered first
        except (ConversationsUnavailable, TimeoutError) as error:
            logger.error("A message to the page waits to be delivered again: %s", type(error).__name__)
            return "again"
        except Exception as error:  # noqa: BLE001 - the platform delivers again; the text may hold words
            logger.error("A message to the page failed: %s", type(error).__name__)
            self._metrics.error()
            return "again"
        return "done"

    async def _once(self, exchange: Exchange) -> Outcome:
        await exchange.begin()
        if exchange.is_done:
            self._metrics.messenger("duplicate")
            return "done"
        try:
            await self._handle(exchange)
        except GraphError as error:
            self._metrics.messenger(error.kind)
            self._set_token(error.kind != "token_dead" and self.token_works)
            if error.kind not in _FINAL:
                return "again"
            if error.kind == "bad_parameter":
                await self._apologize(exchange, error)
            await exchange.finish(exchange.thread)
            return "done"
        self._metrics.messenger(exchange.event.kind)
        return "done"

    async def _apologize(self, exchange: Exchange, error: GraphError) -> None:
        """The platform refused a message of ours, whatever is wrong with it; the person still gets help numbers."""
        logger.error("A message of ours was refused: %s.", error)
        self._metrics.error()
        try:
            await exchange.send([self._word("something_broke")])
        except GraphError as again:
            logger.error("Help numbers were refused, too: %s.", again)

    async def _handle(self, exchange: Exchange) -> None:
        event, thread, now, when = exchange.event, exchange.thread, self._now(), exchange.event.when / 1000
        if event.kind in NOTED:
            await exchange.finish(self._noted(thread, event, now))
        elif now - when > limits.WINDOW_SECONDS or (thread.erased and when < thread.erased):
            self._metrics.messenger("too_late")
            await exchange.finish(thread)
        elif event.standby and thread.silent_until <= now:
            await self._in_silence(exchange, replace(thread, silent_until=now + SILENCE, helped=False))
        elif thread.silent_until > now:
            await self._in_silence(exchange, thread)
        elif event.kind == "edit":
            await self._send(exchange, await self._help_in(event.text))
            await exchange.finish(thread)
        else:
            await self._answer(exchange, thread)

    async def _answer(self, exchange: Exchange, thread: Thread) -> None:
        event, now = exchange.event, self._now()
        if thread.silent_until:  # the time of the silence ended without anybody's word
            thread = replace(thread, silent_until=0.0, helped=False, returned=True)
        typing = asyncio.create_task(self._graph.typing(event.person))
        try:
            replies, helps = await self._replies(exchange, thread.session)
        finally:
            # After the answer it would show that there is more to come. Not cancelled: httpx would lose a connection.
            await typing
        said = {reply.id for reply in replies}
        # Who has just seen help and wants more numbers is not left to staff who may answer tomorrow.
        hands_over = "talk_to_person" in said and bool(self._inbox) and not thread.helped
        # These say themselves who answers, and what the app keeps.
        disclosure = [] if said & {"opening", "erased"} else self._disclosure(thread, now)
        if hands_over:
            # A choice would be met with silence.
            replies = [*(replace(reply, buttons=()) for reply in replies), self._word("messenger_handed_over")]
        if helps:  # it comes first, then who says it
            replies += disclosure
        else:  # apart, because the numbers of choices begin with the turn's own
            await self._send(exchange, disclosure)
        await self._send(exchange, replies)
        if "erased" in said:
            await exchange.finish(self._erased(event.person, thread, event.when / 1000))
            return
        thread = replace(thread, last_seen=now, returned=False, helped=helps)
        if hands_over:
            thread = await self._hand_over(exchange, thread)
        await exchange.finish(thread)

    async def _hand_over(self, exchange: Exchange, thread: Thread) -> Thread:
        """Pass the thread to the staff. It is told before: afterwards the platform may take no message of ours."""
        try:
            await self._graph.pass_thread_control(exchange.event.person, self._inbox)
        except GraphError as error:
            logger.error("A thread could not be handed to the staff: %s.", error)
            self._metrics.messenger("not_handed_over")
            # Nobody may wait for an answer that does not come.
            await self._send(exchange, [self._word("messenger_back")])
            return thread
        return replace(thread, silent_until=self._now() + SILENCE, helped=False)

    async def _replies(self, exchange: Exchange, session: str) -> tuple[list[RenderedReply], bool]:
        """What is said to a message, and whether it is help."""
        event = exchange.event
        if event.kind == "attachment":
            return [self._word("messenger_attachment")], False
        text = self._text_of(event)
        if not exchange.is_again and self._rate.take(session.encode()):
            found = list(self._engine.help_in(text, CHANNEL))
            return found or [self._word("too_fast")], bool(found)
        started = time.perf_counter()
        try:
            async with asyncio.timeout(LONGEST_TURN):
                turn = await self._engine.turn(session, text, CHANNEL, begin=True, message=exchange.number)
        except TimeoutError:
            logger.error("A turn took too long and was answered with help numbers.")
            self._metrics.error()
            found = list(self._engine.help_in(text, CHANNEL))
            return found or [self._word("something_broke")], True
        self._metrics.turn(turn, time.perf_counter() - started)
        return await self._with_code(session, turn.replies), turn.crisis is not None

    async def _with_code(self, session: str, replies: Sequence[RenderedReply]) -> list[RenderedReply]:
        """The replies, and after the one that tells of the web page what is needed to get there."""
        place = next((place for place, reply in enumerate(replies, start=1) if reply.id == "private_page"), None)
        code = await self._engine.carry_out(session) if place else None
        if not code:
            return list(replies)
        way = self._engine.words.render("messenger_web_code", {"page": self._web_page, "code": code}, channel=CHANNEL)
        return [*replies[:place], way, *replies[place:]]

    def _text_of(self, event: Event) -> str:
        """What the engine takes: a payload of ours, or words, which are never a command."""
        payload = event.payload
        if event.kind == "referral" or (event.kind == "postback" and not payload.startswith("/")):
            payload = f'/ask{{"topic": "{payload}"}}' if payload.replace("_", "").isalnum() else ""
        if payload and self._engine.words.is_payload(payload):
            return payload
        return event.text.lstrip("/ ")

    async def _in_silence(self, exchange: Exchange, thread: Thread) -> None:
        """A person has the thread: nothing is said but help, once, and that what was kept is erased."""
        event = exchange.event
        text = self._text_of(event)
        read = await self._engine.parse(text) if text.strip() else None
        if read and not read.crises and read.topic == "erase" and read.answered:
            await self._engine.erase(thread.session)
            await self._send(exchange, [self._word("erased")])
            await exchange.finish(self._erased(event.person, thread, event.when / 1000))
            return
        helps = [self._word(one.crisis) for one in read.crises] if read and not thread.helped else []
        await self._send(exchange, helps)
        await exchange.finish(replace(thread, helped=thread.helped or bool(helps)))

    async def _help_in(self, text: str) -> list[RenderedReply]:
        """Help that `text` calls for, by the rules and by the classifier, outside the conversation."""
        if not text.strip():
            return []
        return [self._word(firing.crisis) for firing in (await self._engine.parse(text.lstrip("/ "))).crises]

    def _disclosure(self, thread: Thread, now: float) -> list[RenderedReply]:
        if not thread.last_seen:
            return [self._word("messenger_opening")]
        if thread.returned:
            return [self._word("messenger_back")]
        return [self._word("messenger_again")] if now - thread.last_seen > LONG_GAP else []

    def _noted(self, thread: Thread, event: Event, now: float) -> Thread:
        if event.kind == "handed_to_us":
            return replace(thread, silent_until=0.0, helped=False, returned=True, last_seen=thread.last_seen or now)
        starts = thread.silent_until <= now
        return replace(thread, silent_until=now + SILENCE, helped=thread.helped and not starts)

    def _erased(self, person: str, thread: Thread, when: float) -> Thread:
        """What is left of a thread: only that what was written before is not answered, and who has it."""
        return Thread(
            self._channel.identities.session(person),
            last_accepted=thread.last_accepted,
            silent_until=thread.silent_until,
            erased=when,
        )

    def _word(self, answer: str) -> RenderedReply:
        return self._engine.words.render(answer, channel=CHANNEL)

    async def _send(self, exchange: Exchange, replies: Sequence[RenderedReply]) -> None:
        if replies:
            await exchange.send(replies)
            self._set_token(True)

    def _set_token(self, works: bool) -> None:
        self.token_works = works
        self._metrics.messenger_token(works)
