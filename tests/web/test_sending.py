"""Sending on links that are slow or break: once, seen to be under way, and never twice."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from bot.engine.engine import Engine
from tests.web.visitors import HeldBack, Visitor, expect_erased, token_of

pytestmark = pytest.mark.browser


def _posts(page: Page) -> list[Request]:
    made: list[Request] = []
    page.on("request", lambda request: made.append(request) if request.method == "POST" else None)
    return made


def test_on_a_slow_link_a_message_is_sent_once_and_seen_to_be_under_way(page: Page, address: str) -> None:
    visitor = Visitor(page)
    posts = _posts(page)
    held = HeldBack(page, f"{address}/")
    visitor.say("what does it cost")
    expect(page.get_by_text("Sending. One moment.")).to_be_visible()
    page.get_by_role("button", name="Send").dblclick()
    visitor.press("What VOM is")
    page.get_by_label("Your question").press("Enter")
    expect(page.get_by_role("link", name="Help numbers")).to_be_in_viewport()
    held.first.continue_()
    visitor.sees("cost")
    expect(page.get_by_text("Sending. One moment.")).to_have_count(0)
    assert len(posts) == 1


def test_an_answer_that_was_lost_is_asked_for_again_and_the_message_not_taken_twice(page: Page, address: str) -> None:
    visitor = Visitor(page)
    visitor.say("i want him to say sorry")
    visitor.sees("goal_added", "ask_more_goals")
    posts = _posts(page)

    def lose_the_answer(route: Route) -> None:
        route.fetch()  # it arrives, and is answered
        route.abort()

    page.route(f"{address}/", lose_the_answer)
    visitor.say("what does it cost")
    expect(page.get_by_role("alert")).to_be_visible()
    page.unroute(f"{address}/")
    page.get_by_role("button", name="Send").click()
    visitor.sees("cost", "back_to_goals")
    visitor.say("how long does it take")
    visitor.sees("how_long", "back_to_goals")
    visitor.say("how long does it take")
    visitor.sees("how_long", "back_to_goals")
    numbers = [dict(pair.split("=") for pair in (post.post_data or "").split("&"))["message"] for post in posts]
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == 3  # the same words on purpose are a message of their own


def test_an_answer_that_never_comes_is_given_up_and_can_be_asked_for_again(
    context: BrowserContext, address: str
) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(address)
    visitor = Visitor(page)
    page.route(f"{address}/", lambda route: None)
    visitor.say("what does it cost")
    expect(page.locator(".waiting")).to_be_visible()
    page.clock.fast_forward(60_001)
    expect(page.get_by_role("alert").locator('a[href="tel:988"]')).to_be_in_viewport()
    page.unroute(f"{address}/")
    page.get_by_role("button", name="Send").click()
    visitor.sees("cost")


def test_help_numbers_are_there_when_the_connection_is_gone(page: Page, context: BrowserContext) -> None:
    context.set_offline(True)
    page.get_by_role("link", name="Help numbers").click()
    numbers = page.get_by_role("complementary", name="Help numbers")
    expect(numbers).to_be_focused()
    expect(numbers.get_by_role("link", name="911", exact=True).first).to_be_in_viewport()
    Visitor(page).say("what does it cost")
    expect(page.get_by_role("alert").locator('a[href="tel:988"]')).to_be_in_viewport()


def test_a_second_tab_has_a_talk_of_its_own(page: Page, context: BrowserContext, address: str) -> None:
    first = Visitor(page)
    first.say("i want him to say sorry")
    first.sees("goal_added", "ask_more_goals")
    second = Visitor(context.new_page())
    second.page.goto(address)
    second.say("show my goals")
    second.sees("no_goals_yet")
    assert token_of(second.page) != token_of(page)
    second.page.get_by_role("button", name="Erase what I said").click()
    second.sees("erased")
    first.say("show my goals")
    first.sees("my_goals")


@pytest.mark.parametrize("going", ["reload", "back"])
def test_a_refresh_or_back_in_the_middle_of_sending_breaks_nothing(
    page: Page, address: str, elsewhere: str, engine: Engine, going: str
) -> None:
    visitor = Visitor(page)
    if going == "back":
        page.goto(f"{elsewhere}/before")
        page.goto(address)
    visitor.say("i want him to say sorry")
    visitor.sees("goal_added", "ask_more_goals")
    token = token_of(page)
    held = HeldBack(page, f"{address}/", "POST")
    visitor.say("what does it cost")
    expect(page.locator(".waiting")).to_be_visible()
    assert held.first
    if going == "reload":
        page.reload()
    else:
        page.go_back()
        expect(page).to_have_url(f"{elsewhere}/before")
        page.go_forward()
    expect_erased(engine, token)
    page.unroute(f"{address}/")
    visitor.sees("opening")
    visitor.say("show my goals")
    visitor.sees("no_goals_yet")


def test_erasing_clears_the_screen_and_the_box_and_says_so(page: Page, engine: Engine) -> None:
    visitor = Visitor(page)
    visitor.say("i want him to say sorry")
    visitor.sees("goal_added", "ask_more_goals")
    token = token_of(page)
    page.get_by_label("Your question").fill("and something else")
    page.get_by_role("button", name="Erase what I said").click()
    visitor.sees("erased")
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator(".you")).to_have_count(0)
    expect(page.get_by_label("Your question")).to_have_value("")
    expect_erased(engine, token)


def test_after_a_choice_the_focus_is_at_the_answer_and_after_words_in_the_box(page: Page) -> None:
    visitor = Visitor(page)
    visitor.press("What VOM is")
    visitor.sees("what_is_vom")
    expect(visitor.turn).to_be_focused()
    visitor.say("what does it cost")
    visitor.sees("cost")
    expect(page.get_by_label("Your question")).to_be_focused()
