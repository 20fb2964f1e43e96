"""The end of a talk that went quiet: the warning, more time, and an end that leaves no words on the screen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from bot.answers.catalog import catalog
from bot.channels.web.pages import WARNING_MINUTES
from bot.engine.engine import Engine
from bot.settings import settings
from tests.web.visitors import HeldBack, Visitor, expect_erased, token_of

pytestmark = pytest.mark.browser

MARKED = "kingfisher"  # a word that is in no answer
WHOLE = settings().talk_minutes * 60  # seconds
UNTIL_WARNING = WHOLE - WARNING_MINUTES * 60
EXTENSIONS = 10  # as many as WCAG 2.2.1 asks for


@pytest.fixture
def page(context: BrowserContext, address: str) -> Page:
    """The page as it opens, with a clock that the test moves."""
    opened = context.new_page()
    opened.clock.install()
    opened.goto(address)
    return opened


def _talk(page: Page) -> str:
    Visitor(page).say("what does it cost")
    Visitor(page).sees("cost")
    return token_of(page)


def _pass(page: Page, seconds: float) -> None:
    page.clock.fast_forward(int(seconds * 1000))


def test_the_warning_comes_two_minutes_before_the_end_and_takes_nothing_that_is_typed(page: Page) -> None:
    _talk(page)
    box = page.get_by_label("Your question")
    box.press_sequentially(MARKED[:4])
    warning = page.get_by_role("dialog")
    _pass(page, UNTIL_WARNING - 1)
    expect(warning).to_be_hidden()
    _pass(page, 2)
    expect(warning).to_be_visible()
    expect(warning).to_be_in_viewport(ratio=1)
    expect(warning).to_have_accessible_name(re.compile(r"ends in 2 minutes\. .* more time\?$"))
    expect(page.locator("#time-out-alarm")).to_have_text(re.compile(r"ends in 2 minutes"))
    expect(box).to_be_focused()
    page.keyboard.type(MARKED[4:])
    expect(box).to_have_value(MARKED)
    for name in ("I am still here", "End now"):
        expect(warning.get_by_role("button", name=name)).to_be_visible()


def test_more_time_is_given_ten_times_and_more_by_keyboard_too(page: Page, engine: Engine) -> None:
    token = _talk(page)
    page.get_by_label("Your question").fill(MARKED)
    for _ in range(EXTENSIONS + 1):
        _pass(page, UNTIL_WARNING + 1)
        more = page.get_by_role("button", name="I am still here")
        more.focus()
        with page.expect_response("**/more") as answered:
            page.keyboard.press("Enter")
        assert answered.value.status == 204
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.get_by_label("Your question")).to_be_focused()
    expect(page.get_by_label("Your question")).to_have_value(MARKED)
    assert token_of(page) == token
    Visitor(page).say("how long does it take")
    Visitor(page).sees("how_long")


def test_a_message_takes_the_warning_away_and_gives_the_full_time(page: Page) -> None:
    _talk(page)
    _pass(page, UNTIL_WARNING + 1)
    expect(page.get_by_role("dialog")).to_be_visible()
    Visitor(page).say("how long does it take")
    Visitor(page).sees("how_long")
    expect(page.get_by_role("dialog")).to_be_hidden()
    _pass(page, UNTIL_WARNING - 1)
    expect(page.get_by_role("dialog")).to_be_hidden()
    _pass(page, 2)
    expect(page.get_by_role("dialog")).to_be_visible()


def _expect_ended(page: Page) -> None:
    ended = page.get_by_role("alert")
    expect(ended).to_contain_text("This chat has ended.")
    for number in ("911", "988"):
        expect(ended.locator(f'a[href="tel:{number}"]')).to_be_in_viewport()
    assert MARKED not in page.content()
    expect(page.locator(".turn, .you, textarea, #say")).to_have_count(0)
    # Neither what the talk was about nor a word of it is in view.
    assert not re.search("victim|offender|crime|mediat", page.locator("main").inner_text(), re.IGNORECASE)
    expect(page.get_by_role("button", name="Exit this page")).to_be_in_viewport()


@pytest.mark.parametrize("how", ["its time is over", "the device slept", "it is ended by hand"])
def test_at_the_end_the_words_are_gone_from_the_screen_and_from_the_server(
    page: Page, engine: Engine, how: str
) -> None:
    Visitor(page).say(MARKED)
    expect(page.locator(".you")).to_have_text(re.compile(MARKED))
    expect(page.get_by_label("Your question")).to_have_value("")
    token = _talk(page)
    page.get_by_label("Your question").fill(MARKED)
    if how == "the device slept":
        _pass(page, 10 * WHOLE)
    else:
        _pass(page, UNTIL_WARNING + 1)
        expect(page.get_by_role("dialog")).to_be_visible()
        if how == "it is ended by hand":
            page.get_by_role("button", name="End now").click()
        else:
            _pass(page, WARNING_MINUTES * 60)
    _expect_ended(page)
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect_erased(engine, token)
    page.get_by_role("button", name="Start again").click()
    Visitor(page).sees("opening")
    assert token_of(page) == ""


def test_words_that_were_typed_and_never_sent_do_not_stay_either(page: Page) -> None:
    page.get_by_label("Your question").press_sequentially(MARKED)
    _pass(page, UNTIL_WARNING + 1)
    page.get_by_role("button", name="I am still here").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    _pass(page, WHOLE + 1)
    _expect_ended(page)


def test_a_page_on_which_nothing_was_done_waits_for_ever(page: Page) -> None:
    _pass(page, 10 * WHOLE)
    Visitor(page).sees("opening")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_what_was_erased_ends_no_more(page: Page) -> None:
    _talk(page)
    page.get_by_role("button", name="Erase what I said").click()
    Visitor(page).sees("erased")
    _pass(page, 10 * WHOLE)
    Visitor(page).sees("erased")


def test_more_time_that_does_not_arrive_is_said_and_can_be_asked_for_again(page: Page) -> None:
    _talk(page)
    _pass(page, UNTIL_WARNING + 1)
    page.route("**/more", lambda route: route.abort())
    more = page.get_by_role("button", name="I am still here")
    more.click()
    expect(page.get_by_role("dialog")).to_contain_text(catalog().page["time_out_failed"])
    expect(page.locator("#time-out-alarm")).to_have_text(catalog().page["time_out_failed"])
    page.unroute("**/more")
    more.click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_where_the_server_has_ended_the_talk_already_more_time_ends_it_here(page: Page, engine: Engine) -> None:
    _talk(page)
    _pass(page, UNTIL_WARNING + 1)
    page.route("**/more", lambda route: route.fulfill(status=410))
    page.get_by_role("button", name="I am still here").click()
    _expect_ended(page)


def test_an_answer_that_comes_after_the_end_is_not_shown(page: Page, address: str) -> None:
    _talk(page)
    _pass(page, UNTIL_WARNING + 1)
    held = HeldBack(page, f"{address}/")
    Visitor(page).say(MARKED)
    expect(page.locator(".waiting")).to_be_visible()
    page.get_by_role("button", name="End now").click()
    _expect_ended(page)
    held.first.abort()
    _expect_ended(page)
