"""The first view on small phones: what this is, who may see it, what is kept, help, and the first choices."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from bot.answers.catalog import catalog
from bot.channels.web.pages import WARNING_MINUTES
from bot.engine.gate import renderer
from bot.settings import settings
from tests.web.visitors import PHONE, Visitor

pytestmark = pytest.mark.browser

PHONES = [PHONE, {"width": 360, "height": 640}]
WORDS = renderer().page_words(minutes=settings().talk_minutes, warning_minutes=WARNING_MINUTES)


@pytest.mark.parametrize(
    "context", [{"viewport": size, "has_touch": True, "is_mobile": True} for size in PHONES], indirect=True
)
def test_all_that_is_to_be_known_first_stands_on_one_screen_with_the_first_choices(page: Page) -> None:
    for words in (
        "I am a computer program with fixed answers",
        "It can help, and it can hurt.",
        "No one is watching this chat. You do not have to give your name.",
        WORDS["kept"],
        WORDS["device"],
    ):
        expect(page.get_by_text(words)).to_be_in_viewport(ratio=1)
    for number in ("911", "988"):
        expect(page.locator(f'.notice a[href="tel:{number}"]')).to_be_in_viewport(ratio=1)
    for title in ("What VOM is", "How it may hurt"):
        expect(Visitor(page).choice(title)).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Exit this page")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("link", name="Help numbers")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("context", [{}, {"java_script_enabled": False}], indirect=True)
def test_who_may_see_the_device_is_asked_and_answered_without_a_condition(page: Page) -> None:
    about = page.get_by_text(catalog().page["device_trail"])
    expect(about).to_be_hidden()
    page.get_by_text(WORDS["device"]).click()
    expect(about).to_be_visible()
    expect(page.get_by_text("or go on here")).to_be_visible()
    # Nothing has to be answered first.
    Visitor(page).say("what does it cost")
    Visitor(page).sees("cost")
