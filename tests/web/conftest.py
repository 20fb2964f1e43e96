"""The page served for tests: in process for HTTP, and by a real server on loopback for a browser."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from starlette.types import ASGIApp

from bot.channels.application import create_application
from bot.channels.web.server import make_server
from bot.engine.engine import Engine
from bot.settings import MOST_TURNS, Settings, settings

LONGEST_START = 30  # seconds
CHROMIUM = ("chromium", "google-chrome", "chromium-browser")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def unlimited(**changed: Any) -> Settings:
    """The settings, without limits to the rate: all tests come from one address, and faster than anybody types."""
    rates = ("turns_per_minute", "address_turns_per_minute", "address_talks_per_minute")
    return replace(settings(), **(dict.fromkeys(rates, MOST_TURNS) | changed))


class ElsewherePage(BaseHTTPRequestHandler):
    """A small page at every address, for leaving to and coming from."""

    def do_GET(self) -> None:
        """Answer with the page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Elsewhere</title><p>The weather of today.</p>")

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def serve_in_thread(make_application: Callable[[Callable[[], None]], ASGIApp]) -> Iterator[str]:
    """Serve an application as `footbridge serve` does, on a free port; the value is its address.

    Args:
        make_application: takes the function to call once the application answers.
    """
    ready = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = make_server(make_application(ready.set))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        assert ready.wait(LONGEST_START), "the server did not start"
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
async def client(engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    """Sends requests to the application in this process. A failing page is an answer, as it is to a browser."""
    transport = httpx.ASGITransport(create_application(engine, unlimited()), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", follow_redirects=True) as opened:
        yield opened


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[str]:
    """The address of a page that is not Footbridge's, on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), ElsewherePage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def address(engine: Engine, elsewhere: str) -> Iterator[str]:
    """The address of the page, whose exit link leads `elsewhere`."""
    configured = unlimited(exit_url=f"{elsewhere}/exit")
    with serve_in_thread(lambda ready: create_application(engine, configured, ready)) as served:
        yield served


def chromium() -> str:
    """The path of the system's Chromium; without one the test is skipped."""
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if not executable:
        pytest.skip(f"there is none of {', '.join(CHROMIUM)}")
    return executable


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    executable = chromium()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=OPTIONS)
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A fresh browser, set up with the test's parameter if it has one."""
    options = getattr(request, "param", {})
    opened = browser.new_context(reduced_motion="reduce", **options)
    opened.set_default_timeout(10_000)  # milliseconds
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Page:
    """The page as it opens."""
    opened = context.new_page()
    opened.goto(address)
    return opened
