"""The states of the page, each reached as a visitor reaches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from bot.channels.web.pages import WARNING_MINUTES
from bot.settings import settings
from tests.web.visitors import Visitor

UNTIL_WARNING = (settings().talk_minutes - WARNING_MINUTES) * 60 * 1000 + 1000  # milliseconds


@dataclass(frozen=True)
class State:
    """A state of the page.

    Attributes:
        reach: brings a page that has opened into it.
        path: where the page opens.
        script: whether the page's own scripts arrive.
        slow: whether the server takes one message a minute only.
    """

    reach: Callable[[Page], None]
    path: str = "/"
    script: bool = True
    slow: bool = False


def _first_view(page: Page) -> None:
    Visitor(page).sees("opening")


def _device(page: Page) -> None:
    page.locator(".notice summary").click()


def _talk(page: Page) -> None:
    visitor = Visitor(page)
    visitor.say("what is victim offender mediation")
    visitor.sees("what_is_vom")
    visitor.say("what does it cost")
    visitor.sees("cost")


def _consent(page: Page) -> None:
    Visitor(page).press("How it may hurt")
    Visitor(page).sees("consent")


def _goals(page: Page) -> None:
    visitor = Visitor(page)
    visitor.say("I want to hear him say sorry and I want to ask him why he did it")
    visitor.sees("goal_added", "goal_added", "ask_more_goals")


def _questions_open(page: Page) -> None:
    _goals(page)
    page.locator(".turn summary:visible").last.click()


def _all_goals(page: Page) -> None:
    Visitor(page).press("Think about what I want")
    Visitor(page).sees("ask_goals")


def _goals_named(page: Page) -> None:
    _goals(page)
    Visitor(page).say("show my goals")
    Visitor(page).sees("my_goals")


def _place(page: Page) -> None:
    _goals(page)
    Visitor(page).press("That is all")
    Visitor(page).sees("ask_state")


def _programs(page: Page) -> None:
    _place(page)
    Visitor(page).say("Iowa")
    Visitor(page).sees("programs_found", "program_card", "program_card", "program_card", "programs_next")


def _crisis(page: Page) -> None:
    visitor = Visitor(page)
    visitor.say("what does it cost")
    visitor.sees("cost")
    visitor.say("i want to die")
    visitor.sees("crisis_suicide")


def _crisis_with_a_chat(page: Page) -> None:
    Visitor(page).say("my ex is stalking me")
    Visitor(page).sees("crisis_ongoing_abuse")


def _spanish(page: Page) -> None:
    Visitor(page).say("que es la mediacion entre victima y ofensor")
    expect(page.locator('.turn [lang="es"]').first).to_be_visible()


def _all_topics(page: Page) -> None:
    Visitor(page).say("what can i ask you")
    Visitor(page).sees("menu")


def _sending(page: Page) -> None:
    page.route("**/", lambda route: None)
    Visitor(page).say("what does it cost")
    expect(page.locator(".waiting")).to_be_visible()


def _offline(page: Page) -> None:
    page.route("**/", lambda route: route.abort())
    Visitor(page).say("what does it cost")
    expect(page.get_by_role("alert")).to_be_visible()


def _too_fast(page: Page) -> None:
    visitor = Visitor(page)
    visitor.say("what does it cost")
    visitor.sees("cost")
    visitor.say("how long does it take")
    visitor.sees("too_fast")


def _unknown_talk(page: Page) -> None:
    tokens = page.locator("input[name=session]")
    tokens.evaluate_all("fields => fields.forEach((field) => { field.value = 'A'.repeat(22); })")
    Visitor(page).say("what does it cost")
    Visitor(page).sees("session_unknown")


def _no_page(page: Page) -> None:
    Visitor(page).sees("page_not_found")


def _warning(page: Page) -> None:
    _talk(page)
    page.clock.fast_forward(UNTIL_WARNING)
    expect(page.get_by_role("dialog")).to_be_visible()


def _ended(page: Page) -> None:
    _warning(page)
    page.get_by_role("button", name="End now").click()
    expect(page.get_by_text("This chat has ended.")).to_be_visible()


def _erased(page: Page) -> None:
    _talk(page)
    page.get_by_role("button", name="Erase what I said").click()
    Visitor(page).sees("erased")


def _shift_once(page: Page) -> None:
    page.keyboard.press("Shift")
    expect(page.get_by_role("status")).not_to_be_empty()


def _sheet(page: Page) -> None:
    _programs(page)
    card = page.locator(".card").first
    card.get_by_role("button").first.click()
    Visitor(page).sees("program_kept")
    Visitor(page).press("Make my sheet")
    Visitor(page).sees("sheet")


def _sheet_alone(page: Page) -> None:
    _sheet(page)
    Visitor(page).press("Print this sheet")
    expect(page.locator("#say")).to_have_count(0)
    Visitor(page).sees("sheet")


STATES: Mapping[str, State] = {
    "first view": State(_first_view),
    "first view, device": State(_device),
    "talk": State(_talk),
    "all topics": State(_all_topics),
    "consent": State(_consent),
    "goals": State(_goals),
    "goals, questions open": State(_questions_open),
    "all goals": State(_all_goals),
    "goals named": State(_goals_named),
    "place": State(_place),
    "programs": State(_programs),
    "crisis": State(_crisis),
    "crisis with a chat": State(_crisis_with_a_chat),
    "Spanish": State(_spanish),
    "sending": State(_sending),
    "time-out warning": State(_warning),
    "after the time-out": State(_ended),
    "offline": State(_offline),
    "too fast": State(_too_fast, slow=True),
    "unknown talk": State(_unknown_talk),
    "no such page": State(_no_page, path="/nothing"),
    "erased": State(_erased),
    "Shift pressed once": State(_shift_once),
    "sheet": State(_sheet),
    "sheet alone": State(_sheet_alone, script=False),
    "first view, no script": State(_first_view, script=False),
    "talk, no script": State(_talk, script=False),
    "crisis, no script": State(_crisis, script=False),
}
