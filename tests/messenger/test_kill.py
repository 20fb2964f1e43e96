"""The served process is killed in the middle, and the platform delivers again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.answers.catalog import catalog
from bot.channels.messenger.stand_in import StandIn
from tests.serving import serving

PEOPLE = [f"90017{number:03}" for number in range(20)]
QUESTIONS = {
    "How much does it cost?": "cost",
    "What is mediation?": "what_is_vom",
    "How long does it take?": "how_long",
}


async def test_a_kill_loses_no_message_and_keeps_neither_words_nor_ids(tmp_path: Path) -> None:
    """What was delivered, in part or not at all, before a kill is answered once after it, in order for each person."""
    with StandIn(failures=0.05, seed=1) as platform:
        environment = {
            "FOOTBRIDGE_CONVERSATIONS_URL": f"sqlite:///{tmp_path / 'kept.db'}",
            "FOOTBRIDGE_MESSENGER_PAGE": platform.page_id,
            "FOOTBRIDGE_MESSENGER_APP": platform.app_id,
            "FOOTBRIDGE_MESSENGER_SECRET": platform.app_secret,
            "FOOTBRIDGE_MESSENGER_TOKEN": platform.page_token,
            "FOOTBRIDGE_MESSENGER_VERIFY_TOKEN": "words of ours",
            "FOOTBRIDGE_MESSENGER_HASH_KEYS": "k" * 32,
            "FOOTBRIDGE_MESSENGER_GRAPH": platform.address,
        }
        batches = []
        for place, question in enumerate(QUESTIONS):
            events = [platform.text(person, question) for person in PEOPLE]
            for event in events:
                event["timestamp"] += place
            batches.append(events)
        with serving(tmp_path, **environment) as served:
            address = f"{served.address}/messenger/webhook"
            assert (await platform.deliver(address, batches[0][:10], times=2))[-1] == 200
            during = asyncio.create_task(platform.deliver(address, batches[0][10:], seconds=20))
            await asyncio.to_thread(platform.wait_for, 25, 20)  # some of the batch were answered, and some were not
            before = {person: len(platform.sent_to(person)) for person in PEOPLE}
            served.process.kill()
            served.process.wait()
            assert (await during)[-1] == 0
        assert any(before[person] == 0 for person in PEOPLE)
        with serving(tmp_path, **environment) as served:
            for events in batches:
                statuses = await platform.deliver(f"{served.address}/messenger/webhook", events, times=2, seconds=30)
                assert statuses[-1] == 200
        twice = 0
        for person in PEOPLE:
            said = str(platform.sent_to(person))
            places = [said.find(catalog().topics[topic].words[:25]) for topic in QUESTIONS.values()]
            assert -1 not in places
            assert places == sorted(places)
            twice += sum(said.count(catalog().topics[topic].words[:25]) - 1 for topic in QUESTIONS.values())
        assert twice <= 10  # at most those whose answer was under way when the process died
        left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        for unkept in (b"90017", b"does it", batches[0][0]["message"]["mid"].encode()):
            assert unkept not in left
