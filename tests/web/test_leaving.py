"""Leaving the page: it is blank at once, the talk is erased, and no way of the browser leads back to it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.answers.catalog import catalog
from bot.channels.application import create_application
from bot.engine.engine import Engine, Turn
from tests.kept import kept
from tests.web.conftest import OPTIONS, chromium, serve_in_thread, unlimited
from tests.web.visitors import (
    LONGEST_ERASURE,
    MOST_TABS,
    PHONE,
    HeldBack,
    Visitor,
    expect_blank,
    expect_erased,
    in_own_loop,
    token_of,
)

pytestmark = pytest.mark.browser

BLANK = "hidden true, left 0"  # whether the page is hidden, and how many elements are left in it
LONGEST_BLANKING = 100  # milliseconds
MARKED = "kingfisher"  # a word that is in no answer
WITHOUT_SCRIPT: Mapping[str, Any] = {"java_script_enabled": False}
# When the click or the last key came, and when the page was hidden after it.
WATCH = """() => {
    for (const kind of ['click', 'keyup']) addEventListener(kind, event => { window.pressed = event.timeStamp; }, true);
    const seen = new MutationObserver(() => { window.hidden = performance.now(); });
    seen.observe(document.documentElement, {attributes: true});
}"""


@pytest.fixture
def page(context: BrowserContext, address: str, elsewhere: str) -> Page:
    """The page as it opens, in a tab that showed another page before."""
    opened = context.new_page()
    opened.goto(f"{elsewhere}/before")
    opened.goto(address)
    return opened


def _talk(page: Page) -> str:
    """Say something; the value is the token."""
    visitor = Visitor(page)
    visitor.say(MARKED)
    expect(page.locator("#say input[name=session]")).not_to_have_value("")
    visitor.say("what does it cost")
    visitor.sees("cost")
    return token_of(page)


def _exit(page: Page) -> None:
    page.get_by_role("button", name="Exit this page").click()


def _stay(page: Page, elsewhere: str) -> None:
    """Let the exit page not come, so that the page that was left can be looked at: a browser stays where it was."""
    page.route(f"{elsewhere}/exit", lambda route: route.fulfill(status=204))


def _expect_left_for_good(page: Page, elsewhere: str) -> None:
    """The exit page is there, and neither Back, Forward nor Reload leads to the talk."""
    expect(page).to_have_url(f"{elsewhere}/exit")
    expect(page.get_by_text("The weather of today.")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(f"{elsewhere}/before")
    page.go_forward()
    expect(page).to_have_url(f"{elsewhere}/exit")
    page.reload()
    expect(page).to_have_url(f"{elsewhere}/exit")
    expect(page.get_by_text("The weather of today.")).to_be_visible()


def _by_tab(page: Page, key: str) -> None:
    """Go back from the box to the beginning, by keyboard alone, and press a key there."""
    way_out = page.get_by_role("button", name="Exit this page")
    for _ in range(MOST_TABS):
        page.keyboard.press("Shift+Tab")
        if way_out.evaluate("element => element === document.activeElement"):
            page.keyboard.press(key)
            return
    raise AssertionError("the way out is not reached by Tab")


def _three_shifts(page: Page) -> None:
    for _ in range(3):
        page.keyboard.press("Shift")


def _in_the_box(page: Page) -> None:
    page.get_by_label("Your question").fill("i was about to say")
    _three_shifts(page)


WAYS: dict[str, Callable[[Page], None]] = {
    "a press": _exit,
    "two presses": lambda page: page.get_by_role("button", name="Exit this page").dblclick(no_wait_after=True),
    "Tab and Enter": lambda page: _by_tab(page, "Enter"),
    "Tab and Space": lambda page: _by_tab(page, "Space"),
    "three times Shift": _three_shifts,
    "three times Shift while typing": _in_the_box,
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_out_leaves_for_good_and_erases(page: Page, engine: Engine, elsewhere: str, way: str) -> None:
    token = _talk(page)
    WAYS[way](page)
    _expect_left_for_good(page, elsewhere)
    expect_erased(engine, token)


def test_the_way_out_is_the_first_thing_that_the_keyboard_and_a_screen_reader_reach(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Exit this page")).to_be_focused()
    assert page.locator("body *:not(:has(*)):visible").first.inner_text() == "Exit this page"


@pytest.mark.parametrize("context", [{"viewport": PHONE, "has_touch": True, "is_mobile": True}], indirect=True)
def test_one_tap_on_a_phone_leaves_from_the_end_of_a_long_talk(page: Page, engine: Engine, elsewhere: str) -> None:
    token = _talk(page)
    Visitor(page).say("how long does it take")
    Visitor(page).sees("how_long")
    page.locator("#help").scroll_into_view_if_needed()
    way_out = page.get_by_role("button", name="Exit this page")
    expect(way_out).to_be_in_viewport(ratio=1)
    box = way_out.bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 44
    way_out.tap()
    _expect_left_for_good(page, elsewhere)
    expect_erased(engine, token)


# What was said, and the answers of the last turn.
STATES: dict[str, tuple[list[str], list[str]]] = {
    "consent": (["how may it hurt me"], ["consent"]),
    "the middle of the goals": (["i want him to say sorry"], ["goal_added", "ask_more_goals"]),
    "a help card": (["i want to die"], ["crisis_suicide"]),
    "the sheet": (["i want him to say sorry", "can i get a sheet to print"], ["sheet"]),
}


@pytest.mark.parametrize("state", STATES)
def test_leaving_from_each_state_of_a_talk(page: Page, engine: Engine, elsewhere: str, state: str) -> None:
    said, answers = STATES[state]
    for words in said:
        Visitor(page).say(words)
        expect(page.get_by_label("Your question")).to_have_value("")
    Visitor(page).sees(*answers)
    token = token_of(page)
    _exit(page)
    _expect_left_for_good(page, elsewhere)
    expect_erased(engine, token)


def test_leaving_before_anything_was_said_sends_nothing(page: Page, elsewhere: str) -> None:
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    _exit(page)
    _expect_left_for_good(page, elsewhere)
    assert [request.url for request in sent if request.method == "POST"] == []


def test_leaving_after_links_within_the_page_leaves_no_entry_of_it(page: Page, elsewhere: str) -> None:
    _talk(page)
    page.get_by_role("link", name="Help numbers").click()
    page.get_by_role("link", name="Back to the chat").click()
    _exit(page)
    _expect_left_for_good(page, elsewhere)


@pytest.mark.parametrize("way", ["a press", "three times Shift"])
def test_the_page_is_blank_within_a_tenth_of_a_second_and_holds_nothing(page: Page, elsewhere: str, way: str) -> None:
    _talk(page)
    page.get_by_label("Your question").fill(MARKED)
    _stay(page, elsewhere)
    page.evaluate(WATCH)
    with page.expect_request(f"{elsewhere}/exit"):
        WAYS[way](page)
    expect_blank(page)
    assert 0 <= page.evaluate("() => window.hidden - window.pressed") < LONGEST_BLANKING
    assert MARKED not in page.content()


@pytest.mark.parametrize("held_back", ["/exit", "/leave"])
def test_on_a_slow_network_the_page_is_blank_before_anything_has_come(
    page: Page, engine: Engine, elsewhere: str, held_back: str
) -> None:
    token = _talk(page)
    held = HeldBack(page, f"**{held_back}")
    if held_back == "/leave":
        _stay(page, elsewhere)
    page.evaluate(
        """() => new MutationObserver(() => {
            console.log(`hidden ${document.documentElement.hidden}, left ${document.body.childElementCount}`);
        }).observe(document.documentElement, {attributes: true})"""
    )
    with page.expect_request(f"**{held_back}"), page.expect_console_message(lambda message: message.text == BLANK):
        page.get_by_role("button", name="Exit this page").click(no_wait_after=True)
    if held_back == "/leave":
        held.first.continue_()
    expect_erased(engine, token)


def test_without_a_network_the_page_is_blank_all_the_same(page: Page, context: BrowserContext, address: str) -> None:
    _talk(page)
    context.set_offline(True)
    page.evaluate(WATCH)
    with page.expect_event("framenavigated"):  # to the browser's own page, which says that there is no network
        page.get_by_role("button", name="Exit this page").click(no_wait_after=True)
    assert MARKED not in page.content()
    context.set_offline(False)
    page.go_back()
    assert not page.url.startswith(address)


def test_where_the_server_is_gone_the_page_is_left_all_the_same(
    context: BrowserContext, engine: Engine, elsewhere: str
) -> None:
    configured = unlimited(exit_url=f"{elsewhere}/exit")
    page = context.new_page()
    page.goto(f"{elsewhere}/before")
    with serve_in_thread(lambda ready: create_application(engine, configured, ready)) as address:
        page.goto(address)
        _talk(page)
    _exit(page)
    _expect_left_for_good(page, elsewhere)


@pytest.mark.parametrize("said_before", [False, True], ids=["the first message", "a later message"])
def test_leaving_in_the_middle_of_sending_erases_what_was_sent(
    page: Page, engine: Engine, elsewhere: str, monkeypatch: pytest.MonkeyPatch, said_before: bool
) -> None:
    token = _talk(page) if said_before else ""
    before = in_own_loop(kept(engine)).keys()
    arrived, go_on = threading.Event(), threading.Event()
    answered = threading.Event()
    answer = engine.turn

    async def answer_slowly(*args: Any, **options: Any) -> Turn:
        arrived.set()
        await asyncio.to_thread(go_on.wait, 20)
        try:
            return await answer(*args, **options)
        finally:
            answered.set()

    monkeypatch.setattr(engine, "turn", answer_slowly)
    with ExitStack() as stack:
        stack.callback(go_on.set)
        page.get_by_label("Your question").fill("i want to ask him why he did it")
        page.get_by_role("button", name="Send").click()
        assert arrived.wait(20)
        _exit(page)
        _expect_left_for_good(page, elsewhere)
        if token:
            expect_erased(engine, token)
    assert answered.wait(20)
    if token:
        expect_erased(engine, token)  # the turn that came after did not bring it back
    else:
        _expect_no_other(engine, before)


def _expect_no_other(engine: Engine, before: Collection[str]) -> None:
    """Check that the server comes to hold no talk but those of before."""
    latest = time.monotonic() + LONGEST_ERASURE
    while not set(in_own_loop(kept(engine))) <= set(before):
        assert time.monotonic() < latest, "a talk is kept whose token nobody has"


@pytest.mark.parametrize("ending", ["closed", "reloaded", "left for another address"])
def test_a_page_that_goes_in_another_way_takes_its_talk_with_it(
    page: Page, engine: Engine, elsewhere: str, ending: str
) -> None:
    token = _talk(page)
    if ending == "closed":
        page.close()
    elif ending == "reloaded":
        page.reload()
        Visitor(page).sees("opening")
        assert MARKED not in page.content()
        expect(page.get_by_label("Your question")).to_have_value("")
    else:
        page.goto(f"{elsewhere}/other")
        page.go_back()
        Visitor(page).sees("opening")
        assert MARKED not in page.content()
    expect_erased(engine, token)


def test_a_tap_on_a_number_does_not_end_the_talk(page: Page) -> None:
    token = _talk(page)
    page.locator(".notice a[href='tel:988']").click(no_wait_after=True)
    Visitor(page).say("how long does it take")
    Visitor(page).sees("how_long")
    assert token_of(page) == token


def test_a_browser_without_requests_that_outlive_the_page_erases_too(
    context: BrowserContext, address: str, engine: Engine, elsewhere: str
) -> None:
    context.add_init_script("delete Request.prototype.keepalive")
    page = context.new_page()
    page.goto(address)
    token = _talk(page)
    _exit(page)
    expect(page).to_have_url(f"{elsewhere}/exit")
    expect_erased(engine, token)


class Cacheable:
    """ASGI middleware that takes away what keeps a browser from keeping the page for Back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back without its header."""

        async def send_cacheable(message: Message) -> None:
            if message["type"] == "http.response.start":
                del MutableHeaders(scope=message)["Cache-Control"]
            await send(message)

        await self._app(scope, receive, send_cacheable)


@pytest.fixture
def back_forward_context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that keeps pages for Back and Forward, as people's browsers do."""
    launched = browser.browser_type.launch(
        executable_path=chromium(), args=OPTIONS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield launched.new_context()
    launched.close()


def test_a_page_that_the_browser_kept_for_back_shows_nothing_of_the_talk(
    back_forward_context: BrowserContext, engine: Engine, elsewhere: str
) -> None:
    page = back_forward_context.new_page()
    shown: list[str] = []
    page.on("console", lambda message: shown.append(message.text))
    configured = unlimited(exit_url=f"{elsewhere}/exit")
    with serve_in_thread(lambda ready: Cacheable(create_application(engine, configured, ready))) as address:
        page.goto(address)
        token = _talk(page)
        page.evaluate(
            """() => addEventListener('pageshow', event => {
                console.log(`kept ${event.persisted}, words ${document.body.innerText.length}`);
            })"""
        )
        page.goto(f"{elsewhere}/other")
        expect_erased(engine, token)
        page.go_back(wait_until="commit")
        Visitor(page).sees("opening")
        assert shown == ["kept true, words 0"]
        assert MARKED not in page.content()
        # After leaving there is nothing to go back to, with that cache as without it.
        token = _talk(page)
        _exit(page)
        expect(page).to_have_url(f"{elsewhere}/exit")
        expect_erased(engine, token)
        page.go_back()
        assert page.url in ("about:blank", f"{elsewhere}/other")


@pytest.mark.parametrize("options", [{}, WITHOUT_SCRIPT], ids=["with the script", "without"])
@pytest.mark.parametrize("left", [True, False], ids=["left", "only closed"])
def test_a_browser_that_restores_its_tabs_brings_nothing_back(
    browser: Browser,
    engine: Engine,
    address: str,
    elsewhere: str,
    tmp_path: Path,
    left: bool,
    options: dict[str, Any],
) -> None:
    def open_browser(*more: str) -> BrowserContext:
        return browser.browser_type.launch_persistent_context(
            str(tmp_path), executable_path=chromium(), args=[*OPTIONS, *more], **options
        )

    first = open_browser()
    page = first.pages[0]
    page.goto(address)
    token = _talk(page)
    page.get_by_label("Your question").fill(MARKED)
    if left:
        _exit(page)
        expect(page).to_have_url(f"{elsewhere}/exit")
        expect_erased(engine, token)
    first.close()
    again = open_browser("--restore-last-session")
    restored = [page.content() for page in again.pages]
    assert any(page.url.startswith(elsewhere if left else address) for page in again.pages)
    assert not any(MARKED in content for content in restored)
    again.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    for written in (MARKED.encode(), MARKED.encode("utf-16-le"), token.encode(), token.encode("utf-16-le")):
        assert [path.name for path in files if written in path.read_bytes()] == []


def test_capital_letters_do_not_leave(page: Page) -> None:
    box = page.get_by_label("Your question")
    box.focus()
    for letter in "NOT":
        page.keyboard.press(f"Shift+{letter}")
    page.keyboard.type("I Am Not Leaving")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    expect(box).to_have_value("NOTI Am Not Leaving")
    expect(page.locator("#presses")).to_be_empty()


def test_shift_with_something_else_does_not_count(page: Page) -> None:
    for combination in ("Control+Shift", "Alt+Shift", "Shift+Tab"):
        for _ in range(3):
            page.keyboard.press(combination)
    for _ in range(3):
        page.keyboard.down("Shift")
        page.get_by_text("No one is watching").click()
        page.keyboard.up("Shift")
    page.keyboard.press("Shift")
    page.keyboard.press("Shift")
    page.keyboard.press("a")
    page.keyboard.press("Shift")
    Visitor(page).sees("opening")
    expect(page.locator("#presses")).to_have_text(catalog().page["shift_twice"])


def test_presses_of_shift_are_counted_aloud_and_forgotten_after_a_while(
    context: BrowserContext, address: str, elsewhere: str
) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(address)
    counted = page.locator("#presses")
    expect(counted).to_have_role("status")
    page.keyboard.press("Shift")
    expect(counted).to_be_visible()
    expect(counted).to_have_text(catalog().page["shift_twice"])
    page.keyboard.press("Shift")
    expect(counted).to_have_text(catalog().page["shift_once"])
    page.clock.fast_forward(5001)
    expect(counted).to_have_text(catalog().page["shift_forgotten"])
    page.keyboard.press("Shift")
    expect(counted).to_have_text(catalog().page["shift_twice"])
    page.clock.fast_forward(5001)
    page.clock.fast_forward(5001)
    expect(counted).to_be_empty()


def test_what_leaving_does_and_does_not_do_is_told_beforehand(page: Page) -> None:
    words = catalog().page
    page.get_by_text(words["device"]).click()
    for told in ("device_trail", "device_choice", "leaving", "leaving_with_script", "leaving_limits"):
        expect(page.get_by_text(words[told])).to_be_visible()
    expect(page.get_by_text(words["leaving_without_script"])).to_be_hidden()


@pytest.mark.parametrize("context", [WITHOUT_SCRIPT], indirect=True)
def test_without_the_script_the_button_erases_and_leaves(page: Page, engine: Engine, elsewhere: str) -> None:
    words = catalog().page
    page.get_by_text(words["device"]).click()
    expect(page.get_by_text(words["leaving_without_script"])).to_be_visible()
    expect(page.get_by_text(words["leaving_with_script"])).to_be_hidden()
    token = _talk(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Exit this page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{elsewhere}/exit")
    expect_erased(engine, token)


@pytest.mark.parametrize("context", [WITHOUT_SCRIPT], indirect=True)
def test_without_the_script_no_step_back_brings_the_talk_back_or_sends_a_form(
    page: Page, address: str, engine: Engine, elsewhere: str
) -> None:
    token = _talk(page)
    _exit(page)
    expect(page).to_have_url(f"{elsewhere}/exit")
    expect_erased(engine, token)
    held = in_own_loop(engine.conversations_held())
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    for _ in range(3):  # the pages of two messages, and the first view
        page.go_back()
        expect(page).to_have_url(f"{address}/")
        Visitor(page).sees("opening")
        assert token_of(page) == ""
    page.go_back()
    expect(page).to_have_url(f"{elsewhere}/before")
    page.go_forward()
    Visitor(page).sees("opening")
    assert set(sent) == {"GET"}
    assert in_own_loop(engine.conversations_held()) == held


@pytest.mark.parametrize("context", [WITHOUT_SCRIPT], indirect=True)
def test_without_the_script_to_reload_shows_the_first_view_and_sends_nothing_again(page: Page, engine: Engine) -> None:
    _talk(page)
    held = in_own_loop(engine.conversations_held())
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.reload()
    Visitor(page).sees("opening")
    assert token_of(page) == ""
    assert set(sent) == {"GET"}
    assert in_own_loop(engine.conversations_held()) == held


@pytest.mark.parametrize("context", [WITHOUT_SCRIPT], indirect=True)
def test_without_the_script_a_form_that_is_sent_again_finds_no_talk(page: Page, address: str, elsewhere: str) -> None:
    _talk(page)
    posts: list[Request] = []
    page.on("request", lambda request: posts.append(request) if request.method == "POST" else None)
    Visitor(page).say("how long does it take")
    Visitor(page).sees("how_long")
    _exit(page)
    expect(page).to_have_url(f"{elsewhere}/exit")
    again = page.request.post(
        address, data=posts[0].post_data or "", headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert again.status == 410
    assert 'data-answer="session_unknown"' in again.text()


def test_where_a_script_did_not_load_the_button_is_a_form_and_the_talk_goes_on(
    context: BrowserContext, address: str, engine: Engine, elsewhere: str
) -> None:
    page = context.new_page()
    page.route("**/static/chat.js", lambda route: route.abort())
    page.goto(address)
    token = _talk(page)
    Visitor(page).say("show my goals")
    Visitor(page).sees("no_goals_yet")
    assert token_of(page) == token
    _exit(page)
    expect(page).to_have_url(f"{elsewhere}/exit")
    expect_erased(engine, token)
