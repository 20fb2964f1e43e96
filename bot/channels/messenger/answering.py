"""Answers events: per person in the order in which they happened, people in parallel, each message once.

What is promised, and what is not. A message is claimed before its turn and marked as done after the platform took its
answer; the webhook is answered with 200 only then. A process that dies in between leaves a claim, so the platform gets
no 200 and delivers again; once the claim has run out (at the next start where there is one process) the message is
taken again. Its turn is not: the engine knows the message's number and says its answer again. Between the moment in
which the platform takes an answer and the one in which that is marked lie milliseconds. A process that dies there says
the answer twice. The platform has no key by which it would know a message again, so the choice is between twice and
never, and somebody who is in danger must not be left without an answer.

After `WAIT` seconds the webhook is answered with 200, and the rest goes on in memory; a crash then loses it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal
from weakref import WeakValueDictionary

from bot.answers.rendering import RenderedReply
from bot.channels.messenger import limits
from bot.channels.messenger.deliveries import Deliveries
from bot.channels.messenger.events import ANSWERED, NOTED, Event
from bot.channels.messenger.graph import GraphClient, GraphError
from bot.channels.messenger.identities import Identities
from bot.channels.messenger.outgoing import messages_of
from bot.channels.messenger.threads import LONG_GAP, SILENCE, Thread, Threads
from bot.channels.web.metrics import Metrics
from bot.engine.conversation_database import ConversationsUnavailable
from bot.engine.engine import Engine
from bot.settings import MessengerSettings

logger = logging.getLogger(__name__)

WAIT = 4.0  # seconds until a webhook is answered at the latest; the platform gives up after five
LONGEST_TURN = 15.0  # seconds; with the sending it stays below the thirty in which the platform wants an answer
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
        now: Callable[[], float] = time.time,
    ) -> None:
        """Make the channel's tables. Raises: ConversationsUnavailable."""
        self._engine, self._settings, self._graph, self._metrics, self._now = engine, settings, graph, metrics, now
        self._identities = Identities(settings.hash_keys)
        self._deliveries = Deliveries(engine.conversations, now)
        self._threads = Threads(engine.conversations, now)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
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
        tasks = [asyncio.create_task(self._in_order(person, one)) for person, one in people.items()]
        if not tasks:
            return True
        self._running.update(tasks)
        for task in tasks:
            task.add_done_callback(self._running.discard)
        finished, late = await asyncio.wait(tasks, timeout=WAIT)
        for task in late:
            task.add_done_callback(self._count_lost)
        return all(task.result() == "done" for task in finished)

    async def erase(self, person: str) -> None:
        """Erase what is kept of a person. Raises: ConversationsUnavailable, TimeoutError."""
        names = self._identities.people(person)
        async with self._lock(names[0]):
            thread = await self._threads.find(names)
            await self._engine.erase(thread.session if thread else self._identities.session(person))
            await self._threads.keep(names, self._erased(person, thread, self._now()))

    async def remove_ended(self) -> None:
        """Remove what is no longer needed. Raises: ConversationsUnavailable."""
        await self._deliveries.remove_ended()
        await self._threads.remove_ended()

    async def check_token(self) -> None:
        """For readiness. Raises: GraphError where the platform refused the page's token."""
        if not self.token_works:
            raise GraphError("token_dead")

    async def aclose(self) -> None:
        """Finish what runs, and close the connections."""
        if self._running:
            await asyncio.wait(self._running, timeout=WAIT)
        await self._graph.aclose()

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    def _count_lost(self, task: asyncio.Task[Outcome]) -> None:
        if not task.cancelled() and task.result() == "again":
            self._metrics.messenger("lost")
            logger.error("A message to the page was not answered, and the platform was told that it was.")

    async def _in_order(self, person: str, events: Sequence[Event]) -> Outcome:
        names = self._identities.people(person)
        async with self._lock(names[0]):
            for event in events:
                try:
                    outcome = await self._once(names, event)
                except (ConversationsUnavailable, TimeoutError) as error:
                    logger.error("A message to the page waits to be delivered again: %s", type(error).__name__)
                    outcome = "again"
                except Exception as error:  # noqa: BLE001 - the platform delivers again; the text may hold words
                    logger.error("A message to the page failed: %s", type(error).__name__)
                    self._metrics.error()
                    outcome = "again"
                if outcome == "again":
                    return outcome  # what came after it waits, or it would be answered first
        return "done"

    async def _once(self, names: tuple[str, ...], event: Event) -> Outcome:
        ids = self._identities.messages(event.id)
        claim = await self._deliveries.claim(ids)
        if claim != "ours":
            self._metrics.messenger("duplicate")
            return "done" if claim == "done" else "again"
        try:
            await self._handle(names, event, ids[0][:16])
        except GraphError as error:
            self._metrics.messenger(error.kind)
            self.token_works = self.token_works and error.kind != "token_dead"
            if error.kind not in _FINAL:
                await self._deliveries.release(ids[0])
                return "again"
        except BaseException:
            await self._deliveries.release(ids[0])
            raise
        await self._deliveries.done(ids[0])
        self._metrics.messenger(event.kind)
        return "done"

    async def _handle(self, names: tuple[str, ...], event: Event, number: str) -> None:
        now, when = self._now(), event.when / 1000
        found = await self._threads.find(names)
        thread = found or Thread(self._identities.session(event.person))
        if event.kind in NOTED:
            await self._threads.keep(names, self._noted(thread, event, now))
            return
        if now - when > limits.WINDOW_SECONDS or (thread.erased and when < thread.erased):
            self._metrics.messenger("too_late")
            return
        if event.standby and thread.silent_until <= now:
            thread = replace(thread, silent_until=now + SILENCE, helped=False)
        if thread.silent_until > now:
            await self._help_in_silence(names, event, thread)
            return
        if event.kind == "edit":
            await self._send(event.person, await self._help_in(event.text))
            return
        await self._graph.typing(event.person)
        await self._answer(names, event, thread, number)

    async def _answer(self, names: tuple[str, ...], event: Event, thread: Thread, number: str) -> None:
        now = self._now()
        if thread.silent_until:  # the time of the silence ended without anybody's word
            thread = replace(thread, silent_until=0.0, helped=False, returned=True)
        replies, helps = await self._replies(event, thread.session, number)
        said = {reply.id for reply in replies}
        hands_over = "talk_to_person" in said and bool(self._settings.inbox)
        # These say themselves who answers, and what the app keeps.
        disclosure = [] if said & {"opening", "erased"} else self._disclosure(thread, now)
        # Help comes first, then who says it.
        replies = [*replies, *disclosure] if helps else [*disclosure, *replies]
        if hands_over:
            replies.append(self._word("messenger_handed_over"))
        await self._send(event.person, replies)
        if "erased" in said:
            await self._threads.keep(names, self._erased(event.person, thread, event.when / 1000))
            return
        thread = replace(thread, last_seen=now, returned=False)
        if hands_over:
            thread = await self._hand_over(event.person, thread)
        await self._threads.keep(names, thread)

    async def _hand_over(self, person: str, thread: Thread) -> Thread:
        """Pass the thread to the staff. It is told before: afterwards the platform may take no message of ours."""
        try:
            await self._graph.pass_thread_control(person, self._settings.inbox)
        except GraphError as error:
            logger.error("A thread could not be handed to the staff: %s.", error)
            self._metrics.messenger("not_handed_over")
            await self._send(person, [self._word("messenger_back")])  # nobody may wait for an answer that does not come
            return thread
        return replace(thread, silent_until=self._now() + SILENCE, helped=False)

    async def _replies(self, event: Event, session: str, number: str) -> tuple[list[RenderedReply], bool]:
        """What is said to a message, and whether it is help."""
        if event.kind == "attachment":
            return [self._word("messenger_attachment")], False
        text = self._text_of(event)
        started = time.perf_counter()
        try:
            async with asyncio.timeout(LONGEST_TURN):
                turn = await self._engine.turn(session, text, CHANNEL, begin=True, message=number)
        except TimeoutError:
            logger.error("A turn took too long and was answered with help numbers.")
            self._metrics.error()
            found = list(self._engine.help_in(text, CHANNEL))
            return found or [self._word("something_broke")], True
        self._metrics.turn(turn, time.perf_counter() - started)
        return list(turn.replies), turn.crisis is not None

    def _text_of(self, event: Event) -> str:
        """What the engine takes: a payload of ours, or words, which are never a command."""
        payload = event.payload
        if event.kind == "referral" or (event.kind == "postback" and not payload.startswith("/")):
            payload = f'/ask{{"topic": "{payload}"}}' if payload.replace("_", "").isalnum() else ""
        if payload and self._engine.words.is_payload(payload):
            return payload
        return event.text.lstrip("/ ")

    async def _help_in_silence(self, names: tuple[str, ...], event: Event, thread: Thread) -> None:
        replies = [] if thread.helped else await self._help_in(event.text)
        await self._send(event.person, replies)
        await self._threads.keep(names, replace(thread, helped=thread.helped or bool(replies)))

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

    def _erased(self, person: str, thread: Thread | None, when: float) -> Thread:
        """What is left of a thread: only that what was written before is not answered, and who has it."""
        silent = thread.silent_until if thread else 0.0
        return Thread(self._identities.session(person), silent_until=silent, erased=when)

    def _word(self, answer: str) -> RenderedReply:
        return self._engine.words.render(answer, channel=CHANNEL)

    async def _send(self, person: str, replies: Sequence[RenderedReply]) -> None:
        messages: Sequence[Any] = messages_of(replies) if replies else ()
        for message in messages:
            await self._graph.send(person, message)
            self.token_works = True
