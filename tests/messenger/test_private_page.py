"""From Messenger to the web page by a code: what was named comes along, and who named it does not."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Browser, expect

from bot.answers.web_code import new_code
from bot.channels.application import create_application
from bot.channels.messenger.stand_in import StandIn
from bot.engine.engine import Engine
from tests.messenger.service import HOOK, PERSON, Service, messenger_settings
from tests.web.conftest import browser, serve_in_thread, unlimited  # noqa: F401 - a fixture
from tests.web.test_http import Page

CODE = re.compile(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b")
PART = {"x-part": "turn"}


async def _code(service: Service) -> str:
    """The code that somebody gets who hopes for an apology."""
    await service.post(service.platform.postback(PERSON, "An apology", '/share_goals{"goal": "goal_apology"}'))
    await service.post(service.platform.text(PERSON, "a private web page"))
    said = service.said()
    assert "http://localhost:8000" in said
    return str(CODE.findall(said)[-1])


@pytest.mark.parametrize("headers", [{}, PART], ids=["without the script", "with the script"])
async def test_a_code_is_typed_into_the_page_and_the_goals_are_there(service: Service, headers: dict[str, str]) -> None:
    code = await _code(service)
    service.http.follow_redirects = True
    page = Page((await service.http.post("/", data={"text": code.lower()}, headers=headers)).text)
    assert page.answers == ["code_taken", "my_goals"]
    goals = Page((await service.http.post("/", data={"session": page.session, "text": "my goals"}, headers=PART)).text)
    assert goals.answers == ["my_goals"]
    again = Page((await service.http.post("/", data={"text": code}, headers=headers)).text)
    assert (again.answers, again.session) == (["code_unknown"], "")


async def test_a_wrong_code_loses_nothing(service: Service) -> None:
    page = Page((await service.http.post("/", data={"text": "/share_goals"}, headers=PART)).text)
    wrong = await service.http.post("/", data={"session": page.session, "text": new_code()}, headers=PART)
    assert Page(wrong.text).answers == ["code_unknown"]
    assert Page(wrong.text).session == page.session


async def test_saying_it_again_gives_a_new_code(service: Service) -> None:
    await _code(service)
    await service.post(service.platform.text(PERSON, "say that again"))
    codes = CODE.findall(service.said())
    assert len(set(codes)) == 2


async def test_where_there_is_no_messenger_a_code_is_words(engine: Engine) -> None:
    transport = httpx.ASGITransport(create_application(engine, unlimited()))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        page = Page((await http.post("/", data={"text": new_code()}, headers=PART)).text)
    assert "code_unknown" not in page.answers


def test_somebody_goes_on_in_a_browser(engine: Engine, stand_in: StandIn, browser: Browser) -> None:  # noqa: F811
    settings = unlimited(messenger=messenger_settings(stand_in))
    with serve_in_thread(lambda ready: create_application(engine, settings, ready)) as address:
        for event in (
            stand_in.postback(PERSON, "An apology", '/share_goals{"goal": "goal_apology"}'),
            stand_in.postback(PERSON, "A private web page", "/private_page"),
        ):
            body = stand_in.body([event])
            headers = {"X-Hub-Signature-256": stand_in.signature(body)}
            httpx.post(address + HOOK, content=body, headers=headers, trust_env=False).raise_for_status()
        code = CODE.findall(str(stand_in.sent_to(PERSON)))[-1]
        page = browser.new_page()
        page.goto(address)
        page.get_by_label("Your question").fill(code)
        page.get_by_role("button", name="Send").click()
        expect(page.locator("[data-answer=my_goals]")).to_contain_text("Hear an apology")
        page.close()
