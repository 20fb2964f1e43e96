"""What others may see of the page and find of it: a neutral name and icon, and nothing kept on the device."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from bot.answers.catalog import catalog
from tests.web.conftest import OPTIONS, chromium
from tests.web.visitors import Visitor, token_of

pytestmark = pytest.mark.browser

MARKED = "kingfisher"  # a word that is in no answer
TELLING = re.compile("victim|offender|survivor|crime|mediat|harm|abuse|violen|restorative|justice", re.IGNORECASE)
# What the browser holds for a page, beside the page itself.
HELD = """async () => [
    document.cookie, localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
    self.caches ? (await caches.keys()).length : 0,
    (await navigator.serviceWorker?.getRegistrations() ?? []).length, history.state,
]"""
WHOLE_TALK = ("i want him to say sorry", "Iowa", "i want to die", "can i get a sheet to print")


def _talk(page: Page) -> None:
    for words in (MARKED, *WHOLE_TALK):
        Visitor(page).say(words)
        expect(page.get_by_label("Your question")).to_have_value("")
    Visitor(page).sees("sheet")


def test_nothing_is_kept_on_the_device_and_nobody_else_is_asked(
    context: BrowserContext, page: Page, address: str
) -> None:
    made: list[Request] = []
    headers: list[dict[str, str]] = []
    context.on("request", lambda request: made.append(request))
    context.on("response", lambda response: headers.append(response.all_headers()))
    page.reload()
    _talk(page)
    assert page.evaluate(HELD) == ["", 0, 0, 0, 0, 0, None]
    kept = context.storage_state(indexed_db=True)
    assert (kept["cookies"], kept["origins"]) == ([], [])
    assert {urlsplit(request.url).netloc for request in made} == {urlsplit(address).netloc}
    # Neither token nor words travel in an address.
    assert {urlsplit(request.url).query for request in made} == {""}
    assert not [request.url for request in made if token_of(page) in request.url]
    assert headers
    for one in headers:
        assert one["cache-control"] == "no-store"
        assert "set-cookie" not in one
    assert page.evaluate("() => history.length") == 2  # the empty page of a new tab, and this one


@pytest.mark.parametrize("has_script", [True, False], ids=["with the script", "without"])
def test_a_browser_that_kept_its_files_has_none_with_a_word_of_the_talk(
    browser: Browser, address: str, tmp_path: Path, has_script: bool
) -> None:
    opened = browser.browser_type.launch_persistent_context(
        str(tmp_path), executable_path=chromium(), args=OPTIONS, java_script_enabled=has_script
    )
    page = opened.pages[0]
    page.goto(address)
    _talk(page)
    if not has_script:
        # On a page of its own: this is the answer of a form too.
        page.get_by_role("button", name="Print this sheet").click()
        expect(page.get_by_text(catalog().page["print_how"])).to_be_visible()
        page.go_back()
        Visitor(page).sees("opening")
        _talk(page)
    page.get_by_label("Your question").fill(MARKED)
    token = token_of(page)
    page.get_by_label("Your question").blur()
    opened.close()
    files = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    # The search finds what is there: the address itself is in the history.
    assert any(urlsplit(address).netloc.encode() in content for content in files.values())
    for marked in (MARKED, token, "say sorry"):
        for written in (marked.encode(), marked.encode("utf-16-le")):
            assert [name for name, content in files.items() if written in content] == []


def test_the_names_that_others_may_see_tell_nothing(page: Page, address: str) -> None:
    names = [page.title(), urlsplit(page.url).path]
    names += [element.get_attribute("href") or "" for element in page.locator("link").all()]
    names += [element.get_attribute("src") or "" for element in page.locator("script").all()]
    for name in names:
        assert not TELLING.search(name), name
    icon = page.request.get(f"{address}/static/icon.svg").text()
    assert not TELLING.search(icon)
    assert "<text" not in icon
    _talk(page)
    assert page.title() == catalog().page["tab_title"]


def test_a_page_that_is_not_in_front_shows_nothing_and_comes_back_as_it_was(page: Page) -> None:
    box = page.get_by_label("Your question")
    box.fill(MARKED)
    for hidden, opacity in ((True, "0"), (False, "1")):
        page.evaluate(
            """hidden => {
                Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
                document.dispatchEvent(new Event('visibilitychange'));
            }""",
            hidden,
        )
        expect(page.locator("body")).to_have_css("opacity", opacity)
        expect(box).to_be_focused()
        expect(box).to_have_value(MARKED)


def test_no_preview_of_a_link_can_be_made_and_no_search_engine_may_keep_the_page(page: Page) -> None:
    tags = {tag.get_attribute("name"): tag.get_attribute("content") for tag in page.locator("meta[name]").all()}
    assert {"noindex", "nofollow", "noarchive", "nosnippet"} <= set((tags["robots"] or "").split(", "))
    assert not {"description", "twitter:card", "author", "keywords"} & set(tags)
    assert page.locator("meta[property], meta[itemprop], link[rel='manifest'], link[rel*='alternate']").count() == 0


def test_the_browser_is_asked_to_remember_and_to_correct_nothing(page: Page) -> None:
    box = page.get_by_label("Your question")
    for name, value in {
        "autocomplete": "off",
        "autocorrect": "off",
        "spellcheck": "false",
        "writingsuggestions": "false",
        "translate": "no",
    }.items():
        expect(box).to_have_attribute(name, value)
    assert page.locator("form:not([autocomplete='off'])").count() == 0
    assert page.locator("audio, video, [autoplay]").count() == 0


def test_the_page_asks_for_no_notices_and_makes_no_sound(context: BrowserContext, address: str) -> None:
    context.add_init_script(
        """window.asked = [];
        Notification.requestPermission = () => window.asked.push('notice');
        window.Notification = class { constructor() { window.asked.push('notice'); } };
        window.AudioContext = class { constructor() { window.asked.push('sound'); } };
        HTMLMediaElement.prototype.play = () => window.asked.push('sound');
        navigator.vibrate = () => window.asked.push('vibration');"""
    )
    page = context.new_page()
    page.goto(address)
    _talk(page)
    assert page.evaluate("() => window.asked") == []


@pytest.mark.parametrize("context", [{"java_script_enabled": False}], indirect=True)
def test_without_the_script_too_nothing_is_kept_and_no_address_tells(
    context: BrowserContext, page: Page, address: str
) -> None:
    made: list[Request] = []
    context.on("request", lambda request: made.append(request))
    Visitor(page).say("i want him to say sorry")
    Visitor(page).sees("goal_added", "ask_more_goals")
    page.get_by_role("button", name="Erase what I said").click()
    Visitor(page).sees("erased")
    kept = context.storage_state()
    assert (kept["cookies"], kept["origins"]) == ([], [])
    documents = [request for request in made if request.resource_type == "document"]
    assert [request.url for request in documents if request.method == "POST"] == [f"{address}/"] * 2
    # What stays in the history is worth nothing, and says nothing.
    shown = [request.url for request in documents if request.method == "GET" and request.url != f"{address}/"]
    assert len(shown) == 2
    for url in shown:
        assert re.fullmatch(rf"{address}/t/[A-Za-z0-9_-]{{22}}", url)
        page.goto(url)
        expect(page).to_have_url(f"{address}/")
        Visitor(page).sees("opening")
    assert not TELLING.search(page.title())
