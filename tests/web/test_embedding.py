"""The chat on another site's page, in a real browser: the launcher, the frame, and leaving from within it."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, FrameLocator, Page, Request, expect

from bot.answers.catalog import catalog
from bot.channels.application import create_application
from bot.engine.engine import Engine
from tests.web.conftest import serve_in_thread, unlimited

pytestmark = pytest.mark.browser

LARGEST_LAUNCHER = 5 * 1024  # bytes, compressed
TEMPLATES = {
    "/": '<!doctype html><title>Library</title><h1>Our library</h1><a href="#x">First</a>{tag}<p>Words.</p>',
    "/by-hand": '<!doctype html><title>Library</title><iframe src="{chat}/" width="600" height="600"></iframe>',
    "/forbidden": (
        '<!doctype html><title>Library</title><iframe src="{chat}/" width="600" height="600" '
        'sandbox="allow-scripts allow-forms allow-same-origin"></iframe>'
    ),
    "/link": '<!doctype html><title>Library</title><a href="{chat}/" rel="noreferrer noopener">Chat</a>',
}


class Sites:
    """Two sites on loopback with the launcher's tag on their pages; the setting names the first one only.

    Attributes:
        chat: the address of the chat.
        known, unknown: the addresses of the sites.
    """

    def __init__(self, chat: str, known: str, unknown: str) -> None:
        self.chat = chat
        self.known = known
        self.unknown = unknown


@pytest.fixture(scope="module")
def sites(engine: Engine, elsewhere: str) -> Iterator[Sites]:
    """The sites, on ports of their own, with a strict Content-Security-Policy."""
    served: dict[str, str] = {}

    class SitePage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            chat = served["chat"]
            template = TEMPLATES.get(self.path)
            self.send_response(200 if template else 404)
            self.send_header("Content-Type", "text/html")
            policy = f"default-src 'none'; script-src {chat}; frame-src {chat}"
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            tag = f'<script src="{chat}/launcher.js" defer></script>'
            self.wfile.write((template or "").format(tag=tag, chat=chat).encode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    servers = [ThreadingHTTPServer(("127.0.0.1", 0), SitePage) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    known, unknown = (f"http://localhost:{server.server_port}" for server in servers)
    settings = unlimited(exit_url=f"{elsewhere}/exit", embed_origins=(known,))
    with serve_in_thread(lambda ready: create_application(engine, settings, ready)) as chat:
        served["chat"] = chat
        yield Sites(chat, known, unknown)
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty tab."""
    return context.new_page()


def _frame(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def _say(frame: FrameLocator, words: str) -> None:
    frame.get_by_label("Your question").fill(words)
    frame.get_by_role("button", name="Send").click()


def _open(page: Page, site: str) -> FrameLocator:
    page.goto(site)
    page.get_by_role("button", name="Open the chat").click()
    frame = _frame(page)
    expect(frame.locator('[data-answer="opening"]')).to_be_visible()
    return frame


def _requests(page: Page) -> list[Request]:
    made: list[Request] = []
    page.context.on("request", lambda request: made.append(request))
    return made


def test_one_tag_opens_a_whole_talk_in_a_frame_without_cookies_or_storage(
    page: Page, context: BrowserContext, sites: Sites
) -> None:
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            problems.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: problems.append(error.message))
    made = _requests(page)
    page.goto(sites.known)
    expect(page.get_by_role("button", name="Open the chat")).to_be_visible()
    # Before it is pressed, nothing is asked for but the script itself.
    assert [one.url for one in made if one.url.startswith(sites.chat)] == [f"{sites.chat}/launcher.js"]
    page.get_by_role("button", name="Open the chat").click()
    frame = _frame(page)
    _say(frame, "i want him to say sorry")
    expect(frame.locator('[data-answer="ask_more_goals"]')).to_be_visible()
    _say(frame, "show my goals")
    expect(frame.locator('[data-answer="my_goals"]')).to_be_visible()
    assert {one.url.split("/")[2] for one in made} == {sites.chat.split("/")[2], sites.known.split("/")[2]}
    kept = context.storage_state(indexed_db=True)
    assert kept["cookies"] == []
    assert kept["origins"] == []
    assert [text for text in problems if "favicon" not in text and "404" not in text] == []


def test_a_page_of_another_origin_gets_no_button_and_no_word(page: Page, sites: Sites) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(error.message))
    with page.expect_response(f"{sites.chat}/launcher.js"):
        page.goto(sites.unknown, wait_until="load")
    expect(page.get_by_role("heading", name="Our library")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.locator("iframe")).to_have_count(0)
    assert [text for text in problems if "404" not in text] == []


def test_the_browser_refuses_the_frame_on_a_page_of_another_origin(page: Page, sites: Sites) -> None:
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.goto(f"{sites.unknown}/by-hand")
    expect(_frame(page).locator("[data-answer]")).to_have_count(0)
    page.goto(f"{sites.known}/by-hand")
    expect(_frame(page).locator('[data-answer="opening"]')).to_be_visible()


def test_the_launcher_works_by_keyboard_and_says_what_it_does(page: Page, sites: Sites) -> None:
    page.goto(sites.known)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="First")).to_be_focused()
    page.keyboard.press("Tab")
    button = page.get_by_role("button", name="Open the chat")
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    hide = page.get_by_role("button", name="Hide the chat")
    expect(hide).to_have_attribute("aria-expanded", "true")
    frame = _frame(page)
    expect(frame.locator('[data-answer="opening"]')).to_be_visible()
    expect(page.locator("iframe")).to_have_attribute("title", catalog().page["launcher_frame"])
    # The focus went in: Tab reaches the way out of the chat, and typing goes to the chat.
    page.keyboard.press("Tab")
    # Not to_be_focused: without a window, Chromium says of the page around alone that it has the focus.
    page.frames[1].wait_for_function("() => document.activeElement.matches('.exit')", polling=50)
    assert page.evaluate("() => document.activeElement.shadowRoot.activeElement.tagName") == "IFRAME"
    _say(frame, "i want him to say sorry")
    expect(frame.locator('[data-answer="ask_more_goals"]')).to_be_visible()
    # Escape alone does nothing: it could stop the page that leaving opens.
    page.keyboard.press("Escape")
    expect(hide).to_have_attribute("aria-expanded", "true")
    hide.focus()
    page.keyboard.press("Enter")
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(page.locator("iframe")).to_be_hidden()
    page.keyboard.press("Space")
    expect(frame.locator('[data-answer="ask_more_goals"]')).to_be_visible()  # the talk is still there


@pytest.mark.parametrize("context", [{"viewport": {"width": 320, "height": 568}}], indirect=True)
def test_on_a_small_phone_the_frame_fits_and_the_button_stays_in_view(page: Page, sites: Sites) -> None:
    _open(page, sites.known)
    box = page.locator("iframe").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= 320
    assert box["y"] + box["height"] <= 568
    hide = page.get_by_role("button", name="Hide the chat")
    expect(hide).to_be_in_viewport(ratio=1)
    size = hide.bounding_box()
    assert size
    assert size["height"] >= 44


def test_leaving_in_the_frame_takes_the_whole_tab_and_back_does_not_show_it(
    page: Page, sites: Sites, elsewhere: str
) -> None:
    page.goto(f"{elsewhere}/before")
    frame = _open(page, sites.known)
    _say(frame, "what does it cost")
    expect(frame.locator('[data-answer="cost"]')).to_be_visible()
    frame.get_by_role("button", name="Exit this page").click()
    expect(page).to_have_url(f"{elsewhere}/exit")
    page.go_back()
    expect(page).to_have_url(f"{elsewhere}/before")
    page.go_forward()
    expect(page).to_have_url(f"{elsewhere}/exit")


def test_where_the_exit_page_does_not_come_the_page_around_stays_blank(
    page: Page, sites: Sites, elsewhere: str
) -> None:
    page.route(f"{elsewhere}/exit", lambda route: route.fulfill(status=204))  # a browser stays where it was
    frame = _open(page, sites.known)
    with page.expect_request(f"{elsewhere}/exit"):
        frame.get_by_role("button", name="Exit this page").click()
    expect(page.get_by_text("Our library")).to_be_hidden()
    expect(page.locator("iframe")).to_have_count(0)
    assert page.url == f"{sites.known}/"


def test_without_the_launcher_the_frame_takes_the_tab_away_itself(page: Page, sites: Sites, elsewhere: str) -> None:
    page.goto(f"{elsewhere}/before")
    page.goto(f"{sites.known}/by-hand")
    _frame(page).get_by_role("button", name="Exit this page").click()
    expect(page).to_have_url(f"{elsewhere}/exit")
    page.go_back()
    expect(page).to_have_url(f"{elsewhere}/before")


@pytest.mark.parametrize("context", [{"java_script_enabled": False}], indirect=True)
def test_without_scripts_the_exit_link_takes_the_tab_away(page: Page, sites: Sites, elsewhere: str) -> None:
    page.goto(f"{sites.known}/by-hand")
    frame = _frame(page)
    _say(frame, "what does it cost")
    expect(frame.locator('[data-answer="cost"]')).to_be_visible()
    frame.get_by_role("button", name="Exit this page").click()
    expect(page).to_have_url(f"{elsewhere}/exit")


def test_where_the_page_around_forbids_it_the_chat_is_blank_and_says_so(page: Page, sites: Sites) -> None:
    page.goto(f"{sites.known}/forbidden")
    frame = _frame(page)
    _say(frame, "i want him to say sorry")
    expect(frame.locator('[data-answer="ask_more_goals"]')).to_be_visible()
    frame.get_by_role("button", name="Exit this page").click()
    expect(frame.get_by_role("alert")).to_have_text(catalog().page["frame_stayed"])
    expect(frame.locator("[data-answer]")).to_have_count(0)
    expect(page).to_have_url(f"{sites.known}/forbidden")


def test_the_launcher_obeys_nobody_but_its_own_frame(page: Page, sites: Sites, elsewhere: str) -> None:
    _open(page, sites.known)
    # The page itself, and the frame with another address, are not heard.
    page.evaluate("address => window.postMessage({ chat: 'leave', address }, '*')", f"{elsewhere}/exit")
    frame = page.frames[1]
    frame.evaluate("() => parent.postMessage({ chat: 'leave', address: 'javascript:document.title=1' }, '*')")
    frame.evaluate("() => parent.postMessage(null, '*')")
    # Messages come in order: when this one was heard, those before it were.
    page.evaluate(
        "() => new Promise(heard => { addEventListener('message', heard, {once: true}); postMessage(1, '*') })"
    )
    expect(page).to_have_url(f"{sites.known}/")
    expect(page.get_by_role("heading", name="Our library")).to_be_visible()
    frame.evaluate("address => parent.postMessage({ chat: 'leave', address }, '*')", f"{elsewhere}/exit")
    expect(page).to_have_url(f"{elsewhere}/exit")


def test_the_frame_tells_nobody_but_the_page_around_it(page: Page, sites: Sites, elsewhere: str) -> None:
    page.add_init_script("window.named = new Promise((heard) => window.addEventListener('message', heard));")
    _open(page, sites.known)
    frame = page.frames[1]
    frame.evaluate("() => window.named.then(() => null)")  # the launcher names itself once the frame has loaded
    told = frame.evaluate(
        """address => {
            const told = [];
            const post = window.parent.postMessage.bind(window.parent);
            Object.defineProperty(window, 'parent', {value: {postMessage: (what, to) => told.push([what, to])}});
            document.dispatchEvent(new CustomEvent('leave', {detail: {address}, cancelable: true}));
            return told;
        }""",
        f"{elsewhere}/exit",
    )
    assert told == [[{"chat": "leave", "address": f"{elsewhere}/exit"}, sites.known]]
    # Nobody answered, so the frame goes by itself.
    page.wait_for_url(f"{elsewhere}/exit")


def test_a_plain_link_opens_the_chat_with_the_tab_for_itself(page: Page, sites: Sites, elsewhere: str) -> None:
    page.goto(f"{sites.known}/link")
    page.get_by_role("link", name="Chat").click()
    expect(page).to_have_url(f"{sites.chat}/")
    page.get_by_label("Your question").fill("what does it cost")
    page.get_by_role("button", name="Send").click()
    expect(page.locator('[data-answer="cost"]')).to_be_visible()
    page.get_by_role("button", name="Exit this page").click()
    expect(page).to_have_url(f"{elsewhere}/exit")


def test_a_form_of_another_site_is_refused_by_the_server(page: Page, sites: Sites) -> None:
    page.goto(sites.chat)
    page.goto("about:blank")
    page.set_content(
        f'<form method="post" action="{sites.chat}/"><input name="text" value="hello"><button>Go</button></form>'
    )
    with page.expect_response(f"{sites.chat}/t/*") as refused:
        page.get_by_role("button", name="Go").click()
    assert refused.value.status == 403
    expect(page.locator('[data-answer="sent_from_elsewhere"]')).to_be_visible()


def test_the_launcher_is_small(browser: Browser, sites: Sites) -> None:
    context = browser.new_context()
    response = context.request.get(f"{sites.chat}/launcher.js")
    assert response.status == 200
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    assert 0 < len(gzip.compress(response.body())) <= LARGEST_LAUNCHER
    context.close()
