"""Under which names the page answers, and from which pages it takes a message."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Awaitable, Callable, Collection
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.channels.web import health
from bot.channels.web.forms import RequestRefused
from bot.settings import Settings

logger = logging.getLogger(__name__)

# What browsers of today say about a request that a page of ours, or the person, made.
_OURS = frozenset({"same-origin", "none"})


def known_hosts(settings: Settings) -> frozenset[str]:
    """The names under which the page answers, beside addresses of numbers."""
    return frozenset({"localhost", settings.host.lower(), *settings.hosts})


def is_known_host(header: str, hosts: Collection[str]) -> bool:
    """Whether a Host header names the page.

    An address of numbers always does: nobody can point one at a machine that is not theirs, as they can a name of
    their own (DNS rebinding).
    """
    try:
        host = urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return False
    return host in hosts or _is_address(host)


def is_from_elsewhere(request: Request) -> bool:
    """Whether a page of another origin sent this request, as far as the browser says.

    The page sends no referrer, and so browsers write "null" as the origin of its plain forms. An old browser says
    nothing else, and is believed: without a cookie, another page can send nothing that is not its own anyway.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site.strip().lower() not in _OURS
    origin = request.headers.get("origin", "null").strip().lower()
    # The scheme is not compared: behind a proxy the page itself may be asked without https.
    return origin != "null" and origin.partition("://")[2] != request.headers.get("host", "").lower()


class KnownHosts:
    """ASGI middleware that refuses a request that names another host than the page's.

    Args:
        hosts: the names, in small letters.
        refused: makes the answer to a refused request.
    """

    def __init__(
        self, app: ASGIApp, hosts: Collection[str], refused: Callable[[Request, Exception], Awaitable[Response]]
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._refused = refused
        self._told = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, if it names the page or asks only whether the service lives."""
        app = self._app
        if scope["type"] == "http" and scope["path"] not in health.PATHS:
            request = Request(scope, receive)
            named = request.headers.getlist("host")
            if len(named) != 1 or not is_known_host(named[0], self._hosts):
                self._tell()
                app = await self._refused(request, RequestRefused(400, "host_unknown"))
        await app(scope, receive, send)

    def _tell(self) -> None:
        """Say once what to do. The name is not repeated: whoever sends a request can write anything there."""
        if not self._told:
            self._told = True
            logger.warning(
                "A request was refused because it named a host that is not in FOOTBRIDGE_HOSTS. If people open the "
                "page under another name than localhost or an address of numbers, set FOOTBRIDGE_HOSTS to that name."
            )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
