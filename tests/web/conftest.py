"""The page served for tests: in process for HTTP, and by a real server on loopback for a browser."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from bot.channels.web.application import create_application
from bot.channels.web.server import server_config
from bot.engine.engine import Engine
from bot.settings import settings

LONGEST_START = 30  # seconds


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
        server = uvicorn.Server(server_config(make_application(ready.set)))
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
    transport = httpx.ASGITransport(create_application(engine, settings()), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://footbridge.test") as opened:
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
    configured = replace(settings(), exit_url=f"{elsewhere}/exit")
    with serve_in_thread(lambda ready: create_application(engine, configured, ready)) as served:
        yield served
