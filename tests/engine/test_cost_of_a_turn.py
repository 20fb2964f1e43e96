"""A turn costs the same however long its conversation is."""

from __future__ import annotations

import time
from statistics import median

from bot.engine.conversation_store import conversation_id
from bot.engine.engine import Engine

EARLY, LATE = 5, 200  # turns
SAMPLES = 41
MOST_TIMES = 1.2
TRIES = 3
# None of them leads elsewhere, however often it is said.
SAID = ("i want him to say sorry", "thank you", "hello", "show my goals")
MEASURED = "show my goals"


async def _cost(engine: Engine, talk: str) -> float:
    """Seconds of the processor, of all threads, so that what others do on this machine does not count."""
    began = time.process_time()
    turn = await engine.turn(conversation_id(talk), MEASURED, begin=False)
    spent = time.process_time() - began
    assert [reply.id for reply in turn.replies] == ["my_goals"]
    return spent


async def _talk(engine: Engine, talk: str, turns: int) -> None:
    for number in range(turns):
        turn = await engine.turn(conversation_id(talk), SAID[number % len(SAID)], begin=not number)
        assert turn.goes_on


async def test_turn_200_costs_what_turn_5_costs(engine: Engine) -> None:
    await _talk(engine, "long", LATE - 1)
    ratios = []
    for _ in range(TRIES):
        early, late = [], []
        for sample in range(SAMPLES):  # one of each in turn, so that both meet the same machine
            await _talk(engine, f"short {sample}", EARLY - 1)
            early.append(await _cost(engine, f"short {sample}"))
            late.append(await _cost(engine, "long"))
            await engine.erase(conversation_id(f"short {sample}"))
        ratios.append(median(late) / median(early))
        if ratios[-1] <= MOST_TIMES:
            break
    await engine.erase(conversation_id("long"))
    assert min(ratios) <= MOST_TIMES, ratios
