"""Everyone: axe finds nothing, and nothing is lost at 400 % zoom, with wide spacing, or in a person's own colours."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.web.states import PLAIN_STATES, SCRIPTED_STATES, UNSCRIPTED_STATES, bring_into
from tests.web.visitors import PHONE, Visitor

pytestmark = pytest.mark.browser

# WCAG 2.0, 2.1 and 2.2, A and AA.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ENHANCED = "color-contrast-enhanced"  # the contrast of AAA
ZOOMED = {"width": 320, "height": 256}  # what a window of 1280 to 1024 pixels shows at 400 %; WCAG 1.4.10
LEAST_TAPPED = 24  # CSS pixels; WCAG 2.5.8
LARGE_TAPPED = 44  # WCAG 2.5.5
# WCAG 1.4.12
WIDE_SPACING = """
    * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
    p { margin-bottom: 2em !important; }
"""
SCRIPTED = [*PLAIN_STATES, *SCRIPTED_STATES]
UNSCRIPTED = [*PLAIN_STATES, *UNSCRIPTED_STATES]


def _expect_nothing_found(page: Page) -> None:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    assert found.response["passes"], "axe looked at nothing"
    assert not found.response["violations"], found.generate_report()


def _expect_no_sideways_scrolling(page: Page) -> None:
    root = page.locator("html")
    assert root.evaluate("root => root.scrollWidth <= root.clientWidth"), "the page scrolls sideways"


def _expect_large_enough(page: Page) -> None:
    small = page.evaluate(
        """([least, large]) => {
            const found = [];
            for (const one of document.querySelectorAll('button, summary, textarea, .help, .reach, label:has(input)')) {
                if (!one.checkVisibility()) continue;
                const { width, height } = one.getBoundingClientRect();
                const needed = one.matches('.exit, .help, .reach, .urgent button') ? large : least;
                if (width < needed || height < needed) found.push(`${one.outerHTML.slice(0, 80)} ${width} x ${height}`);
            }
            return found;
        }""",
        [LEAST_TAPPED, LARGE_TAPPED],
    )
    assert small == []


def _space_widely(page: Page) -> None:
    # A sheet that is adopted gets past the page's policy, which allows no style of others in its text.
    page.evaluate(
        """css => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(css);
            document.adoptedStyleSheets = [sheet];
        }""",
        WIDE_SPACING,
    )


def _expect_nothing_cut_off(page: Page) -> None:
    cut = page.evaluate(
        """() => [...document.querySelectorAll('body *:not(.unseen):not(.unseen *):not(.skip):not(textarea)')]
            .filter((one) => one.checkVisibility() && getComputedStyle(one).overflowX !== 'visible'
                && one.scrollWidth > one.clientWidth + 1)
            .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert cut == []


@pytest.mark.parametrize("state", SCRIPTED)
def test_axe_finds_nothing(context: BrowserContext, address: str, state: str) -> None:
    page = context.new_page()
    bring_into(state, page, address)
    _expect_nothing_found(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    _expect_nothing_found(page)


@pytest.mark.parametrize("context", [{"viewport": PHONE}], indirect=True)
@pytest.mark.parametrize("state", UNSCRIPTED)
def test_axe_finds_nothing_without_the_script(context: BrowserContext, address: str, state: str) -> None:
    page = context.new_page()
    # axe needs a browser that runs scripts; the page's own never arrive.
    page.route("**/*.js", lambda route: route.abort())
    bring_into(state, page, address, script=False)
    _expect_nothing_found(page)


def test_axe_finds_nothing_on_paper(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    bring_into("sheet", page, address)
    page.emulate_media(media="print")
    _expect_nothing_found(page)


def test_axe_would_find_something(page: Page) -> None:
    page.locator("label[for=text]").evaluate("label => label.remove()")
    with pytest.raises(AssertionError, match="label"):
        _expect_nothing_found(page)


@pytest.mark.parametrize("context", [{}, {"color_scheme": "dark"}], indirect=True, ids=["light", "dark"])
@pytest.mark.parametrize("state", ["first view", "crisis", "warning"])
def test_the_exit_and_help_have_the_contrast_of_aaa(context: BrowserContext, address: str, state: str) -> None:
    page = context.new_page()
    bring_into(state, page, address)
    # Help, where it comes first, with the way out; the warning offers both too.
    for part in (".bar", ".notice", ".urgent"):
        if page.locator(part).count():
            found = Axe().run(page, context=part, options={"runOnly": {"type": "rule", "values": [ENHANCED]}})
            assert found.response["passes"], f"{part}: axe looked at nothing"
            assert not found.response["violations"], found.generate_report()


@pytest.mark.parametrize("context", [{"viewport": PHONE, "has_touch": True}], indirect=True)
@pytest.mark.parametrize("state", SCRIPTED)
def test_zoomed_and_widely_spaced_nothing_is_lost_and_what_is_pressed_is_large(
    context: BrowserContext, address: str, state: str
) -> None:
    page = context.new_page()
    bring_into(state, page, address)
    _expect_large_enough(page)
    page.set_viewport_size(ZOOMED)
    _expect_no_sideways_scrolling(page)
    bar = page.locator(".bar")
    shape = bar.bounding_box()
    assert shape
    if bar.evaluate("bar => getComputedStyle(bar).position") == "sticky":
        assert shape["height"] <= ZOOMED["height"] / 2, "the bar hides more than half of what is read"
    page.set_viewport_size(PHONE)
    _space_widely(page)
    _expect_no_sideways_scrolling(page)
    _expect_nothing_cut_off(page)


@pytest.mark.parametrize("context", [{"forced_colors": "active"}], indirect=True)
@pytest.mark.parametrize("state", ["first view", "crisis", "warning", "sheet"])
def test_in_forced_colours_the_page_uses_those_of_the_person(context: BrowserContext, address: str, state: str) -> None:
    page = context.new_page()
    bring_into(state, page, address)
    assert page.evaluate("() => matchMedia('(forced-colors: active)').matches")
    # Whatever is pressed keeps an edge, which is all that a forced background leaves of it.
    edges = page.locator("button:visible, .help:visible, .reach:visible").evaluate_all(
        "all => all.map((one) => parseFloat(getComputedStyle(one).borderTopWidth))"
    )
    assert edges
    assert min(edges) >= 1
    box = page.get_by_label("Your question")
    box.focus()
    assert box.evaluate("box => getComputedStyle(box).outlineStyle") == "solid"
    _expect_nothing_found(page)


def test_nothing_moves_by_itself_and_less_where_a_person_asked_for_less(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    bring_into("crisis", page, address)
    moving = """() => document.getAnimations().length
        + [...document.querySelectorAll('*')].filter((one) => {
            const style = getComputedStyle(one);
            return style.animationName !== 'none' || parseFloat(style.transitionDuration) > 0;
        }).length"""
    assert page.evaluate(moving) == 0
    assert page.locator("html").evaluate("root => getComputedStyle(root).scrollBehavior") == "auto"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moving) == 0
    assert page.locator("video, audio, marquee, blink, [autoplay]").count() == 0


def test_what_is_said_is_announced_politely_and_help_at_once(page: Page) -> None:
    visitor = Visitor(page)
    log = page.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    visitor.say("what does it cost")
    visitor.sees("cost")
    expect(log.locator("[data-answer=cost]")).to_have_count(1)
    expect(page.get_by_role("alert")).to_have_count(0)
    visitor.say("i want to die")
    visitor.sees("crisis_suicide")
    expect(page.get_by_role("alert")).to_have_attribute("data-answer", "crisis_suicide")


@pytest.mark.parametrize("context", [{"java_script_enabled": False}], indirect=True)
def test_without_the_script_help_is_an_alert_too(page: Page) -> None:
    Visitor(page).say("i want to die")
    expect(page.get_by_role("alert")).to_have_attribute("data-answer", "crisis_suicide")


def test_every_state_has_a_title_a_language_and_one_main_heading(page: Page) -> None:
    assert page.title()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("main")).to_have_count(1)
