"""The page in a real browser: a whole visit with the script, without it, by keyboard and on a small phone."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from bot.answers.catalog import catalog
from bot.directory.lookup import programs_in
from bot.directory.session import open_session
from bot.engine.conversation_store import conversation_id
from bot.engine.engine import Engine
from bot.settings import settings
from tests.web.visitors import PHONE, HeldBack, KeyboardVisitor, Visitor

pytestmark = pytest.mark.browser

LEAST_TAPPED = 48  # CSS pixels; more than the 44 of WCAG 2.2's enhanced target size
PROGRAM = "us-ia-doc-vois"


def _hosts(page: Page) -> set[str]:
    """Hosts that the page sends requests to, from now on."""
    hosts: set[str] = set()

    def note(request: Request) -> None:
        hosts.add(urlsplit(request.url).netloc)

    page.context.on("request", note)
    return hosts


def _expect_only_the_sheet_in_print(page: Page) -> None:
    page.emulate_media(media="print")
    sheet = page.locator(".sheet")
    expect(sheet).to_have_count(1)
    expect(sheet).to_be_visible()
    # Headings for screen readers take one pixel and are cut off.
    others = page.locator("body *:visible:not(.sheet):not(.sheet *):not(:has(.sheet)):not(.unseen)")
    expect(others).to_have_count(0)
    expect(sheet.locator("button:visible")).to_have_count(0)
    page.emulate_media(media="screen")


@pytest.mark.parametrize(
    ("context", "kind"),
    [
        pytest.param({}, Visitor, id="with the script"),
        pytest.param({"java_script_enabled": False}, Visitor, id="without the script"),
        pytest.param({}, KeyboardVisitor, id="by keyboard"),
        pytest.param({"viewport": PHONE, "has_touch": True}, Visitor, id="on a small phone"),
        pytest.param({"viewport": PHONE, "java_script_enabled": False}, Visitor, id="small, without the script"),
    ],
    indirect=["context"],
)
def test_a_visit_from_the_first_question_to_the_printed_sheet(
    context: BrowserContext, address: str, kind: type[Visitor]
) -> None:
    with open_session(settings().database_url) as session:
        program = next(one for one in programs_in(session, "IA") if one.id == PROGRAM)
        name, phone = program.name, program.toll_free_phone
    assert phone
    goals = [catalog().goals[goal] for goal in ("goal_apology", "goal_answers")]
    page = context.new_page()
    hosts = _hosts(page)
    page.goto(address)
    visitor = kind(page)

    visitor.sees("opening")
    visitor.say("what is victim offender mediation")
    visitor.sees("what_is_vom")
    visitor.press("How it may hurt")
    visitor.sees("consent")
    expect(page.get_by_text("real and serious risk")).to_have_count(0)
    visitor.press("Read it now")
    visitor.sees("retraumatization_risk")
    expect(visitor.turn).to_contain_text("real and serious risk")
    visitor.say("would it help him get parole")
    visitor.sees("effect_on_sentence")
    visitor.say("I want to hear him say sorry and I want to ask him why he did it")
    visitor.sees("goal_added", "goal_added", "ask_more_goals")
    visitor.press("That is all")
    visitor.sees("ask_state")
    visitor.say("Iowa")
    visitor.sees("programs_found", "program_card", "program_card", "program_card", "programs_next")
    card = visitor.turn.locator(".card", has=page.get_by_role("heading", name=name, exact=True))
    expect(card.locator(f'a[href="tel:{phone.replace("-", "")}"]')).to_be_visible()
    visitor.press(f"Put on my sheet: {name}")
    visitor.sees("program_kept")
    visitor.press("Make my sheet")
    visitor.sees("sheet")

    sheet = page.locator(".sheet")
    for goal in goals:
        for line in (goal.title, *goal.questions):
            expect(sheet.get_by_role("listitem").filter(has_text=line)).to_have_count(1)
    expect(sheet.get_by_role("listitem").filter(has_text=name)).to_contain_text(phone.removeprefix("+"))
    for number in ("911", "988"):
        expect(sheet.locator(f'a[href="tel:{number}"]').first).to_be_visible()
    _expect_only_the_sheet_in_print(page)

    assert hosts == {urlsplit(address).netloc}
    kept = context.storage_state(indexed_db=True)
    assert kept["cookies"] == []
    assert kept["origins"] == []
    assert page.locator("html").evaluate("() => sessionStorage.length") == 0


@pytest.mark.parametrize("context", [{"java_script_enabled": False}], indirect=True)
def test_without_the_script_the_sheet_is_printed_from_a_page_of_its_own(page: Page) -> None:
    visitor = Visitor(page)
    visitor.say("i want him to say sorry")
    visitor.say("can i get a sheet to print")
    visitor.press("Print this sheet")
    expect(page.get_by_text(catalog().page["print_how"])).to_be_visible()
    visitor.sees("sheet")
    expect(visitor.turn).to_contain_text(catalog().goals["goal_apology"].title)
    _expect_only_the_sheet_in_print(page)
    visitor.press("Change my goals")
    visitor.sees("my_goals")


def test_with_the_script_only_the_last_sheet_is_printed(page: Page) -> None:
    visitor = Visitor(page)
    visitor.say("can i get a sheet to print")
    visitor.sees("sheet")
    visitor.say("i want him to say sorry")
    visitor.sees("goal_added", "ask_more_goals")
    visitor.say("can i get a sheet to print")
    visitor.sees("sheet")
    page.emulate_media(media="print")
    expect(page.locator(".sheet")).to_have_count(2)
    expect(page.locator(".sheet").first).to_be_hidden()
    expect(page.locator(".sheet").last).to_be_visible()


@pytest.mark.parametrize("answer", ["no connection", "something else's error page"])
def test_a_message_that_does_not_arrive_shows_help_and_stays_in_the_box(page: Page, address: str, answer: str) -> None:
    def fail(route: Route) -> None:
        if answer == "no connection":
            route.abort()
        else:
            route.fulfill(status=502, body="Bad gateway")

    visitor = Visitor(page)
    visitor.say("i want him to say sorry")
    visitor.sees("goal_added", "ask_more_goals")
    page.route(f"{address}/", fail)
    visitor.say("what does it cost")
    lost = page.get_by_role("alert")
    expect(lost).to_be_visible()
    for number in ("911", "988"):
        expect(lost.locator(f'a[href="tel:{number}"]')).to_be_in_viewport()
    expect(page.get_by_label("Your question")).to_have_value("what does it cost")
    expect(visitor.choice("That is all")).to_be_visible()

    page.unroute(f"{address}/")
    page.get_by_role("button", name="Send").click()
    visitor.sees("cost", "back_to_goals")
    expect(page.get_by_label("Your question")).to_have_value("")
    visitor.say("show my goals")
    visitor.sees("my_goals")


def test_a_choice_that_does_not_arrive_can_be_taken_again(page: Page, address: str) -> None:
    visitor = Visitor(page)
    page.route(f"{address}/", lambda route: route.abort())
    visitor.press("What VOM is")
    expect(page.get_by_role("alert").locator('a[href="tel:988"]')).to_be_in_viewport()
    page.unroute(f"{address}/")
    visitor.press("What VOM is")
    visitor.sees("what_is_vom")


def test_a_second_enter_does_not_send_the_words_again(page: Page, address: str) -> None:
    held = HeldBack(page, f"{address}/")
    visitor = Visitor(page)
    box = page.get_by_label("Your question")
    box.fill("what does it cost")
    box.press("Enter")
    expect(page.get_by_text("One moment.")).to_be_visible()
    box.press("Enter")
    held.first.continue_()
    visitor.sees("cost")
    assert len(held) == 1
    expect(page.locator(".you")).to_have_count(1)


def test_a_talk_the_server_no_longer_has_starts_again_with_the_words_still_there(page: Page, engine: Engine) -> None:
    visitor = Visitor(page)
    visitor.say("hello")
    visitor.sees("greet")
    session = page.locator("#say input[name=session]").input_value()
    with ThreadPoolExecutor(1) as apart:  # playwright has a running loop in this one
        apart.submit(asyncio.run, engine.erase(conversation_id(session))).result()
    visitor.say("what does it cost")
    visitor.sees("session_unknown")
    expect(page.get_by_label("Your question")).to_have_value("what does it cost")
    page.get_by_role("button", name="Send").click()
    visitor.sees("cost")


def test_shift_and_enter_make_a_new_line(page: Page) -> None:
    visitor = Visitor(page)
    box = page.get_by_label("Your question")
    box.press_sequentially("what does")
    box.press("Shift+Enter")
    box.press_sequentially("it cost")
    expect(box).to_have_value("what does\nit cost")
    box.press("Enter")
    visitor.sees("cost")


@pytest.mark.parametrize("context", [{"viewport": PHONE}], indirect=True)
@pytest.mark.parametrize(
    "before", ["", "I have been thinking about this for a long time. " * 30], ids=["short", "long"]
)
def test_somebody_in_danger_has_help_in_view_at_once(page: Page, before: str) -> None:
    visitor = Visitor(page)
    visitor.say("what is victim offender mediation")
    visitor.sees("what_is_vom")
    visitor.say(f"{before}i want to die")
    visitor.sees("crisis_suicide")
    help_line = visitor.turn.locator('a[href="tel:988"]').first
    expect(help_line).to_be_in_viewport(ratio=1)
    bar, reply = page.locator(".bar").bounding_box(), visitor.turn.bounding_box()
    assert bar
    assert reply
    assert reply["y"] >= bar["y"] + bar["height"], "the bar covers what is said"
    assert bar["height"] <= PHONE["height"] / 4, "the bar takes the page from the talk"
    tapped = visitor.turn.get_by_role("link", name="Call 988", exact=True).first
    expect(tapped).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("context", [{"viewport": PHONE}], indirect=True)
def test_every_help_line_is_large_enough_to_tap_on_a_small_phone(page: Page) -> None:
    visitor = Visitor(page)
    visitor.say("my ex is stalking me")
    visitor.sees("crisis_ongoing_abuse")  # the one with the longest name of a chat
    links = visitor.turn.locator('[data-answer="crisis_ongoing_abuse"] a.reach')
    expect(links).to_have_count(4)
    for link in links.all():
        box = link.bounding_box()
        assert box
        assert box["height"] >= LEAST_TAPPED
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
    chat = links.filter(has_text="opens another site")
    expect(chat).to_have_attribute("rel", "noreferrer noopener")


def test_typed_markup_is_shown_as_typed(page: Page) -> None:
    visitor = Visitor(page)
    title = page.title()
    typed = '<img src="/x" onerror="document.title=1"><b>bold</b>'
    visitor.say(typed)
    expect(page.locator(".you .said")).to_have_text(typed)
    expect(page.locator("#log img, #log b")).to_have_count(0)
    expect(page).to_have_title(title)


def test_the_script_breaks_no_rule_of_the_page(page: Page) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(error.message))
    page.reload()
    visitor = Visitor(page)
    visitor.say("what does it cost")
    visitor.sees("cost")
    assert problems == []


@pytest.mark.parametrize("context", [{}, {"java_script_enabled": False}], indirect=True)
def test_the_help_numbers_are_one_tap_away_and_nothing_of_the_talk_is_lost(page: Page) -> None:
    visitor = Visitor(page)
    visitor.say("i want him to say sorry")
    visitor.sees("goal_added", "ask_more_goals")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.get_by_role("link", name="Help numbers").click()
    numbers = page.get_by_role("complementary", name="Help numbers")
    expect(numbers.get_by_role("link", name="911", exact=True).first).to_be_in_viewport()
    page.get_by_role("link", name="Back to the chat").click()
    assert [url for url in requests if not url.endswith("/icon.svg")] == []
    visitor.say("show my goals")
    visitor.sees("my_goals")
