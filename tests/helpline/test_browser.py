"""The console in a real browser: a whole call by keyboard alone, axe in every state, and a page that goes blank."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from bot.answers.helpline import helpline_guide
from bot.staff.accounts import IDLE
from tests.helpline.conftest import NAMES, signed_in

pytestmark = pytest.mark.browser

# WCAG 2.0, 2.1 and 2.2, A and AA.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE = {"width": 360, "height": 740}
ZOOMED = {"width": 320, "height": 256}  # what a window of 1280 to 1024 pixels shows at 400 %; WCAG 1.4.10
LARGE_TAPPED = 44  # CSS pixels; WCAG 2.5.5
STATES = {
    "step": "script/inform",
    "card": "guide/retraumatization_risk",
    "crisis card": "guide/crisis_suicide",
    "goal card": f"guide/{helpline_guide().of_kind('goal')[0].id}",
    "crises": "crisis",
    "moments": "moments",
    "moment": f"moments/{helpline_guide().moments[0].id}",
    "guide": "guide",
    "goals": "goals",
    "programs": "programs",
    "sheet": "sheet",
    "accounts": "accounts",
    "not found": "guide/none",
}


def _heading(page: Page, name: str, *, script: bool = True) -> None:
    """Wait for the page of this name; its script has begun when the heading has the focus."""
    heading = page.get_by_role("heading", level=1, name=name, exact=True)
    if script:
        expect(heading).to_be_focused()
    else:
        expect(heading).to_be_visible()


def _expect_nothing_found(page: Page) -> None:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    assert found.response["passes"], "axe looked at nothing"
    assert not found.response["violations"], found.generate_report()


def test_a_whole_call_by_keyboard_alone(context: BrowserContext, console: str) -> None:
    page = signed_in(context, console, NAMES["volunteer"])
    page.mouse.click = None  # type: ignore[method-assign, assignment]  # nothing here may use it
    press = page.keyboard.press
    for step in helpline_guide().steps[1:8]:
        press("n")
        _heading(page, step.title)
    # Something frightening is said: the crisis card, its numbers, and back to where one was.
    press("c")
    _heading(page, "Crisis")
    press("2")
    _heading(page, "Thoughts of suicide")
    expect(page.locator(".numbers .group").first).to_have_text("9 8 8")
    press("b")
    _heading(page, "Hopes")
    press("m")
    _heading(page, "Hard moments")
    press("1")
    _heading(page, helpline_guide().moments[0].title)
    press("b")
    # Two hopes.
    press("h")
    first, second = page.get_by_role("checkbox").nth(0), page.get_by_role("checkbox").nth(1)
    for box in (first, second):
        while not box.evaluate("box => box === document.activeElement"):
            press("Tab")
        press("Space")
        expect(box).to_be_checked()
    expect(page.locator(".ticked:visible")).to_have_count(2)
    # A question in the caller's words; digits belong to the field while one types.
    press("g")
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("how much does it cost, 5 dollars")
    expect(page.locator("#results button").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#results h2")).to_be_focused()
    press("1")
    _heading(page, helpline_guide().cards["cost"].title)
    press("b")
    # A program.
    press("p")
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("50309")
    press("Enter")
    expect(page.locator("#listed")).to_have_text("Listed for Iowa")
    box = page.get_by_role("checkbox").first
    while not box.evaluate("box => box === document.activeElement"):
        press("Tab")
    press("Space")
    picked = page.locator("article.entry h3").first.inner_text()
    press("t")
    _heading(page, "Sheet")
    hopes = helpline_guide().of_kind("goal")
    for words in (hopes[0].title, hopes[1].title, hopes[0].questions[0], picked):
        expect(page.locator(".sheet")).to_contain_text(words)
    press("s")
    _heading(page, "Hopes")
    for step in helpline_guide().steps[8:]:
        press("n")
        _heading(page, step.title)
    assert page.url.endswith("/script/after_call")  # what was typed is in no address
    while not page.get_by_role("button", name="Sign out").evaluate("one => one === document.activeElement"):
        press("Shift+Tab")
    press("Enter")
    expect(page.get_by_role("heading", name="Footbridge for staff")).to_be_visible()


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(context: BrowserContext, console: str, state: str) -> None:
    page = signed_in(context, console, NAMES["admin"])
    page.goto(console + STATES[state])
    if state == "goals":
        for box in page.get_by_role("checkbox").all()[:3]:
            box.check()
    _expect_nothing_found(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    _expect_nothing_found(page)
    small = page.evaluate(
        """least => [...document.querySelectorAll('button, .button, summary, label:has(input), input, select')]
            .filter((one) => one.checkVisibility() && !one.matches('[type=checkbox]')
                && one.getBoundingClientRect().height < least)
            .map((one) => one.outerHTML.slice(0, 80))""",
        LARGE_TAPPED,
    )
    assert small == []
    page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    root = page.locator("html")
    assert root.evaluate("root => root.scrollWidth <= root.clientWidth"), "the page scrolls sideways"


def test_axe_finds_nothing_in_what_was_searched_for(context: BrowserContext, console: str) -> None:
    page = signed_in(context, console, NAMES["volunteer"])
    page.goto(console + "guide")
    page.get_by_role("textbox").fill("i want to die and what does it cost")
    page.locator("article.crisis").wait_for()
    _expect_nothing_found(page)
    page.goto(console + "programs")
    page.get_by_role("combobox").select_option("IA")
    page.get_by_role("button", name="Show programs").click()
    expect(page.locator("#listed")).to_be_focused()
    _expect_nothing_found(page)
    page.goto(console + "programs")
    page.get_by_role("textbox").fill("Springfield")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Which one is meant?").wait_for()
    _heading(page, "Programs")
    _expect_nothing_found(page)


def test_axe_finds_nothing_at_the_door(context: BrowserContext, console: str) -> None:
    page = context.new_page()
    page.goto(console)
    _expect_nothing_found(page)
    page.get_by_label("Name of your account").fill("nobody")
    page.get_by_label("Password").fill("a wrong password")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    _expect_nothing_found(page)
    page.emulate_media(color_scheme="dark")
    _expect_nothing_found(page)


def test_axe_would_find_something(context: BrowserContext, console: str) -> None:
    page = signed_in(context, console, NAMES["volunteer"])
    page.goto(console + "guide")
    page.locator("label[for=q]").evaluate("label => label.remove()")
    page.locator("#q").evaluate("field => field.removeAttribute('aria-describedby')")
    with pytest.raises(AssertionError, match="label"):
        _expect_nothing_found(page)


def test_keys_that_were_turned_off_do_nothing(context: BrowserContext, console: str) -> None:
    page = signed_in(context, console, NAMES["volunteer"])
    page.get_by_role("button", name="Turn key shortcuts off").click()
    page.get_by_role("button", name="Turn key shortcuts on").wait_for()
    page.keyboard.press("n")
    page.keyboard.press("c")
    _heading(page, "Open")
    page.get_by_role("button", name="Next").click()
    page.keyboard.press("n")
    _heading(page, "Safety check")
    page.get_by_role("button", name="Turn key shortcuts on").click()
    page.get_by_role("button", name="Turn key shortcuts off").wait_for()
    page.keyboard.press("n")
    _heading(page, "Crisis check")


def test_the_page_warns_and_goes_blank_when_nobody_uses_it(context: BrowserContext, console: str) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(console)
    page.get_by_label("Name of your account").fill(NAMES["volunteer"])
    page.get_by_label("Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    _heading(page, "Open")
    page.clock.run_for((IDLE - 60) * 1000)
    expect(page.get_by_role("alert")).to_contain_text("goes blank")
    _expect_nothing_found(page)
    page.get_by_role("button", name="Stay here").click()
    expect(page.locator("#ending")).to_be_hidden()
    page.clock.run_for((IDLE - 30) * 1000)
    _heading(page, "Open")
    page.clock.run_for(31_000)
    expect(page.get_by_role("heading", name="Footbridge for staff")).to_be_visible()


def test_the_script_is_not_needed(context: BrowserContext, console: str) -> None:
    page = context.new_page()
    page.route("**/*.js", lambda route: route.abort())
    page.goto(console)
    page.get_by_label("Name of your account").fill(NAMES["volunteer"])
    page.get_by_label("Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Hopes").first.click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Guide").first.click()
    page.get_by_role("textbox").fill("how much does it cost")
    page.keyboard.press("Enter")
    page.locator("#results button").first.click()
    _heading(page, helpline_guide().cards["cost"].title, script=False)
    page.get_by_role("button", name="Sheet").click()
    expect(page.locator(".sheet")).to_contain_text(helpline_guide().of_kind("goal")[0].title)
