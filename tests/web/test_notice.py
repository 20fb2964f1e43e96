"""The safety notice stands at the top of each page, because nobody has to begin at the first."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from bot.answers.catalog import catalog
from tests.web.visitors import Visitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("context", [{"java_script_enabled": False}], indirect=True)
def test_every_page_begins_with_the_safety_notice(page: Page, address: str) -> None:
    words = catalog().page

    def expect_notice() -> None:
        notice = page.locator("main > :first-child")
        expect(notice).to_have_accessible_name(words["safety"])
        expect(notice.get_by_role("link", name="911")).to_be_visible()
        expect(notice.get_by_text(words["device_trail"])).to_be_hidden()
        notice.get_by_text(words["device"]).click()
        for told in ("device_trail", "device_choice", "leaving", "leaving_without_script", "leaving_limits"):
            expect(notice.get_by_text(words[told])).to_be_visible()

    expect_notice()
    Visitor(page).say("can i get a sheet to print")
    Visitor(page).sees("sheet")
    expect_notice()
    page.get_by_role("button", name="Print this sheet").click()
    expect(page.get_by_text(words["print_how"])).to_be_visible()
    expect_notice()
    for path in ("nothing/here", "sheet"):  # an address that does not exist, and one that takes no visit
        page.goto(f"{address}/{path}")
        Visitor(page).sees("page_not_found")
        expect_notice()
