"""Signed events of every odd shape, through the real routes: none of them breaks anything, and nobody goes without."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from bot.answers.catalog import catalog
from bot.channels.messenger.stand_in import INBOX_APP, StandIn
from tests.messenger.service import OTHER, PERSON, Service

SEED, ROUNDS = 20_260, 500
DANGER = "I want to die"
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**13 * 9, 10**14, 10**400, float("inf"), "", " ", "/", "\ud800", "a\x00b",
    "7" * 513, "x" * 5000, "👍🏽" * 30, DANGER, [], [[]], [1, None], {}, {"id": {}}, {"payload": "/erase{"},
    {"mid": "m\udfff"}, '/share_goals{"goal": "goal_of_nobody"}', '/keep_program{"program": "us-xx-nobody"}',
    '/ask{"topic": ["cost"]}', '/give_place{"state": "\ud800"}', "/talk_to_person{}",
)  # fmt: skip


def _shapes(platform: StandIn, person: str) -> list[dict[str, Any]]:
    """An event of each kind that somebody's doing brings about; those that are answered more than once."""
    answered = [
        platform.text(person, "How much does it cost?"),
        platform.quick_reply(person, "An apology", '/share_goals{"goal": "goal_apology"}'),
        platform.postback(person, "Help numbers", "/talk_to_person"),
        platform.referral(person, "cost"),
        platform.edit(person, "m_1", DANGER),
    ]
    return answered * 4 + [
        platform.attachment(person, "image"),
        platform.unsent(person, "m_1"),
        platform.reaction(person, "m_1"),
        platform.read(person),
        platform.delivery(person),
        platform.opt_in(person),
        platform.echo(person, "x", INBOX_APP),
        platform.control_passed(person, platform.app_id, INBOX_APP),
        platform.control_taken(person, platform.app_id),
    ]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value in nested JSON."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from _places(one, (*path, key))


def _odd(event: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The event with one or two values that are odd or missing."""
    changed = copy.deepcopy(event)
    for _ in range(chance.choice((1, 1, 2))):
        *way, last = chance.choice(list(_places(changed)))
        inner = changed
        for key in way:
            inner = inner[key]
        if chance.random() < 0.1 and isinstance(inner, dict):
            del inner[last]
        else:
            inner[last] = copy.deepcopy(chance.choice(ODD))
    return changed


@pytest.mark.parametrize("key", ["messaging", "standby"])
async def test_no_shape_breaks_anything(alone: Service, key: str) -> None:
    chance = random.Random(SEED)  # noqa: S311 - which shapes come is no secret
    for number in range(ROUNDS):
        person = str(8000 + number)
        alone.platform.meet(person)
        event = _odd(chance.choice(_shapes(alone.platform, person)), chance)
        assert await alone.post(event, key=key) == 200, event
    assert await alone.post(alone.platform.text(PERSON, DANGER)) == 200
    assert "988" in alone.said()
    assert "footbridge_errors_total 0.0" in alone.counted()


@pytest.mark.parametrize("field", ["sender", "mid"])
async def test_an_id_that_cannot_be_written_keeps_nobody_waiting(alone: Service, field: str) -> None:
    odd = alone.platform.text(PERSON, "How much does it cost?")
    if field == "sender":
        odd["sender"]["id"] = "7\ud800"
    else:
        odd["message"]["mid"] = "m\ud800"
    assert await alone.post(odd, alone.platform.text(OTHER, DANGER)) == 200
    assert "988" in alone.said(OTHER)


async def test_the_same_id_from_two_people_is_two_messages(alone: Service) -> None:
    mine = alone.platform.text(PERSON, "How much does it cost?", mid="m_same")
    assert await alone.post(mine) == 200
    assert await alone.post(alone.platform.text(OTHER, DANGER, mid="m_same")) == 200
    assert catalog().topics["cost"].words[:30] in alone.said()
    assert "988" in alone.said(OTHER)
