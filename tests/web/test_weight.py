"""The page is small and alone: what the first load weighs as it is sent, and that no other host is asked."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Request

from bot.channels.web.headers import LAUNCHER_PATH
from tests.web.states import STATES
from tests.web.visitors import Visitor

LARGEST_FIRST_LOAD = 60 * 1024  # bytes, with headers
LARGEST_LAUNCHER = 5 * 1024  # bytes
FIRST_LOAD = {
    "/",
    "/static/footbridge.css",
    "/static/icon.svg",
    "/static/leaving.js",
    "/static/chat.js",
    "/static/talk.js",
    "/static/time_out.js",
    "/static/printing.js",
}


def _sent(address: str, encoding: str) -> tuple[int, httpx.Headers]:
    """How many bytes of a body are sent to a browser that takes this encoding, and with which headers."""
    asked = {"Accept-Encoding": encoding}
    with httpx.Client(trust_env=False) as client, client.stream("GET", address, headers=asked) as answer:
        assert answer.status_code == 200
        return len(b"".join(answer.iter_raw())), answer.headers


@pytest.mark.browser
def test_the_first_load_is_small_with_everything(context: BrowserContext, address: str) -> None:
    made: list[Request] = []
    context.on("requestfinished", lambda request: made.append(request))
    page = context.new_page()
    page.goto(address)
    page.wait_for_load_state("networkidle")
    sizes = {urlsplit(request.url).path: request.sizes() for request in made}
    # Without a window Chromium may not ask for the icon.
    assert set(sizes) | {"/static/icon.svg"} == FIRST_LOAD
    assert len(sizes) == len(made), "something is loaded twice"
    sent = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes.values())
    if "/static/icon.svg" not in sizes:
        icon, headers = _sent(f"{address}/static/icon.svg", "gzip")
        sent += icon + sum(len(name) + len(value) + len(": \r\n") for name, value in headers.raw)
    assert sent <= LARGEST_FIRST_LOAD


def test_what_is_large_is_sent_compressed_and_to_old_browsers_as_it_is(address: str) -> None:
    for path in ("/", "/static/footbridge.css", "/static/chat.js", LAUNCHER_PATH):
        small, headers = _sent(address + path, "gzip")
        assert headers["content-encoding"] == "gzip"
        assert headers["vary"] == "Accept-Encoding"
        large, plain = _sent(address + path, "identity")
        assert "content-encoding" not in plain
        assert small < 0.7 * large


def test_the_launcher_is_small(address: str) -> None:
    assert _sent(address + LAUNCHER_PATH, "gzip")[0] <= LARGEST_LAUNCHER


@pytest.mark.browser
@pytest.mark.parametrize("context", [{}, {"java_script_enabled": False}], indirect=True)
def test_a_whole_visit_asks_no_other_host_until_somebody_leaves(
    page: Page, context: BrowserContext, address: str, elsewhere: str
) -> None:
    hosts: list[str] = []
    context.on("request", lambda request: hosts.append(urlsplit(request.url).netloc))
    page.reload()
    STATES["sheet"].reach(page)
    page.get_by_role("link", name="Help numbers").click()
    Visitor(page).say("i want to die")
    Visitor(page).sees("crisis_suicide")
    assert len(hosts) > 5
    assert set(hosts) == {urlsplit(address).netloc}
    page.get_by_role("button", name="Exit this page").click()
    page.wait_for_url(f"{elsewhere}/exit")
    assert set(hosts) == {urlsplit(address).netloc, urlsplit(elsewhere).netloc}
