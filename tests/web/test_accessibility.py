"""The page is readable by everyone: axe, zoom, text spacing, sizes, colours and motion, in every state of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, ViewportSize, expect

from bot.channels.application import create_application
from bot.engine.engine import Engine
from tests.web.conftest import serve_in_thread, unlimited
from tests.web.states import STATES, State
from tests.web.visitors import PHONE

pytestmark = pytest.mark.browser

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
DESKTOP = ViewportSize(width=1280, height=1024)  # CSS pixels
ZOOMED = ViewportSize(width=320, height=256)  # what is left of DESKTOP at 400 %, as WCAG 1.4.10 counts
LOOKS: Mapping[str, Mapping[str, str]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
    "dark forced colours": {"color_scheme": "dark", "forced_colors": "active"},
}
EVERYDAY: Mapping[str, Any] = {"media": "screen", "color_scheme": "light", "forced_colors": "none"}
SHEETS = [name for name in STATES if name.startswith("sheet")]
CRISES = [name for name in STATES if name.startswith("crisis")]
SMALLEST = 24  # CSS pixels on each side; WCAG 2.2, 2.5.8
SMALLEST_WAY_OUT = 44  # for leaving and for help; WCAG 2.2, 2.5.5
# Words that are for screen readers alone, and a link that is out of view until it has the focus.
APART = ".unseen, .unseen *, .skip"
FOUND_BY_AXE = """async ([context, options]) => {
    const { violations } = await axe.run(context ?? document, { resultTypes: ["violations"], ...options });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html, failureSummary]));
}"""
SPREAD_BEYOND_THE_SIDES = """apart => [...document.querySelectorAll("body *")]
    .filter((element) => !element.matches(apart) && element.getClientRects().length)
    .filter((element) => {
        const { left, right } = element.getBoundingClientRect();
        return left < -0.5 || right > document.documentElement.clientWidth + 0.5;
    }).map((element) => element.outerHTML.slice(0, 120))"""
CUT_OFF = """apart => [...document.querySelectorAll("body *")]
    .filter((element) => !element.matches(apart) && element.getClientRects().length)
    .filter((element) => element.matches("button, a") || getComputedStyle(element).overflowY !== "visible")
    .filter((element) => getComputedStyle(element).display !== "inline" && element.tagName !== "TEXTAREA")
    .filter(({ scrollWidth, clientWidth, scrollHeight, clientHeight }) =>
        scrollWidth > clientWidth + 1 || scrollHeight > clientHeight + 1)
    .map((element) => element.outerHTML.slice(0, 120))"""
# What somebody may set by a style sheet of their own, as WCAG 1.4.12 counts. The page's policy lets a script make one.
SPACED = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
        * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
        p { margin-bottom: 2em !important }`);
    document.adoptedStyleSheets = [sheet];
}"""
TARGETS = """() => [...document.querySelectorAll("button, summary, textarea, input, a")]
    .filter((element) => element.type !== "hidden" && !element.matches(".skip") && element.getClientRects().length)
    // A link within a sentence is as high as its line.
    .filter((element) => getComputedStyle(element).display !== "inline")
    .map((element) => {
        const { width, height } = (element.closest("label") ?? element).getBoundingClientRect();
        return [element.outerHTML.slice(0, 120), element.matches(".exit, .help, .reach"), Math.min(width, height)];
    })"""
MOVING = """() => [...document.querySelectorAll("*")].filter((element) => {
    const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(element);
    return transitionDuration !== "0s" || animationName !== "none" || scrollBehavior === "smooth";
}).map((element) => element.tagName)"""


@pytest.fixture(scope="module")
def slow_address(engine: Engine) -> Iterator[str]:
    """The address of a page whose server takes one message a minute."""
    slow = unlimited(address_turns_per_minute=1)
    with serve_in_thread(lambda ready: create_application(engine, slow, ready)) as served:
        yield served


@pytest.fixture(scope="module")
def state_page(request: pytest.FixtureRequest, browser: Browser, address: str, slow_address: str) -> Iterator[Page]:
    """The page in a state, which all tests of that state look at one after the other."""
    state: State = STATES[request.param]
    context = browser.new_context(reduced_motion="reduce", viewport=DESKTOP)
    context.set_default_timeout(10_000)  # milliseconds
    page = context.new_page()
    page.clock.install()
    if not state.script:
        # Not switched off in the browser, where axe could not run either.
        page.route("**/*.js", lambda route: route.abort())
    page.goto((slow_address if state.slow else address) + state.path)
    state.reach(page)
    # What is not in front shows nothing, and so nothing would be found.
    assert page.evaluate("() => document.visibilityState") == "visible"
    yield page
    context.close()


@pytest.fixture
def page(state_page: Page) -> Iterator[Page]:
    """The page in its state, on a desktop and in everyday colours."""
    yield state_page
    state_page.emulate_media(**EVERYDAY)
    state_page.set_viewport_size(DESKTOP)
    state_page.evaluate("() => { document.adoptedStyleSheets = []; }")


each_state = pytest.mark.parametrize("state_page", STATES, indirect=True)


def _look(page: Page, look: str) -> None:
    page.emulate_media(**LOOKS[look])  # type: ignore[arg-type]


def _found_by_axe(page: Page, context: str | None = None, **options: Any) -> list[list[str]]:
    """What axe finds, as rule, element and reason.

    Playwright runs axe by the browser's debugger, which the page's Content-Security-Policy does not bind. The policy
    stays in force for the page, so that what is looked at is what a visitor has.
    """
    page.evaluate(AXE_SCRIPT)
    found: list[list[str]] = page.evaluate(FOUND_BY_AXE, [context, options])
    return found


@each_state
@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(page: Page, look: str) -> None:
    _look(page, look)
    assert _found_by_axe(page, runOnly=RULES) == []


@each_state
def test_axe_finds_nothing_on_a_small_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    assert _found_by_axe(page, runOnly=RULES) == []


@pytest.mark.parametrize("state_page", SHEETS, indirect=True)
def test_axe_finds_nothing_on_the_printed_sheet(page: Page) -> None:
    page.emulate_media(media="print")
    expect(page.locator(".sheet")).to_be_visible()
    expect(page.locator(".bar")).to_be_hidden()
    # On paper there is nothing to press and nowhere to go: the page around the sheet is gone, its landmarks too.
    assert _found_by_axe(page, ".sheet", runOnly=RULES) == []


@pytest.mark.parametrize("state_page", ["first view"], indirect=True)
def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.evaluate("() => document.querySelector('.exit').style.setProperty('color', '#a05040')")
    assert [rule for rule, _, _ in _found_by_axe(page, runOnly=RULES)] == ["color-contrast"]
    page.evaluate("() => document.querySelector('.exit').style.removeProperty('color')")


@each_state
def test_the_way_out_and_help_in_a_crisis_have_the_higher_contrast(page: Page) -> None:
    parts = [part for part in (".bar", ".notice", ".urgent") if page.locator(part).count()]
    for look in ("light", "dark"):
        _look(page, look)
        for part in parts:
            expect(page.locator(part).first).to_be_visible()
            assert _found_by_axe(page, part, runOnly=["color-contrast-enhanced"]) == [], look


@pytest.mark.parametrize("state_page", CRISES, indirect=True)
def test_a_crisis_card_is_an_alert_within_the_log(page: Page) -> None:
    expect(page.get_by_role("log").get_by_role("alert")).to_have_count(1)
    expect(page.get_by_role("alert").get_by_role("link", name="Call ").first).to_be_visible()


@each_state
def test_at_400_percent_nothing_scrolls_sideways_and_the_way_out_is_in_view(page: Page) -> None:
    page.set_viewport_size(ZOOMED)
    assert page.evaluate("() => document.documentElement.scrollWidth") == ZOOMED["width"]
    assert page.evaluate(SPREAD_BEYOND_THE_SIDES, APART) == []
    expect(page.get_by_role("button", name="Exit this page")).to_be_in_viewport(ratio=1)
    bar = page.locator(".bar").bounding_box()
    assert bar
    assert bar["height"] <= ZOOMED["height"] - SMALLEST_WAY_OUT, "the bar leaves nothing of the page"


@each_state
def test_wider_spacing_of_the_text_cuts_nothing_off(page: Page) -> None:
    page.set_viewport_size(PHONE)
    page.evaluate(SPACED)
    spacing = page.locator(".exit").evaluate("exit => parseFloat(getComputedStyle(exit).letterSpacing)")
    assert spacing > 1
    assert page.evaluate(CUT_OFF, APART) == []
    assert page.evaluate(SPREAD_BEYOND_THE_SIDES, APART) == []


@each_state
def test_what_can_be_pressed_is_large_enough(page: Page) -> None:
    page.set_viewport_size(PHONE)
    targets = page.evaluate(TARGETS)
    assert sum(way_out for _, way_out, _ in targets) >= 2
    for element, way_out, side in targets:
        assert side >= (SMALLEST_WAY_OUT if way_out else SMALLEST), element


@each_state
def test_nothing_moves_where_less_motion_is_wished_for(page: Page) -> None:
    assert page.evaluate(MOVING) == []
    assert page.evaluate("() => document.getAnimations().length") == 0


@pytest.mark.parametrize("state_page", ["talk"], indirect=True)
def test_only_scrolling_moves_at_all(page: Page) -> None:
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(MOVING) == ["HTML"]
    page.emulate_media(reduced_motion="reduce")


@pytest.mark.parametrize("state_page", CRISES, indirect=True)
@pytest.mark.parametrize("look", ["forced colours", "dark forced colours"])
def test_in_forced_colours_leaving_calling_and_own_words_stand_out(page: Page, look: str) -> None:
    _look(page, look)
    background = "element => getComputedStyle(element).backgroundColor"
    paper = page.locator("body").evaluate(background)
    assert page.locator(".exit").evaluate(background) != paper
    assert page.locator(".reach.call").first.evaluate(background) != paper
    border = page.locator(".you, .urgent").first.evaluate("element => getComputedStyle(element).borderTopColor")
    assert border not in (paper, "rgba(0, 0, 0, 0)")
