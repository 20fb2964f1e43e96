"""Help on the page: each of the eleven crises, at the start and in the middle of the goals, and the way back."""

from __future__ import annotations

import re

import httpx
import pytest

from bot.answers.catalog import catalog

SAID = {
    "crisis_danger": "he is outside my door",
    "crisis_suicide": "i want to kill myself",
    "crisis_selfharm": "i want to hurt myself again",
    "crisis_harm_others": "im going to kill him",
    "crisis_trafficking": "they forced me to work and took my passport",
    "crisis_child": "he is hurting my son",
    "crisis_ongoing_abuse": "my husband beats me",
    "crisis_flashback": "im having a panic attack",
    "crisis_minor": "im 15 years old",
    "crisis_intoxication": "im so drunk right now",
    "crisis_perpetrator": "how do i contact my victim",
}
# What they are led away from stays closed until they say otherwise.
LED_AWAY = {"crisis_ongoing_abuse", "crisis_minor", "crisis_perpetrator"}


async def _say(client: httpx.AsyncClient, text: str, session: str = "") -> tuple[list[str], str, str]:
    """Ids of the answers of the last turn, the session, and the page."""
    response = await client.post("/", data={"session": session, "text": text}, headers={"x-part": "turn"})
    assert response.status_code == 200
    found = re.search(r'name="session" value="([^"]+)"', response.text)
    return re.findall(r'data-answer="([^"]+)"', response.text), found[1] if found else session, response.text


def test_every_crisis_is_tried() -> None:
    assert set(SAID) == {reply for reply in catalog().replies if reply.startswith("crisis_")}


@pytest.mark.parametrize(("crisis", "text"), SAID.items())
async def test_help_stands_first_with_links_to_tap(client: httpx.AsyncClient, crisis: str, text: str) -> None:
    answers, _, page = await _say(client, text)
    assert answers[0] == crisis
    assert page.index("tel:") < page.index("<form")  # numbers before any choice


@pytest.mark.parametrize(("crisis", "text"), SAID.items())
async def test_going_on_leads_back_into_the_goals(client: httpx.AsyncClient, crisis: str, text: str) -> None:
    _, session, _ = await _say(client, "i want to hear him say sorry")
    assert (await _say(client, text, session))[0][0] == crisis
    answers, _, _ = await _say(client, "go on", session)
    if crisis in LED_AWAY:
        assert not {"ask_more_goals", "back_to_goals"} & set(answers)
    else:
        assert answers[-1] == "back_to_goals"
