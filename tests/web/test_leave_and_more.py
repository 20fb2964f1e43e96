"""Erasing a talk and giving it more time over HTTP."""

from __future__ import annotations

import httpx
import pytest

from bot.engine.conversation_store import conversation_id
from bot.engine.engine import Engine
from bot.settings import settings

MARKED = "marked words"


async def _talk(client: httpx.AsyncClient) -> str:
    """Say something; the value is the token."""
    answer = await client.post("/", data={"text": "i want him to say sorry"})
    return answer.text.partition('data-session="')[2].partition('"')[0]


async def test_leaving_erases_and_says_nothing(client: httpx.AsyncClient, engine: Engine) -> None:
    token = await _talk(client)
    assert await engine.knows(conversation_id(token))
    left = await client.post("/leave", data={"session": token})
    assert (left.status_code, left.content) == (204, b"")
    assert not await engine.knows(conversation_id(token))
    for session in (token, "", "never there"):
        assert (await client.post("/leave", data={"session": session})).status_code == 204
    assert (await client.post("/", data={"session": token, "text": "hello"})).status_code == 410


async def test_a_form_that_leaves_erases_and_goes_to_the_exit_page(client: httpx.AsyncClient, engine: Engine) -> None:
    token = await _talk(client)
    left = await client.post("/leave", data={"session": token, "then": "exit"}, follow_redirects=False)
    assert (left.status_code, left.headers["location"]) == (303, settings().exit_url)
    assert not await engine.knows(conversation_id(token))


async def test_a_form_that_leaves_goes_to_the_exit_page_even_where_nothing_can_be_erased(
    client: httpx.AsyncClient, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def too_slow(_: str) -> None:
        raise TimeoutError(MARKED)

    monkeypatch.setattr(engine, "erase", too_slow)
    left = await client.post("/leave", data={"session": "any", "then": "exit"}, follow_redirects=False)
    assert (left.status_code, left.headers["location"]) == (303, settings().exit_url)
    assert "ends with its time: TimeoutError" in caplog.text
    assert MARKED not in caplog.text


async def test_more_time_is_given_to_a_talk_that_exists_only(client: httpx.AsyncClient, engine: Engine) -> None:
    token = await _talk(client)
    more = await client.post("/more", data={"session": token})
    assert (more.status_code, more.content) == (204, b"")
    await engine.erase(conversation_id(token))
    for session in (token, "", "never there"):
        assert (await client.post("/more", data={"session": session})).status_code == 410
    assert not await engine.knows(conversation_id(token))


@pytest.mark.parametrize("path", ["/leave", "/more"])
async def test_what_is_no_form_is_refused(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(path, json={"session": "any"})).status_code == 415
    assert (await client.get(path)).status_code == 405


async def test_a_message_that_arrives_again_is_answered_and_not_taken_again(client: httpx.AsyncClient) -> None:
    token = await _talk(client)
    message = {"session": token, "text": "what does it cost", "message": "0123456789abcdef"}
    first, again = [await client.post("/", data=message) for _ in range(2)]
    assert 'data-answer="cost"' in first.text
    assert 'data-answer="back_to_goals"' in first.text
    assert first.text == again.text
    # Danger is heard however often it is said.
    danger = {"session": token, "text": "i want to die", "message": "fedcba9876543210"}
    for _ in range(2):
        assert 'data-answer="crisis_suicide"' in (await client.post("/", data=danger)).text
    # Without a number that is one, each message is taken.
    for number in ("", "no number", "0123456789abcdef0"):
        asked = await client.post("/", data={"session": token, "text": "show my goals", "message": number})
        assert 'data-answer="my_goals"' in asked.text
