"""A whole talk by the keyboard alone: the focus is seen, is never lost, and is taken from nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from bot.answers.catalog import catalog
from bot.engine.engine import Engine
from tests.web.states import STATES, UNTIL_WARNING
from tests.web.visitors import KeyboardVisitor, Visitor, expect_erased, token_of

pytestmark = pytest.mark.browser

MOST_STOPS = 80
ZOOMED = {"width": 320, "height": 256}  # CSS pixels; a desktop of 1280 by 1024 at 400 %
# What has the focus: whether it is anything, shows it, and is not wholly outside the view or under the bar.
FOCUS = """() => {
    const element = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const { top, bottom, left, right } = element.getBoundingClientRect();
    const bar = document.querySelector(".bar");
    const covered = bar.contains(element) ? 0 : bar.getBoundingClientRect().bottom;
    return {
        there: element !== document.body && element.getClientRects().length > 0,
        outlined: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
        inView: bottom > covered + 1 && top < innerHeight - 1 && right > 0 && left < innerWidth,
        html: element.outerHTML.slice(0, 120),
    };
}"""


def _expect_focus_seen(page: Page) -> None:
    focus = page.evaluate(FOCUS)
    assert focus["there"], "nothing has the focus"
    assert focus["outlined"], f"no outline around {focus['html']}"
    assert focus["inView"], f"out of view: {focus['html']}"


def test_a_whole_talk_from_the_opening_to_leaving(page: Page, elsewhere: str, engine: Engine) -> None:
    visitor = KeyboardVisitor(page)

    def then(step: Callable[[str], None], words: str, *answers: str) -> None:
        step(words)
        visitor.sees(*answers)
        if step == visitor.say:
            # Out of view below an answer that is longer than the view; it comes back with the next letter.
            expect(page.get_by_label("Your question")).to_be_focused()
        else:
            _expect_focus_seen(page)

    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Exit this page")).to_be_focused()
    _expect_focus_seen(page)
    then(visitor.say, "what is victim offender mediation", "what_is_vom")
    then(visitor.press, "How it may hurt", "consent")
    then(visitor.press, "Read it now", "retraumatization_risk")
    then(visitor.say, "I want to hear him say sorry", "goal_added", "ask_more_goals")
    then(visitor.press, "That is all", "ask_state")
    cards = ["program_card"] * 3
    then(visitor.say, "Iowa", "programs_found", *cards, "programs_next")
    kept = visitor.turn.get_by_role("button", name="Put on my sheet").first.inner_text()
    then(visitor.press, kept, "program_kept")
    then(visitor.press, "Make my sheet", "sheet")
    visitor.go_to(page.get_by_label(catalog().page["print_plain"]))
    page.keyboard.press("ArrowDown")  # as everywhere among choices of which one is taken
    expect(page.get_by_label(catalog().page["heading_notes"], exact=True)).to_be_checked()
    _expect_focus_seen(page)
    token = token_of(page)
    visitor.go_to(page.get_by_role("button", name="Exit this page"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{elsewhere}/exit")
    expect_erased(engine, token)


@pytest.mark.parametrize("context", [{}, {"viewport": ZOOMED}], indirect=True)
@pytest.mark.parametrize("state", ["first view, device", "programs", "crisis with a chat", "sheet", "offline"])
def test_every_stop_of_tab_is_seen_there_and_back(page: Page, state: str) -> None:
    STATES[state].reach(page)
    page.evaluate("() => { document.activeElement.blur(); window.scrollTo(0, 0); document.getSelection().empty(); }")
    page.locator("html").evaluate("root => { root.tabIndex = -1; root.focus(); root.removeAttribute('tabindex'); }")
    exit_button = page.get_by_role("button", name="Exit this page")
    page.keyboard.press("Tab")
    expect(exit_button).to_be_focused()
    last = page.get_by_role("link", name="Back to the chat")
    for key, end in (("Tab", last), ("Shift+Tab", exit_button)):
        stops = 0
        while not _focused(end):
            page.keyboard.press(key)
            _expect_focus_seen(page)
            stops += 1
            assert stops < MOST_STOPS, f"{key} does not come to an end"
        assert stops > 10


def _focused(element: Locator) -> bool:
    return bool(element.evaluate("element => element === document.activeElement"))


def test_each_answer_is_read_aloud_once_and_politely(page: Page) -> None:
    visitor = Visitor(page)
    log = page.get_by_role("log", name="Chat")
    expect(log).to_have_attribute("aria-live", "polite")
    visitor.say("what does it cost")
    visitor.sees("cost")
    expect(log.locator('[data-answer="cost"]')).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    visitor.say("i want to die")
    visitor.sees("crisis_suicide")
    expect(log.get_by_role("alert")).to_contain_text("988")


def _hold_answers(page: Page, address: str) -> list[Route]:
    held: list[Route] = []
    page.route(f"{address}/", lambda route: held.append(route))
    return held


def _top(element: Locator) -> float:
    box = element.bounding_box()
    assert box
    return box["y"]


def test_an_answer_that_comes_while_somebody_types_moves_nothing(page: Page, address: str) -> None:
    visitor = KeyboardVisitor(page)
    visitor.say("what is victim offender mediation")
    visitor.sees("what_is_vom")
    held = _hold_answers(page, address)
    visitor.say("what does it cost")
    expect(page.locator(".waiting")).to_be_visible()
    box = page.get_by_label("Your question")
    page.keyboard.type(" and how long")
    page.keyboard.press("ArrowLeft")
    before = _top(box)
    held[0].continue_()
    expect(page.locator('[data-answer="cost"]')).to_have_count(1)
    expect(page.locator(".waiting")).to_have_count(0)
    expect(box).to_be_focused()
    expect(box).to_have_value("and how long")
    assert abs(_top(box) - before) <= 1


def test_help_comes_into_view_even_while_somebody_types(page: Page, address: str) -> None:
    visitor = KeyboardVisitor(page)
    held = _hold_answers(page, address)
    visitor.say("i want to die")
    expect(page.locator(".waiting")).to_be_visible()
    page.keyboard.type(" so")
    held[0].continue_()
    expect(page.get_by_role("alert").get_by_role("link", name="Call 988")).to_be_in_viewport(ratio=1)
    expect(page.get_by_label("Your question")).to_be_focused()
    expect(page.get_by_label("Your question")).to_have_value("so")


@pytest.mark.parametrize("sent_by", ["words", "a choice"])
def test_an_answer_does_not_take_the_focus_from_where_somebody_went(page: Page, address: str, sent_by: str) -> None:
    visitor = KeyboardVisitor(page)
    held = _hold_answers(page, address)
    if sent_by == "words":
        visitor.say("what does it cost")
    else:
        visitor.press("What VOM is")
    expect(page.locator(".waiting")).to_be_visible()
    help_link = page.get_by_role("link", name="Help numbers")
    visitor.go_to(help_link)
    held[0].continue_()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator("body")).not_to_have_class("sending")
    expect(help_link).to_be_focused()


def test_a_choice_that_is_put_away_while_it_has_the_focus_gives_it_to_the_box(page: Page, address: str) -> None:
    visitor = KeyboardVisitor(page)
    held = _hold_answers(page, address)
    visitor.say("what does it cost")
    expect(page.locator(".waiting")).to_be_visible()
    page.keyboard.press("Shift+Tab")  # to the last choice of the opening, which the answer puts away
    assert page.evaluate("() => document.activeElement.name") == "choice"
    held[0].continue_()
    visitor.sees("cost")
    expect(page.get_by_label("Your question")).to_be_focused()


@pytest.mark.parametrize("ended_by", ["its time", "hand"])
def test_at_the_end_of_a_talk_the_focus_is_at_what_is_said(page: Page, ended_by: str) -> None:
    page.clock.install()
    page.reload()
    visitor = KeyboardVisitor(page)
    visitor.say("what does it cost")
    visitor.sees("cost")
    page.clock.fast_forward(UNTIL_WARNING)
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_label("Your question")).to_be_focused()
    if ended_by == "its time":
        page.clock.fast_forward("03:00")
    else:
        visitor.go_to(page.get_by_role("button", name="End now"))
        _expect_focus_seen(page)
        page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    _expect_focus_seen(page)
    visitor.go_to(page.get_by_role("button", name="Start again"))
    page.keyboard.press("Enter")
    visitor.sees("opening")


def test_after_erasing_the_focus_is_at_the_receipt(page: Page) -> None:
    visitor = KeyboardVisitor(page)
    visitor.say("i want him to say sorry")
    visitor.sees("goal_added", "ask_more_goals")
    erase = page.get_by_role("button", name="Erase what I said")
    visitor.go_to(erase)
    page.keyboard.press("Enter")
    visitor.sees("erased")
    _expect_focus_seen(page)
    expect(visitor.turn).to_be_focused()
