"""What is answered while more connections are open than can be served: help, instead of the web server's bare 503."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.channels.web.forms import RequestRefused, read_form

MOST_CONNECTIONS = 500
# The web server answers everything above this itself, in a few bytes; many systems let a process open 1024 files.
MOST_ANSWERED = 800
WAIT = 30.0  # seconds after which a message may be sent again
CONNECTIONS = "connections"  # the name under which a request's state says how many there are


class Crowding:
    """ASGI middleware that takes no message while there are too many connections.

    The first view costs little and has the help numbers, so it is served all the same, and so are its style and its
    scripts. Nothing holds up somebody who leaves or who needs more time.

    Args:
        free: paths of messages that are always taken.
        refused: makes the answer to a refused request.
    """

    def __init__(
        self, app: ASGIApp, free: frozenset[str], refused: Callable[[Request, Exception], Awaitable[Response]]
    ) -> None:
        self._app = app
        self._free = free
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless it is a message and there are too many connections."""
        app = self._app
        connections = scope.get("state", {}).get(CONNECTIONS, 0) if scope["type"] == "http" else 0
        if connections > MOST_CONNECTIONS and scope["method"] == "POST" and scope["path"] not in self._free:
            request = Request(scope, receive)
            app = await self._refused(request, await _too_busy(request))
        await app(scope, receive, send)


async def _too_busy(request: Request) -> RequestRefused:
    """Why a message is not taken; what it says is read all the same, so that danger in it is heard."""
    try:
        form = await read_form(request)
    except RequestRefused as error:
        return error
    return RequestRefused(503, "too_busy", session=form.get("session", ""), text=form.get("text", ""), wait=WAIT)
