"""Danger in each form in which it can come: help comes first, and whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.channels.messenger.outgoing import messages_of
from bot.channels.messenger.stand_in import INBOX_APP, StandIn
from bot.engine.gate import renderer
from tests.messenger.service import PERSON, Service

DANGER = "I want to die"
FILLER = "And then we went home. " * 60
Make = Callable[[StandIn], list[dict[str, Any]]]

FORMS: dict[str, Make] = {
    "a message": lambda platform: [platform.text(PERSON, DANGER)],
    "between faces": lambda platform: [platform.text(PERSON, f"😭😭 {DANGER.upper()} 😭")],
    "in the middle of a long message": lambda platform: [platform.text(PERSON, f"{FILLER}{DANGER}. {FILLER}")],
    "behind a slash": lambda platform: [platform.text(PERSON, f"/ {DANGER}")],
    "before a number": lambda platform: [platform.text(PERSON, f"{DANGER} 2")],
    "behind a title": lambda platform: [platform.text(PERSON, f"See all topics. {DANGER}")],
    "beside a picture": lambda platform: [platform.text(PERSON, DANGER, attachments=[{"type": "image"}])],
    "a choice that is not ours": lambda platform: [platform.quick_reply(PERSON, DANGER, '/ask{"topic": "nothing"}')],
    "a choice without what it carries": lambda platform: [platform.postback(PERSON, DANGER, None)],
    "an edit": lambda platform: [platform.edit(PERSON, "m_1", f"/{DANGER}")],
    "with the wish to erase": lambda platform: [platform.text(PERSON, f"Erase everything. {DANGER}")],
    "after erasing": lambda platform: [platform.postback(PERSON, "Erase", "/erase"), platform.text(PERSON, DANGER)],
    "while choices wait": lambda platform: [
        platform.postback(PERSON, "Find", '/give_place{"state": "TX"}'),
        platform.text(PERSON, DANGER),
    ],
    "while staff answer": lambda platform: [platform.echo(PERSON, "Hello.", INBOX_APP), platform.text(PERSON, DANGER)],
    "an edit while staff answer": lambda platform: [
        platform.echo(PERSON, "Hello.", INBOX_APP),
        platform.edit(PERSON, "m_1", DANGER),
    ],
}


@pytest.mark.parametrize("form", FORMS)
async def test_help_comes_first_and_whole(alone: Service, form: str) -> None:
    *before, last = FORMS[form](alone.platform)
    for number, event in enumerate(before, start=-len(before)):
        event["timestamp"] += number
        assert await alone.post(event) == 200
    sent = len(alone.platform.sent_to(PERSON))
    assert await alone.post(last) == 200
    said = [_text(message) for message in alone.platform.sent_to(PERSON)[sent:]]
    card = [_text(one) for one in messages_of([renderer().render("crisis_suicide", channel="messenger")])]
    assert said[: len(card)] == card


def _text(message: Any) -> str:
    return str(message["text"] if "text" in message else message["attachment"]["payload"]["text"])
