"""A small load with failures, lost answers and a kill: each message is answered once and in order, and nothing kept."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.messenger import Service, kept, storm
from benchmarks.messenger_events import Plan
from bot.channels.messenger.stand_in import StandIn
from tests.kept import rows_of_everything

EVENTS, PEOPLE, SEED = 400, 20, 7


async def test_every_message_is_answered_once_and_in_order_and_nothing_is_kept(
    lasting_url: str, tmp_path: Path
) -> None:
    with StandIn(seed=SEED) as platform:
        plan = Plan(platform, EVENTS, PEOPLE, SEED, int(time.time() * 1000))
        service = Service(platform, tmp_path, lasting_url)
        with service.running():
            shape, faults = await storm(platform, service, plan, SEED)
        faults += kept(plan.people, [path.read_bytes() for path in tmp_path.iterdir()])
        if lasting_url.startswith("postgresql"):
            faults += kept(plan.people, [rows_of_everything(lasting_url)])
    assert shape.events > EVENTS
    assert shape.webhooks > service.restarts == 1
    assert faults == {}
