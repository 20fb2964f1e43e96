"""Conversations that several processes share on PostgreSQL, and a server that goes away."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import Connection, make_url, text

from bot.directory.database import connect
from bot.engine.conversation_database import CONNECTIONS
from bot.engine.conversation_locks import ConversationLocks, _keys
from bot.engine.conversation_store import conversation_id
from bot.engine.engine import Engine, Turn
from tests.engine.conftest import ANSWERS, APOLOGY, ME, OTHER, Held, MakeEngine
from tests.kept import kept
from tests.postgres import Wire

pytestmark = pytest.mark.postgres


@pytest.fixture(autouse=True)
def tries(monkeypatch: pytest.MonkeyPatch) -> Counter[ConversationLocks]:
    """How often each process has tried to take a lock."""
    counted: Counter[ConversationLocks] = Counter()
    original = ConversationLocks._try

    def count(self: ConversationLocks, conversation: str) -> Connection | None:
        counted[self] += 1
        return original(self, conversation)

    monkeypatch.setattr(ConversationLocks, "_try", count)
    return counted


async def _tries(tries: Counter[ConversationLocks], engine: Engine, times: int = 3) -> None:
    """Wait until a process has tried some more times to take locks that another one has."""
    locks = engine._conversations._locks
    enough, until = tries[locks] + times, time.monotonic() + 20
    while tries[locks] < enough:
        assert time.monotonic() < until
        await asyncio.sleep(0)


def _ids(turn: Turn) -> list[str]:
    return [reply.id for reply in turn.replies]


async def test_two_processes_never_run_two_turns_of_one_conversation_at_once(
    make_engine: MakeEngine, postgres_url: str, held: Held, tries: Counter[ConversationLocks]
) -> None:
    one, two = make_engine(postgres_url), make_engine(postgres_url)
    await one.turn(ME, APOLOGY, begin=True)
    first = asyncio.create_task(one.turn(ME, "/my_goals", begin=False))
    await held.until_inside()
    others = [
        asyncio.create_task(process.turn(ME, text, begin=False))
        for process in (two, one, two, two)
        for text in ("/my_goals", ANSWERS)
    ]
    await _tries(tries, two)
    # Somebody else is answered by the process that waits.
    assert _ids(await two.turn(OTHER, "i want to die", begin=True)) == ["crisis_suicide"]
    assert not any(task.done() for task in [first, *others])
    held.go_on()
    assert (await first).goals == ("goal_apology",)
    turns = await asyncio.gather(*others)
    assert all(turn.goals in (("goal_apology",), ("goal_apology", "goal_answers")) for turn in turns)
    assert held.most_together == 1
    assert (await two.turn(ME, "/greet", begin=False)).goals == ("goal_apology", "goal_answers")


async def test_erasing_in_one_process_waits_for_the_turn_in_another(
    make_engine: MakeEngine, postgres_url: str, held: Held, tries: Counter[ConversationLocks]
) -> None:
    one, two = make_engine(postgres_url), make_engine(postgres_url)
    await one.turn(ME, APOLOGY, begin=True)
    running = asyncio.create_task(one.turn(ME, "/my_goals", begin=False))
    await held.until_inside()
    erasing = asyncio.create_task(two.erase(ME))
    await _tries(tries, two)
    assert not erasing.done()
    held.go_on()
    assert (await running).goes_on
    await erasing
    assert (await one.turn(ME, "/my_goals", begin=False)).gone
    assert await kept(one) == {}


async def test_those_who_wait_for_another_process_take_no_connection_from_those_who_do_not(
    make_engine: MakeEngine, postgres_url: str, tries: Counter[ConversationLocks]
) -> None:
    """Thirty turns wait for fifteen conversations that another process holds, and more than all connections run."""
    one, two = make_engine(postgres_url), make_engine(postgres_url)
    sessions = [conversation_id(str(number)) for number in range(15)]
    async with AsyncExitStack() as holding:
        for session in sessions:
            await holding.enter_async_context(one._conversations.hold(session))
        waiting = [asyncio.create_task(two.turn(session, APOLOGY, begin=True)) for session in sessions * 2]
        await _tries(tries, two, times=40)
        free = [conversation_id(f"free {number}") for number in range(CONNECTIONS + 10)]
        turns = await asyncio.gather(*(two.turn(session, APOLOGY, begin=True) for session in free))
        assert all(turn.goals == ("goal_apology",) for turn in turns)
        assert not any(task.done() for task in waiting)
    assert all(turn.goals == ("goal_apology",) for turn in await asyncio.gather(*waiting))


async def test_the_lock_of_a_connection_that_broke_is_free_and_its_turn_keeps_nothing(
    make_engine: MakeEngine, postgres_url: str, held: Held, tries: Counter[ConversationLocks]
) -> None:
    """What a killed process leaves behind is a broken connection; here the server breaks it."""
    one, two = make_engine(postgres_url), make_engine(postgres_url)
    await one.turn(ME, APOLOGY, begin=True)
    running = asyncio.create_task(one.turn(ME, "/my_goals", begin=False))
    await held.until_inside()
    before = await kept(two)
    end = text(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND classid::bigint = :high AND objid::bigint = :low"
    )
    lock = {name: number % 2**32 for name, number in _keys(ME).items()}  # the view shows them without a sign
    ended = await two._conversations._database.run(lambda connection: connection.scalars(end, lock).all())
    assert ended == [True]
    assert _ids(await two.turn(ME, ANSWERS, begin=False))[0] == "goal_added"
    after = await kept(two)
    assert after != before
    held.go_on()
    assert _ids(await running) == ["something_broke"]
    assert await kept(two) == after


async def test_the_tables_are_in_no_write_ahead_log(make_engine: MakeEngine, postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    make_engine(postgres_url)  # finds the tables there
    tables = "'conversations'::regclass, 'page_tickets'::regclass"
    asked = text(f"SELECT relname, relpersistence FROM pg_class WHERE oid IN ({tables})")  # noqa: S608
    persistence = await engine._conversations._database.run(lambda connection: connection.execute(asked).all())
    assert sorted(map(tuple, persistence)) == [("conversations", "u"), ("page_tickets", "u")]


async def test_when_the_server_goes_away_in_mid_talk_the_person_gets_numbers_and_goes_on_when_it_is_back(
    make_engine: MakeEngine, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    wire = Wire(make_url(postgres_url))
    engine = make_engine(wire.url.render_as_string(hide_password=False))
    await engine.turn(ME, APOLOGY, begin=True)
    wire.cut()
    with caplog.at_level(logging.DEBUG):
        turn = await engine.turn(ME, "how much does it cost, Zanzibarina", begin=False)
        begun = await engine.turn(OTHER, "how much does it cost, Zanzibarina", begin=True)
        danger = await engine.turn(ME, "i want to die, Zanzibarina", begin=False)
        # No rule has words for this; the classifier hears it.
        classified = await engine.turn(ME, "call nine won one he's coming threw the window", begin=False)
    assert _ids(turn) == _ids(begun) == ["something_broke"]
    assert {"911", "988"} <= set(turn.replies[0].text.replace(",", " ").replace(".", " ").split())
    assert (turn.goes_on, begun.goes_on, turn.gone) == (True, False, False)
    assert _ids(danger) == ["crisis_suicide"]
    assert _ids(classified) == ["crisis_danger"]
    assert "conversations' database" in caplog.text
    assert "Zanzibarina" not in caplog.text
    wire.mend()
    assert (await engine.turn(ME, "show my goals", begin=False)).goals == ("goal_apology",)
    wire.cut()


async def test_when_the_server_goes_away_inside_a_turn_nothing_is_claimed_that_was_not_kept(
    make_engine: MakeEngine, postgres_url: str, held: Held, tries: Counter[ConversationLocks]
) -> None:
    wire = Wire(make_url(postgres_url))
    engine = make_engine(wire.url.render_as_string(hide_password=False))
    await engine.turn(ME, APOLOGY, begin=True)
    running = asyncio.create_task(engine.turn(ME, "/my_goals", begin=False))
    await held.until_inside()
    wire.cut()
    held.go_on()
    assert _ids(await running) == ["something_broke"]
    wire.mend()
    assert (await engine.turn(ME, "show my goals", begin=False)).goals == ("goal_apology",)
    wire.cut()


async def test_a_table_that_is_taken_away_is_an_answer_with_numbers(make_engine: MakeEngine, postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    await engine.turn(ME, APOLOGY, begin=True)
    database = connect(postgres_url)
    with database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE conversations RENAME TO elsewhere")
    assert _ids(await engine.turn(ME, "/my_goals", begin=False)) == ["something_broke"]
    with database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO conversations")
    assert (await engine.turn(ME, "/my_goals", begin=False)).goals == ("goal_apology",)
    database.dispose()
