"""People who use the page in a browser: with a mouse or a finger, or with the keyboard alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from playwright.sync_api import Locator, Page, Route, ViewportSize, expect

from bot.engine.conversation_store import conversation_id
from bot.engine.engine import Engine

Result = TypeVar("Result")

PHONE = ViewportSize(width=320, height=568)  # CSS pixels; the smallest that WCAG 2.2 asks for, and an old small phone
MOST_TABS = 60  # more presses of Tab than any view needs
LONGEST_ERASURE = 10  # seconds
LONGEST_HOLDING = 10  # seconds until a request that a page sends is held back


class Visitor:
    """Somebody who uses the page with a mouse or a finger."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def turn(self) -> Locator:
        """What was said last."""
        return self.page.locator(".turn").last

    def say(self, words: str) -> None:
        """Type something and send it."""
        self.page.get_by_label("Your question").fill(words)
        self.page.get_by_role("button", name="Send").click()

    def press(self, title: str) -> None:
        """Take a choice of the last turn."""
        self.choice(title).click()

    def choice(self, title: str) -> Locator:
        """A choice of the last turn."""
        return self.turn.get_by_role("button", name=title, exact=True)

    def sees(self, *answers: str) -> None:
        """Check that the last turn says these answers, and that the way to help and the way out are in view."""
        said = self.turn.locator("[data-answer]")
        expect(said).to_have_count(len(answers))
        for place, answer in enumerate(answers):
            expect(said.nth(place)).to_have_attribute("data-answer", answer)
            expect(said.nth(place)).to_be_visible()
        expect(self.page.get_by_role("link", name="Help numbers")).to_be_in_viewport()
        expect(self.page.get_by_role("button", name="Exit this page")).to_be_in_viewport()
        root = self.page.locator("html")
        assert root.evaluate("root => root.scrollWidth <= root.clientWidth"), "the page scrolls sideways"


class KeyboardVisitor(Visitor):
    """Somebody who uses the keyboard alone."""

    def say(self, words: str) -> None:
        """Go to the box, type something and press Enter."""
        self.go_to(self.page.get_by_label("Your question"))
        self.page.keyboard.type(words)
        self.page.keyboard.press("Enter")

    def press(self, title: str) -> None:
        """Go to a choice and press Enter."""
        self.go_to(self.choice(title))
        self.page.keyboard.press("Enter")

    def go_to(self, wanted: Locator) -> None:
        """Tab to an element, or back to it from the box, which stands below the choices."""
        focused = "element => element === document.activeElement"
        back = self.page.locator("#text:focus").count() > 0
        for _ in range(MOST_TABS):
            if wanted.evaluate(focused):
                return
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"{wanted} is not reached by Tab")


class HeldBack:
    """Requests that a page sends to an address, each held back until a test lets it go.

    Args:
        pattern: of the address, as playwright takes it.
        method: what is held back; other requests go on at once. Empty holds back all.
    """

    def __init__(self, page: Page, pattern: str, method: str = "") -> None:
        self._page = page
        self._routes: list[Route] = []
        self._method = method
        page.route(pattern, self._take)

    def _take(self, route: Route) -> None:
        if self._method in ("", route.request.method):
            self._routes.append(route)
        else:
            route.continue_()

    def __len__(self) -> int:
        return len(self._routes)

    @property
    def first(self) -> Route:
        """The first request. The browser tells of having held it back later than of what the page shows meanwhile."""
        latest = time.monotonic() + LONGEST_HOLDING
        while not self._routes:
            assert time.monotonic() < latest, "nothing was sent"
            self._page.evaluate("() => null")  # lets the browser's events arrive
        return self._routes[0]


def token_of(page: Page) -> str:
    """The token of the page's conversation; empty before something was said."""
    return page.locator("#say input[name=session]").input_value()


def in_own_loop(work: Coroutine[Any, Any, Result]) -> Result:
    """What `work` returns, from a thread of its own: playwright has a running loop in this one."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, work).result()


def expect_erased(engine: Engine, token: str) -> None:
    """Check that the server comes to hold nothing under a token; what a page sends as it goes takes a moment."""
    assert token
    latest = time.monotonic() + LONGEST_ERASURE
    while in_own_loop(engine.knows(conversation_id(token))):
        assert time.monotonic() < latest, "the talk was not erased"


def expect_blank(page: Page) -> None:
    """Check that nothing is left to see or to find in the page."""
    expect(page.locator("html")).to_be_hidden()
    assert page.evaluate("() => document.body.childElementCount + document.querySelectorAll('input').length") == 0
