"""The sheet: a warning before it is printed, a heading of the person's choice, a plain name, and no copy anywhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from bot.answers.catalog import catalog
from bot.engine.engine import Engine
from tests.kept import kept
from tests.web.visitors import Visitor, in_own_loop, token_of

pytestmark = pytest.mark.browser

GOAL = "goal_apology"
HEADINGS = ["heading_notes", "heading_appointment", "heading_reading"]
PRINTED = "window.printed = []; window.print = () => { window.printed.push(document.title); };"


def _sheet(page: Page) -> None:
    visitor = Visitor(page)
    visitor.say("i want him to say sorry")
    visitor.sees("goal_added", "ask_more_goals")
    visitor.say("can i get a sheet to print")
    visitor.sees("sheet")


def _on_paper(page: Page) -> str:
    page.emulate_media(media="print")
    text = page.locator("body").inner_text()
    page.emulate_media(media="screen")
    return text


@pytest.mark.parametrize("heading", ["", *HEADINGS])
def test_the_sheet_is_printed_under_the_heading_that_was_chosen(
    context: BrowserContext, address: str, heading: str
) -> None:
    context.add_init_script(PRINTED)
    page = context.new_page()
    page.goto(address)
    _sheet(page)
    words = catalog().page
    expect(page.get_by_label(words["print_plain"])).to_be_checked()
    if heading:
        page.get_by_label(words[heading]).check()
    page.get_by_role("button", name="Print this sheet").click()
    # The title is the name that a browser offers for a file.
    assert page.evaluate("() => window.printed") == [words[heading] if heading else words["tab_title"]]
    paper = _on_paper(page)
    assert catalog().goals[GOAL].title in paper
    assert paper.startswith(words[heading] if heading else "What I hope for")
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    expect(page).to_have_title(words["tab_title"])
    assert page.evaluate("() => history.length") == 2  # the empty page of a new tab, and this one


@pytest.mark.parametrize("context", [{"java_script_enabled": False}], indirect=True)
def test_without_the_script_the_sheet_has_a_page_under_that_heading(page: Page) -> None:
    words = catalog().page
    _sheet(page)
    page.get_by_label(words["heading_appointment"]).check()
    page.get_by_role("button", name="Print this sheet").click()
    expect(page).to_have_title(words["heading_appointment"])
    expect(page.get_by_label(words["heading_appointment"])).to_be_checked()
    expect(page.get_by_text(words["print_how"])).to_be_visible()
    expect(page.get_by_text(words["print_warning"])).to_be_visible()
    paper = _on_paper(page)
    assert paper.startswith(words["heading_appointment"])
    assert catalog().goals[GOAL].title in paper
    page.get_by_label(words["print_plain"]).check()
    page.get_by_role("button", name="Print this sheet").click()
    expect(page).to_have_title(words["tab_title"])


@pytest.mark.parametrize("context", [{}, {"java_script_enabled": False}], indirect=True)
def test_the_warning_stands_above_the_button_that_prints(page: Page) -> None:
    _sheet(page)
    warning = page.get_by_text(catalog().page["print_warning"])
    expect(warning).to_be_visible()
    button = page.get_by_role("button", name="Print this sheet")
    above, below = warning.bounding_box(), button.bounding_box()
    assert above
    assert below
    assert above["y"] + above["height"] <= below["y"]
    assert catalog().page["print_warning"] not in _on_paper(page)


def test_the_server_keeps_no_copy_of_a_sheet(page: Page, engine: Engine) -> None:
    _sheet(page)
    row = " ".join(in_own_loop(kept(engine)).values())
    assert GOAL in row
    assert catalog().goals[GOAL].title not in row
    page.get_by_role("button", name="Erase what I said").click()
    Visitor(page).sees("erased")
    assert token_of(page) == ""
    expect(page.locator(".sheet")).to_have_count(0)
