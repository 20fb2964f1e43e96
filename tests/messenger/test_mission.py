"""The straight path through Messenger: a question, the risk, the effect, goals, a state, programs, and the sheet."""

from __future__ import annotations

import json

from bot.answers.catalog import catalog
from bot.directory.importer import read_directory
from bot.settings import DATA
from tests.messenger.service import PERSON, Service


def _choices(service: Service, after: int) -> dict[str, dict[str, str]]:
    """What can be tapped since the platform had taken `after` messages: each choice by its title."""
    sent = service.platform.sent_to(PERSON)[after:]
    quick = {one["title"]: one for message in sent for one in message.get("quick_replies", ())}
    templates = [message["attachment"]["payload"] for message in sent if "attachment" in message]
    return quick | {one["title"]: one for template in templates for one in template["buttons"]}


def _text(service: Service, after: int) -> str:
    sent = service.platform.sent_to(PERSON)[after:]
    told = [one["text"] if "text" in one else one["attachment"]["payload"]["text"] for one in sent]
    return " ".join(" ".join(told).split())


async def test_from_a_question_to_the_sheet(service: Service) -> None:
    platform = service.platform
    words = {topic.id: " ".join(topic.words.split()) for topic in catalog().topics.values()}
    after = 0

    async def say(text: str) -> str:
        nonlocal after
        after = len(platform.sent_to(PERSON))
        assert await service.post(platform.text(PERSON, text)) == 200
        return _text(service, after)

    async def tap(title: str) -> str:
        nonlocal after
        choice = _choices(service, after)[title]
        event = platform.quick_reply if "content_type" in choice else platform.postback
        after = len(platform.sent_to(PERSON))
        assert await service.post(event(PERSON, title, choice["payload"])) == 200
        return _text(service, after)

    first = await say("what is mediation")
    assert first.startswith("I am a computer program")
    assert words["what_is_vom"] in first

    await tap("How it may hurt")
    assert words["retraumatization_risk"] in await tap("Read it now")

    assert words["effect_on_sentence"] in await say("will he get out earlier if I do this")

    await tap("Something else")
    listed = await say("think about what I want")
    assert "4. An apology" in listed
    assert "You would like to hear an apology" in await say("4")
    assert catalog().goals["goal_answers"].confirmed.strip() in await say("i want to know why he did it")

    await tap("That is all")
    assert "Which state" in _text(service, after)
    found = await say("Vermont")
    assert "Last seen" in found

    title, kept = next(one for one in _choices(service, after).items() if one[0].startswith("Put on my sheet"))
    programs = {program.id: program for program in read_directory(DATA / "directory").programs}
    program = programs[json.loads(kept["payload"].removeprefix("/keep_program"))["program"]]
    assert program.state == "VT"
    assert program.name in found
    assert "sheet" in await tap(title)
    sheet = await say("make my sheet")
    for part in ("Hear an apology", "Get answers", "Signs to slow down", program.name, "988"):
        assert part in sheet
    assert [message for message in platform.sent_to(PERSON) if len(str(message.get("text", ""))) > 2000] == []
    assert platform.refused == []
