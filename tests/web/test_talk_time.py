"""How long a talk lasts over HTTP: each message and each wish for more time gives it the full time again."""

from __future__ import annotations

import httpx

from bot.channels.application import create_application
from bot.engine.engine import Engine
from tests.engine.conftest import MINUTES, Clock, MakeEngine, clock, make_engine  # noqa: F401
from tests.web.conftest import unlimited
from tests.web.test_http import PART, Page

EXTENSIONS = 10  # as many as WCAG 2.2.1 asks for


def _opened(engine: Engine) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_application(engine, unlimited()))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=PART)


async def test_more_time_can_be_had_ten_times_and_again(make_engine: MakeEngine, clock: Clock) -> None:  # noqa: F811
    engine = make_engine("sqlite://")
    async with _opened(engine) as client:
        token = Page((await client.post("/", data={"text": "i want him to say sorry"})).text).session
        for _ in range(EXTENSIONS + 1):
            clock.forward(MINUTES - 0.1)
            assert (await client.post("/more", data={"session": token})).status_code == 204
        shown = await client.post("/", data={"session": token, "text": "show my goals"})
        assert Page(shown.text).answers == ["my_goals"]
        clock.forward(MINUTES + 0.1)
        assert (await client.post("/more", data={"session": token})).status_code == 410
