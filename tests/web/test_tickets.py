"""Without the script the answer of a form leads to a page that is shown once, under an address that tells nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot.channels.application import create_application
from bot.engine import page_tickets
from bot.engine.conversation_database import ConversationsUnavailable, Ticket
from bot.engine.conversation_state import WordsInState
from bot.engine.conversation_store import conversation_id
from bot.engine.engine import Engine
from bot.engine.page_tickets import NextView, PageTickets
from tests.engine.conftest import ME, Clock, MakeEngine, clock, make_engine, own_engine, postgres_url, url  # noqa: F401
from tests.web.conftest import unlimited
from tests.web.test_http import PART, Page


async def _tickets(engine: Engine) -> list[dict[str, Any]]:
    rows = await engine._conversations._database.run(lambda connection: connection.execute(select(Ticket.__table__)))
    return [dict(row._mapping) for row in rows]


def _opened(engine: Engine) -> httpx.AsyncClient:
    """Asks an application of its own, and follows nothing by itself."""
    transport = httpx.ASGITransport(create_application(engine, unlimited()))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


@pytest.fixture
async def visitor(own_engine: Engine) -> AsyncIterator[httpx.AsyncClient]:  # noqa: F811
    """Somebody without the script, on an empty database of each kind."""
    async with _opened(own_engine) as opened:
        yield opened


async def _led(visitor: httpx.AsyncClient, path: str = "/", **form: str) -> str:
    """Where the answer of a form leads."""
    answer = await visitor.post(path, data=form)
    assert (answer.status_code, answer.content) == (303, b"")
    assert answer.headers["cache-control"] == "no-store"
    return answer.headers["location"]


async def test_an_answer_is_shown_once_and_then_the_first_view(
    visitor: httpx.AsyncClient,
    own_engine: Engine,  # noqa: F811
) -> None:
    address = await _led(visitor, text="i want him to say sorry")
    assert (await visitor.head(address)).status_code == 303  # to ask whether it is there does not use it up
    shown = await visitor.get(address)
    assert (shown.status_code, Page(shown.text).answers) == (200, ["goal_added", "ask_more_goals"])
    token = Page(shown.text).session
    assert token
    assert token not in address
    for _ in range(2):
        again = await visitor.get(address)
        assert (again.status_code, again.headers["location"]) == (303, "/")
    assert await _tickets(own_engine) == []
    # The token goes on with the talk.
    goals = await visitor.get(await _led(visitor, session=token, text="show my goals"))
    assert Page(goals.text).answers == ["my_goals"]
    assert Page(goals.text).session == token


async def test_an_address_that_was_never_given_out_leads_to_the_first_view(visitor: httpx.AsyncClient) -> None:
    for made_up in ("AAAAAAAAAAAAAAAAAAAAAA", "x", "%00", "'", "a" * 5000):
        answer = await visitor.get(f"/t/{made_up}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), made_up[:30]


async def test_what_waits_is_ids_and_a_token_that_cannot_be_read(
    visitor: httpx.AsyncClient,
    own_engine: Engine,  # noqa: F811
) -> None:
    address = await _led(visitor, text="i am zanzibarina, is there a program in Iowa")
    (row,) = await _tickets(own_engine)
    shown = Page((await visitor.get(address)).text)
    token = shown.session
    assert row["conversation"] == conversation_id(token)
    assert "program_card" in shown.answers
    assert [said[0] for said in row["view"]["said"]] == shown.answers
    written = json.dumps(row)
    for readable in (token, token.encode().hex(), address.rpartition("/")[2], "zanzibarina"):
        assert readable not in written


async def test_it_waits_for_a_minute_and_is_removed(make_engine: MakeEngine, clock: Clock, url: str) -> None:  # noqa: F811
    engine = make_engine(url)
    async with _opened(engine) as visitor:
        late, in_time = [await _led(visitor, text="what does it cost") for _ in range(2)]
        clock.forward(page_tickets.SECONDS / 60 - 0.1)
        assert (await visitor.get(in_time)).status_code == 200
        clock.forward(0.2)
        assert (await visitor.get(late)).status_code == 303
        await _led(visitor, text="what does it cost")
        clock.forward(page_tickets.SECONDS / 60 + 0.1)
        await engine.remove_expired()
        assert await _tickets(engine) == []
        assert await engine.conversations_held() == 3  # the talks themselves have their own time


async def test_erasing_a_talk_takes_what_waits_of_it(visitor: httpx.AsyncClient, own_engine: Engine) -> None:  # noqa: F811
    token = Page((await visitor.get(await _led(visitor, text="i want him to say sorry"))).text).session
    waiting = await _led(visitor, session=token, text="show my goals")
    assert len(await _tickets(own_engine)) == 1
    assert (await visitor.post("/leave", data={"session": token})).status_code == 204
    assert await _tickets(own_engine) == []
    assert (await visitor.get(waiting)).headers["location"] == "/"


async def test_a_turn_whose_talk_is_erased_before_its_answer_leaves_nothing(own_engine: Engine) -> None:  # noqa: F811
    token = "A" * 22
    turn = await own_engine.turn(conversation_id(token), "i want him to say sorry", begin=True)
    await own_engine.erase(conversation_id(token))
    assert await own_engine.put_by(turn, NextView((), token)) is None
    assert await _tickets(own_engine) == []


async def test_refusals_help_sheets_and_what_was_erased_have_a_page_too(visitor: httpx.AsyncClient) -> None:
    token = Page((await visitor.get(await _led(visitor, text="i want him to say sorry"))).text).session
    for path, form, status, answers, goes_on in (
        ("/", {"session": token, "text": "i want to die"}, 200, ["crisis_suicide"], True),
        ("/", {"session": token, "text": "quiero morirme"}, 200, ["spanish", "crisis_suicide"], True),
        ("/", {"session": token, "choice": "/nothing"}, 400, ["choice_unknown"], True),
        ("/", {"session": "gone", "text": "hi"}, 410, ["session_unknown"], False),
        ("/", {"session": "", "text": ""}, 200, ["opening"], False),
        ("/sheet", {"session": token, "heading": "heading_notes"}, 200, ["sheet"], True),
        ("/sheet", {"session": token, "heading": "<b>"}, 200, ["sheet"], True),
        ("/", {"session": token, "text": "delete what I said"}, 200, ["erased"], False),
    ):
        shown = await visitor.get(await _led(visitor, path, **form))
        page = Page(shown.text)
        assert (shown.status_code, page.answers) == (status, answers), form
        assert (page.session == token) == goes_on, form
        assert "<b>" not in shown.text


async def test_the_script_gets_its_part_at_once(visitor: httpx.AsyncClient, own_engine: Engine) -> None:  # noqa: F811
    answer = await visitor.post("/", data={"text": "what does it cost"}, headers=PART)
    assert (answer.status_code, Page(answer.text).answers) == (200, ["cost"])
    assert await _tickets(own_engine) == []


async def test_what_one_process_gave_out_another_shows(make_engine: MakeEngine, postgres_url: str) -> None:  # noqa: F811
    async with _opened(make_engine(postgres_url)) as one, _opened(make_engine(postgres_url)) as other:
        address = await _led(one, text="i want him to say sorry")
        page = Page((await other.get(address)).text)
        assert page.answers == ["goal_added", "ask_more_goals"]
        assert (await one.get(address)).status_code == 303
        goals = await other.get(await _led(one, session=page.session, text="show my goals"))
        assert Page(goals.text).answers == ["my_goals"]


async def test_where_none_can_be_had_the_form_is_answered_itself(
    visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = await _led(visitor, text="hello")
    monkeypatch.setattr(page_tickets, "TICKETS_KEPT", 1)
    answer = await visitor.post("/", data={"text": "i want to die"})
    assert (answer.status_code, Page(answer.text).answers) == (200, ["crisis_suicide"])
    assert (await visitor.get(waiting)).status_code == 200
    assert (await visitor.post("/", data={"text": "hello"})).status_code == 303  # there is room again

    async def break_down(*_: object) -> str:
        raise ConversationsUnavailable("The database is away.")

    monkeypatch.setattr(PageTickets, "issue", break_down)
    answer = await visitor.post("/", data={"text": "i want to die"})
    assert (answer.status_code, Page(answer.text).answers) == (200, ["crisis_suicide"])
    assert "ConversationsUnavailable" in caplog.text


async def test_a_page_that_cannot_be_made_again_keeps_its_token_and_says_so_with_help(
    visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    address = await _led(visitor, text="what does it cost")

    def break_down(*_: object) -> None:
        raise RuntimeError("marked")

    monkeypatch.setattr(Engine, "_rendered_again", break_down)
    with caplog.at_level(logging.DEBUG, logger="bot"):
        page = Page((await visitor.get(address)).text)
    assert page.answers == ["something_broke"]
    assert page.session
    assert "marked" not in caplog.text


async def test_words_are_never_put_by(own_engine: Engine) -> None:  # noqa: F811
    tickets = own_engine._conversations.tickets
    for said in (
        ("marked", {}, "words"),
        ("cost", {}, "marked"),
        ("cost", {"topic": "marked"}, "words"),
    ):
        with pytest.raises(WordsInState):
            await tickets.issue(NextView((said,)))
    assert await _tickets(own_engine) == []
