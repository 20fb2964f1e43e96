"""The page says in words how long a talk is kept, as the setting has it, and that one is gone."""

from __future__ import annotations

import httpx
import pytest

from bot.channels.application import create_application
from bot.engine.engine import Engine
from tests.web.conftest import unlimited


@pytest.mark.parametrize("minutes", [5, 30, 90])
async def test_the_first_view_says_how_long_a_talk_is_kept(engine: Engine, minutes: int) -> None:
    transport = httpx.ASGITransport(create_application(engine, unlimited(talk_minutes=minutes)))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", follow_redirects=True) as client:
        page = (await client.get("/")).text
    assert f"erased {minutes} minutes after your last message" in page
    assert f'data-seconds="{60 * minutes}"' in page
    assert "ends in 2 minutes" in page


async def test_a_talk_that_has_ended_is_said_to_be_gone(client: httpx.AsyncClient) -> None:
    answer = await client.post("/", data={"session": "of yesterday", "text": "hello"})
    assert answer.status_code == 410
    assert "I no longer have our talk from before." in answer.text
