"""What is answered, once and in order, while the platform fails, processes die, and people come and go."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from prometheus_client import generate_latest

from bot.answers.catalog import catalog
from bot.channels.messenger import answering as answering_module
from bot.channels.messenger import exchange as exchange_module
from bot.channels.messenger.answering import Answering
from bot.channels.messenger.events import read_events
from bot.channels.messenger.graph import GraphClient, GraphError
from bot.channels.messenger.person_locks import PersonLocks
from bot.channels.messenger.stand_in import INBOX_APP, Accepted, StandIn
from bot.channels.web.metrics import Metrics
from bot.engine.conversation_database import ConversationDatabase
from bot.engine.engine import Engine
from tests.engine.conftest import Clock, Held, MakeEngine, until_waiting
from tests.messenger.conftest import client_of
from tests.messenger.service import PERSON, messenger_settings

Event = dict[str, Any]
COST, LONG = "How much does it cost?", "How long does it take?"
HOUR = 60  # of the clock's minutes


class Process:
    """What one process has: the channel on an engine of its own."""

    def __init__(self, platform: StandIn, engine: Engine, graph: GraphClient, clock: Clock, turns: int) -> None:
        settings = messenger_settings(platform, inbox=INBOX_APP)
        self.platform, self.metrics, self._clock = platform, Metrics(catalog()), clock
        self.answering = Answering(
            engine,
            settings,
            graph,
            self.metrics,
            web_page="https://chat.example.org",
            turns_per_minute=turns,
            now=clock,
        )

    async def take(self, *events: Event, key: str = "messaging") -> bool:
        """Take events that happen now by the clock, unless they have another time than the platform gave them."""
        ahead = int((self._clock() - Clock()()) * 1000)
        moved = [event | {"timestamp": event["timestamp"] + ahead} for event in events]
        body = self.platform.body(moved, key)
        return await self.answering.take(read_events(body, page=self.platform.page_id, app=self.platform.app_id))

    def said(self) -> list[str]:
        """What the person was sent, a text for each message."""
        return texts(self.platform)

    def counted(self, kind: str) -> bool:
        """Whether five of a kind were counted."""
        return f'messenger_events_total{{kind="{kind}"}}' in generate_latest(self.metrics.registry).decode()


Start = Callable[..., Any]


@pytest.fixture
async def start(stand_in: StandIn, make_engine: MakeEngine, clock: Clock) -> AsyncIterator[Start]:
    """Starts processes, each of which ends with the test unless it has ended before."""
    async with AsyncExitStack() as opened:

        @asynccontextmanager
        async def started(url: str, graph: GraphClient | None = None, turns: int = 1000) -> AsyncIterator[Process]:
            engine = make_engine(url)
            process = Process(stand_in, engine, graph or client_of(stand_in), clock, turns)
            yield process
            await process.answering.aclose()
            engine.close()

        async def start(*given: Any, **named: Any) -> Process:
            return await opened.enter_async_context(started(*given, **named))

        yield start


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Next to no waiting between two attempts, and attempts for a second."""
    monkeypatch.setattr(exchange_module, "PAUSES", (0.02,))
    monkeypatch.setattr(exchange_module, "LONGEST", 1.0)


def texts(platform: StandIn) -> list[str]:
    """The texts of what the person was sent, each on one line."""
    sent = platform.sent_to(PERSON)
    told = [one["text"] if "text" in one else one["attachment"]["payload"]["text"] for one in sent]
    return [" ".join(text.split()) for text in told]


def words(answer: str) -> str:
    """The longest piece of a vetted answer without blanks, which no other answer has."""
    topic = catalog().topics.get(answer)
    pieces = re.split(r"\{[^}]*\}|\n\n", topic.words if topic else catalog().replies[answer].words)
    return max(pieces, key=len).strip()[:60]


def order(platform: StandIn, *answers: str) -> list[str]:
    """Which of these answers were said, in order, as often as they were."""
    return [answer for text in texts(platform) for answer in answers if words(answer) in text]


class DiesAfterSending(GraphClient):
    """Stands for a process that dies when the platform has taken a message, before anything is written down."""

    sends_left = 1

    async def send(self, person: str, message: Mapping[str, Any]) -> str:
        await super().send(person, message)
        self.sends_left -= 1
        if self.sends_left < 0:
            raise RuntimeError("the end of the process")
        return ""


def dying(platform: StandIn, sends: int) -> GraphClient:
    client = client_of(platform, kind=DiesAfterSending)
    assert isinstance(client, DiesAfterSending)
    client.sends_left = sends
    return client


@pytest.mark.parametrize("sends", [0, 1, 2])
async def test_a_death_after_the_platform_took_a_message_doubles_nothing(
    start: Start, lasting_url: str, stand_in: StandIn, sends: int
) -> None:
    first = await start(lasting_url)
    assert await first.take(stand_in.text(PERSON, "What is mediation?"))
    await first.answering.aclose()
    first.answering._engine.close()
    event = stand_in.postback(PERSON, "Find", '/give_place{"state": "TX"}')
    dies = await start(lasting_url, dying(stand_in, sends))
    before = len(stand_in.accepted)
    assert not await dies.take(event)
    assert len(stand_in.accepted) == before + sends + 1
    await dies.answering.aclose()
    dies.answering._engine.close()
    after = await start(lasting_url)
    assert await after.take(event)
    whole = texts(stand_in)[before:]
    assert len(whole) == len(set(whole)) > 3
    undisturbed = len(whole)
    await after.take(stand_in.postback(PERSON, "Find", '/give_place{"state": "TX"}'))
    assert texts(stand_in)[before + undisturbed :] == whole


async def test_an_answer_that_gets_lost_is_looked_for_and_not_sent_again(
    start: Start, url: str, stand_in: StandIn
) -> None:
    process = await start(url)
    stand_in.lost = 1.0
    assert await process.take(stand_in.text(PERSON, COST))
    assert await process.take(stand_in.text(PERSON, LONG))
    assert order(stand_in, "messenger_opening", "cost", "how_long") == ["messenger_opening", "cost", "how_long"]
    assert len(texts(stand_in)) == len(set(texts(stand_in)))


async def test_what_the_platform_does_not_tell_of_is_rather_said_twice_than_never(
    start: Start, stand_in: StandIn
) -> None:
    process = await start("sqlite://")
    stand_in.lost, stand_in.refused_calls = 0.5, {"conversations"}
    assert await process.take(stand_in.text(PERSON, COST))
    assert "cost" in order(stand_in, "cost")


async def test_a_platform_that_fails_is_tried_again_and_what_comes_meanwhile_waits(
    start: Start, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering_module, "WAIT", 0.2)
    monkeypatch.setattr(exchange_module, "LONGEST", 20.0)
    process = await start("sqlite://")
    first, second = stand_in.text(PERSON, COST), stand_in.text(PERSON, LONG)
    stand_in.failures = 1.0
    assert not await process.take(first)  # it goes on, and the platform is told to deliver it again
    assert not await process.take(second)
    stand_in.failures = 0.0
    await asyncio.to_thread(stand_in.wait_for, 3, 10)
    monkeypatch.setattr(answering_module, "WAIT", 20.0)
    assert await process.take(first, second)
    assert order(stand_in, "cost", "how_long") == ["cost", "how_long"]


async def test_a_slow_answer_goes_on_and_is_found_when_it_is_delivered_again(
    start: Start,
    stand_in: StandIn,
    held: Held,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answering_module, "WAIT", 0.2)
    process = await start("sqlite://")
    slow, after = stand_in.postback(PERSON, "Goals", "/my_goals"), stand_in.text(PERSON, COST)
    assert not await process.take(slow)
    assert not await process.take(after)
    held.go_on()
    await asyncio.to_thread(stand_in.wait_for, 3, 10)
    monkeypatch.setattr(answering_module, "WAIT", 20.0)
    assert await process.take(slow)
    assert await process.take(after)
    assert order(stand_in, "messenger_opening", "cost") == ["messenger_opening", "cost"]


async def test_a_turn_that_takes_too_long_is_answered_with_help_numbers(
    start: Start,
    stand_in: StandIn,
    held: Held,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answering_module, "LONGEST_TURN", 0.3)
    process = await start("sqlite://")
    assert await process.take(stand_in.postback(PERSON, "Goals", "/my_goals"))
    assert order(stand_in, "something_broke") == ["something_broke"]
    held.go_on()


async def test_a_message_that_the_platform_refuses_is_answered_with_help_numbers(
    start: Start, stand_in: StandIn
) -> None:
    process = await start("sqlite://")
    stand_in.refused_messages = 1
    assert await process.take(stand_in.text(PERSON, COST))
    assert order(stand_in, "something_broke", "cost") == ["something_broke"]


async def test_nothing_is_said_a_day_after_the_message(start: Start, stand_in: StandIn) -> None:
    process = await start("sqlite://")
    late = stand_in.text(PERSON, COST)
    late["timestamp"] -= 24 * 3600 * 1000 + 1000
    assert await process.take(late)
    assert texts(stand_in) == []


async def test_a_closed_window_ends_the_matter(start: Start, stand_in: StandIn) -> None:
    process = await start("sqlite://")
    event = stand_in.text(PERSON, COST)
    stand_in.close_window(PERSON)
    assert await process.take(event)
    stand_in.meet(PERSON)
    assert await process.take(event)
    assert texts(stand_in) == []


async def test_after_a_day_it_says_again_that_it_is_a_program(start: Start, stand_in: StandIn, clock: Clock) -> None:
    process = await start("sqlite://")
    await process.take(stand_in.text(PERSON, COST))
    clock.forward(23 * HOUR)
    await process.take(stand_in.text(PERSON, LONG))
    assert order(stand_in, "messenger_again") == []
    clock.forward(25 * HOUR)
    await process.take(stand_in.text(PERSON, COST))
    assert order(stand_in, "messenger_opening", "messenger_again") == ["messenger_opening", "messenger_again"]


async def test_the_silence_ends_a_day_after_the_last_word_of_a_person(
    start: Start, stand_in: StandIn, clock: Clock
) -> None:
    process = await start("sqlite://")
    await process.take(stand_in.echo(PERSON, "Hello.", INBOX_APP))
    clock.forward(23 * HOUR)
    await process.take(stand_in.echo(PERSON, "Hello again.", INBOX_APP))
    clock.forward(23 * HOUR)
    await process.take(stand_in.text(PERSON, COST))
    assert texts(stand_in) == []
    clock.forward(2 * HOUR)
    await process.take(stand_in.text(PERSON, LONG))
    assert order(stand_in, "messenger_opening", "how_long") == ["messenger_opening", "how_long"]


async def test_who_cannot_be_handed_over_is_told_so_and_goes_on(start: Start, stand_in: StandIn) -> None:
    process = await start("sqlite://")
    stand_in.refused_calls = {"pass_thread_control"}
    await process.take(stand_in.postback(PERSON, "Talk to a person", "/talk_to_person"))
    assert order(stand_in, "messenger_handed_over", "messenger_back") == ["messenger_handed_over", "messenger_back"]
    await process.take(stand_in.text(PERSON, COST))
    assert order(stand_in, "cost") == ["cost"]


async def test_an_edit_is_answered_only_with_help(start: Start, stand_in: StandIn) -> None:
    process = await start("sqlite://")
    await process.take(stand_in.text(PERSON, COST, mid="m_1"))
    sent = len(stand_in.accepted)
    await process.take(stand_in.edit(PERSON, "m_1", LONG))
    assert len(stand_in.accepted) == sent
    await process.take(stand_in.edit(PERSON, "m_2", "I want to die"))
    assert "988" in texts(stand_in)[sent]


@pytest.mark.parametrize("how", ["typed", "tapped", "tapped_in_standby"])
async def test_what_is_kept_is_erased_while_a_person_answers(start: Start, stand_in: StandIn, how: str) -> None:
    process = await start("sqlite://")
    await process.take(stand_in.postback(PERSON, "An apology", '/share_goals{"goal": "goal_apology"}'))
    session = process.answering._channel.identities.session(PERSON)
    assert await process.answering._engine.knows(session)
    await process.take(stand_in.echo(PERSON, "Hello.", INBOX_APP))
    late = stand_in.text(PERSON, COST)
    late["timestamp"] -= 5
    tap = {
        "typed": stand_in.text(PERSON, "erase everything"),
        "tapped": stand_in.postback(PERSON, "Erase what I said", "/erase"),
        "tapped_in_standby": stand_in.postback(PERSON, "Erase what I said", None),
    }[how]
    await process.take(tap, key="messaging" if how != "tapped_in_standby" else "standby")
    assert "Your choices and goals are gone" in texts(stand_in)[-1]
    assert not await process.answering._engine.knows(session)
    sent = len(stand_in.accepted)
    await process.take(late)
    await process.take(stand_in.text(PERSON, LONG))  # and the person of the page goes on
    assert len(stand_in.accepted) == sent


async def test_too_much_at_once_is_answered_without_being_read_but_for_danger(start: Start, stand_in: StandIn) -> None:
    process = await start("sqlite://", turns=2)
    for _ in range(3):
        await process.take(stand_in.text(PERSON, COST))
    await process.take(stand_in.text(PERSON, "I want to die"))
    assert order(stand_in, "cost", "too_fast") == ["cost", "cost", "too_fast"]
    assert "988" in texts(stand_in)[-1]


async def test_two_processes_keep_the_order_of_a_person(
    start: Start,
    postgres_url: str,
    stand_in: StandIn,
    held: Held,
) -> None:
    one, other = await start(postgres_url), await start(postgres_url)
    first = asyncio.create_task(one.take(stand_in.postback(PERSON, "Goals", "/my_goals")))
    await held.until_inside()
    second = asyncio.create_task(other.take(stand_in.text(PERSON, COST)))
    stand_in.meet("8001")
    assert await other.take(stand_in.text("8001", LONG))  # somebody else does not wait
    await until_waiting(second)
    held.go_on()
    assert await first
    assert await second
    assert order(stand_in, "messenger_opening", "cost") == ["messenger_opening", "cost"]
    assert "cost" not in order(stand_in, "cost")[:-1]
    assert words("cost") in texts(stand_in)[-1]


async def test_a_person_is_free_when_the_connection_of_a_process_breaks(postgres_url: str) -> None:
    one, other = (PersonLocks(ConversationDatabase(postgres_url)) for _ in range(2))
    async with one.hold("a"):
        waits = asyncio.create_task(_hold(other, "a"))
        async with asyncio.timeout(20):
            await _hold(other, "b")
        assert not waits.done()
        one.close()
        async with asyncio.timeout(20):
            await waits
    for locks in (one, other):
        locks.close()
        locks._database.close()


async def _hold(locks: PersonLocks, person: str) -> None:
    async with locks.hold(person):
        pass


@pytest.mark.parametrize("before", ["nothing", "a_person_answered"])
async def test_a_number_is_the_choice_that_it_stands_beside_where_it_is_said_who_answers(
    start: Start, stand_in: StandIn, before: str
) -> None:
    process = await start("sqlite://")
    said = {}
    for person in (PERSON, "8001"):
        stand_in.meet(person)
        if before == "a_person_answered":
            await process.take(stand_in.text(person, COST))
            await process.take(stand_in.control_passed(person, stand_in.app_id, INBOX_APP))
        asked = len(stand_in.sent_to(person))
        await process.take(stand_in.postback(person, "Find", '/give_place{"state": "TX"}'))
        shown = stand_in.sent_to(person)[asked:]
        templates = [message["attachment"]["payload"] for message in shown if "attachment" in message]
        buttons = {one["title"]: one["payload"] for template in templates for one in template["buttons"]}
        title, payload = next((title, payload) for title, payload in buttons.items() if title.endswith("(2)"))
        typed, tapped = stand_in.text(person, title), stand_in.postback(person, title, payload)
        answered = len(stand_in.sent_to(person))
        await process.take(typed if person == PERSON else tapped)
        said[person] = stand_in.sent_to(person)[answered:]
    assert said[PERSON] == said["8001"]


@pytest.mark.parametrize("taken", [1, 2, 3])
async def test_danger_in_spanish_is_said_whole_where_the_platform_failed_between(
    start: Start, stand_in: StandIn, taken: int
) -> None:
    spanish = "quiero morirme"
    stand_in.meet("8001")
    undisturbed = await start("sqlite://")
    await undisturbed.take(stand_in.text("8001", spanish))
    graph = client_of(stand_in, kind=BusyAfter)
    assert isinstance(graph, BusyAfter)
    graph.sends_left = taken
    process = await start("sqlite://", graph)
    event = stand_in.text(PERSON, spanish)
    assert not await process.take(event)
    assert len(stand_in.sent_to(PERSON)) == taken
    graph.sends_left = 100
    assert await process.take(event)
    assert stand_in.sent_to(PERSON) == stand_in.sent_to("8001")


async def test_what_staff_wrote_is_not_taken_for_help_that_is_still_to_come(start: Start, stand_in: StandIn) -> None:
    process = await start("sqlite://")
    event, staff = stand_in.text(PERSON, "I want to die"), stand_in.echo(PERSON, "Hello, this is Ann.", INBOX_APP)
    stand_in.failures = 1.0
    assert not await process.take(event)
    stand_in.failures = 0.0
    said = {"text": staff["message"]["text"]}
    stand_in.accepted.append(Accepted(PERSON, said, time.monotonic(), staff["message"]["mid"]))
    assert await process.take(staff)
    assert await process.take(event)
    assert words("crisis_suicide") in texts(stand_in)[1]


class BusyAfter(GraphClient):
    """Stands for a platform that takes some messages, and is then too busy."""

    sends_left = 0

    async def send(self, person: str, message: Mapping[str, Any]) -> str:
        if not self.sends_left:
            raise GraphError("rate", 613)
        self.sends_left -= 1
        return await super().send(person, message)


async def test_who_is_handed_over_has_nothing_to_tap_that_would_be_met_with_silence(
    start: Start, stand_in: StandIn
) -> None:
    process = await start("sqlite://")
    await process.take(stand_in.text(PERSON, COST))
    sent = len(stand_in.accepted)
    await process.take(stand_in.text(PERSON, "talk to a person"))
    handed = stand_in.sent_to(PERSON)[sent:]
    assert "988" in str(handed)
    assert not any("quick_replies" in message or "attachment" in message for message in handed)


async def test_who_wants_more_numbers_after_help_is_not_left_to_staff(start: Start, stand_in: StandIn) -> None:
    process = await start("sqlite://")
    await process.take(stand_in.text(PERSON, "I want to die"))
    await process.take(stand_in.postback(PERSON, "More numbers", "/talk_to_person"))
    assert stand_in.controls == []
    assert "messenger_handed_over" not in order(stand_in, "messenger_handed_over")
    await process.take(stand_in.text(PERSON, COST))
    assert order(stand_in, "cost") == ["cost"]
    await process.take(stand_in.text(PERSON, "talk to a person"))
    assert order(stand_in, "messenger_handed_over") == ["messenger_handed_over"]
