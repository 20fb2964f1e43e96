"""Links that open the chat at a topic: https://m.me/PAGE?ref=TOPIC, for posts in a group and buttons of a page."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from bot.answers.catalog import Catalog


def links(page: str, words: Catalog) -> Iterator[tuple[str, str]]:
    """The title and the link of the chat itself, and of each topic in the menu's order.

    Args:
        page: the page's name or number on Facebook.
    """
    address = f"https://m.me/{quote(page, safe='')}"
    yield "The chat", address
    for family in words.families.values():
        for topic in family.topics:
            yield words.topics[topic].title, f"{address}?ref={topic}"
