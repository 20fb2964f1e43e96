"""The states of the page, for tests that look at each: what a visitor does to come into it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from playwright.sync_api import Page, Route, expect

from bot.channels.web.application import WARNING_MINUTES
from bot.settings import settings
from tests.web.visitors import Visitor

WHOLE = settings().talk_minutes * 60  # seconds
UNTIL_WARNING = WHOLE - WARNING_MINUTES * 60
DANGER = "i want to die"


def _first_view(visitor: Visitor) -> None:
    visitor.sees("opening")


def _safety_note(visitor: Visitor) -> None:
    visitor.page.get_by_text("Can others see this device?").click()
    visitor.sees("opening")


def _talk(visitor: Visitor) -> None:
    visitor.say("what does it cost")
    visitor.sees("cost")
    visitor.say("will it get him out early")
    visitor.sees("effect_on_sentence")


def _menu(visitor: Visitor) -> None:
    visitor.press("See all topics")
    visitor.sees("menu")


def _consent(visitor: Visitor) -> None:
    visitor.press("How it may hurt")
    visitor.sees("consent")


def _goals(visitor: Visitor) -> None:
    visitor.say("I want to hear him say sorry and I want to ask him why he did it")
    visitor.sees("goal_added", "goal_added", "ask_more_goals")
    visitor.page.locator("summary:visible").last.click()


def _all_goals(visitor: Visitor) -> None:
    visitor.press("Think about what I want")
    visitor.sees("ask_goals")


def _programs(visitor: Visitor) -> None:
    visitor.say("find a program in iowa")
    visitor.sees("programs_found", "program_card", "program_card", "program_card", "programs_next")


def _crisis(visitor: Visitor) -> None:
    visitor.say(DANGER)
    visitor.sees("crisis_suicide")


def _spanish(visitor: Visitor) -> None:
    visitor.say("cuanto cuesta participar en el programa")
    visitor.sees("spanish", "cost")


def _sheet(visitor: Visitor) -> None:
    _goals(visitor)
    visitor.say("can i get a sheet to print")
    visitor.sees("sheet")


def _sheet_alone(visitor: Visitor) -> None:
    visitor.say("i want him to say sorry")
    visitor.sees("goal_added", "ask_more_goals")
    visitor.say("can i get a sheet to print")
    visitor.press("Print this sheet")
    expect(visitor.page).to_have_url(re.compile("/sheet$"))


def _erased(visitor: Visitor) -> None:
    _talk(visitor)
    visitor.page.get_by_role("button", name="Erase what I said").click()
    visitor.sees("erased")


def _sending(visitor: Visitor) -> None:
    visitor.page.route("**/", lambda route: None)
    visitor.say("what does it cost")
    expect(visitor.page.locator(".waiting")).to_be_visible()


def _no_connection(visitor: Visitor) -> None:
    def fail(route: Route) -> None:
        route.abort()

    visitor.page.route("**/", fail)
    visitor.say("what does it cost")
    expect(visitor.page.get_by_role("alert").last).to_be_visible()


def _unknown_talk(visitor: Visitor) -> None:
    visitor.page.locator("#say input[name=session]").evaluate("field => { field.value = 'A'.repeat(22); }")
    visitor.say("what does it cost")
    visitor.sees("session_unknown")


def _no_such_page(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.page.url}nothing")
    visitor.sees("page_not_found")


def _warning(visitor: Visitor) -> None:
    _talk(visitor)
    visitor.page.clock.fast_forward((UNTIL_WARNING + 1) * 1000)
    expect(visitor.page.get_by_role("dialog")).to_be_visible()


def _ended(visitor: Visitor) -> None:
    _talk(visitor)
    visitor.page.clock.fast_forward((WHOLE + 1) * 1000)
    expect(visitor.page.locator(".ended")).to_be_visible()


def _counted_shifts(visitor: Visitor) -> None:
    visitor.page.keyboard.press("Shift")
    visitor.page.keyboard.press("Shift")
    expect(visitor.page.locator("#presses")).not_to_be_empty()


# States that the page has with its script and without, and those of only one of them.
PLAIN_STATES: Mapping[str, Callable[[Visitor], None]] = {
    "first view": _first_view,
    "safety note": _safety_note,
    "talk": _talk,
    "menu": _menu,
    "consent": _consent,
    "goals": _goals,
    "all goals": _all_goals,
    "programs": _programs,
    "crisis": _crisis,
    "spanish": _spanish,
    "sheet": _sheet,
    "erased": _erased,
    "no such page": _no_such_page,
}
SCRIPTED_STATES: Mapping[str, Callable[[Visitor], None]] = {
    "sending": _sending,
    "no connection": _no_connection,
    "warning": _warning,
    "ended": _ended,
    "counted shifts": _counted_shifts,
}
UNSCRIPTED_STATES: Mapping[str, Callable[[Visitor], None]] = {
    "sheet alone": _sheet_alone,
    "unknown talk": _unknown_talk,
}


def bring_into(state: str, page: Page, address: str, *, script: bool = True) -> Visitor:
    """Open the page and bring it into a state; with the script, its clock is the test's."""
    if script:
        page.clock.install()
    page.goto(address)
    visitor = Visitor(page)
    known = {**PLAIN_STATES, **(SCRIPTED_STATES if script else UNSCRIPTED_STATES)}
    known[state](visitor)
    return visitor
