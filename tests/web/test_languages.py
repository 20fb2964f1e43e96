"""The page says of each reply which language it is in, so that it is read aloud in the right voice."""

from __future__ import annotations

import re

import httpx


async def _languages(client: httpx.AsyncClient, text: str) -> dict[str, str]:
    """The language of each answer on the page, by the answer's id."""
    page = (await client.post("/", data={"text": text})).text
    tags = re.findall(r"<(?:article|section)[^>]*\bdata-answer=[^>]*>", page)
    marks = [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in tags]
    return {mark["data-answer"]: mark["lang"] for mark in marks}


async def test_spanish_is_marked_as_spanish_and_the_answer_below_it_as_english(client: httpx.AsyncClient) -> None:
    assert await _languages(client, "cuanto cuesta") == {"spanish": "es", "cost": "en"}
    assert await _languages(client, "how much does it cost") == {"cost": "en"}


async def test_the_pages_own_english_words_in_a_spanish_reply_are_marked_as_english(client: httpx.AsyncClient) -> None:
    page = (await client.post("/", data={"text": "hola"}, headers={"x-part": "turn"})).text
    spanish = page[page.index('data-answer="spanish"') : page.index("</article>")]
    assert len(re.findall(r'class="unseen" lang="en"', spanish)) == len(re.findall(r'class="unseen"', spanish)) == 2
