"""The application that is served: the survivor's page and, where the settings say so, Messenger and the console."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from bot.answers.catalog import catalog
from bot.channels.helpline.application import STATIC as CONSOLE_STATIC
from bot.channels.helpline.application import create_console
from bot.channels.messenger.answering import Answering
from bot.channels.messenger.graph import GraphClient
from bot.channels.messenger.webhook import Webhook
from bot.channels.web.crowding import Crowding
from bot.channels.web.forms import RequestRefused
from bot.channels.web.headers import LAUNCHER_PATH, STAFF_PATH, PrivacyHeaders
from bot.channels.web.health import health_of
from bot.channels.web.metrics import CountedRefusals, Metrics
from bot.channels.web.origins import KnownHosts, known_hosts
from bot.channels.web.pages import SHOWN, STATIC, Pages
from bot.engine.conversation_database import ConversationsUnavailable
from bot.engine.engine import Engine
from bot.settings import Settings

logger = logging.getLogger(__name__)

TIDIED_EVERY = 60.0  # seconds between two removals of what has ended


def create_application(
    engine: Engine,
    settings: Settings,
    ready: Callable[[], None] = lambda: None,
    metrics: Metrics | None = None,
) -> ASGIApp:
    """The application on an engine that is loaded already.

    Args:
        ready: called once it answers.
        metrics: counts what it does; without it the counts go nowhere.
    """
    metrics = metrics or Metrics(catalog())
    pages = Pages(engine, settings, metrics)
    for_staff: list[BaseRoute] = []
    accounts = None
    if settings.staff:
        console, accounts = create_console(engine, settings)
        for_staff = [
            # Beside the session's cookie, which is for STAFF_PATH alone: nothing in them is secret.
            Mount("/static/helpline", StaticFiles(directory=CONSOLE_STATIC)),
            Route(STAFF_PATH, _to_console, methods=["GET"]),
            Mount(STAFF_PATH, console),
        ]

    messenger = _messenger(engine, settings, metrics)
    each_minute: list[Callable[[], Awaitable[object]]] = [pages.every_minute]
    if messenger:
        each_minute.append(messenger.every_minute)
    if accounts:
        each_minute.append(partial(run_in_threadpool, accounts.remove_ended))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        minutes = asyncio.create_task(_every_minute(each_minute))
        ready()
        yield
        minutes.cancel()
        if messenger:
            await messenger.aclose()

    application = Starlette(
        routes=[
            Route("/", pages.opening, methods=["GET"]),
            Route("/", pages.turn, methods=["POST"]),
            Route(SHOWN + "{ticket}", pages.shown, methods=["GET"]),
            Route("/sheet", pages.sheet, methods=["POST"]),
            Route("/leave", pages.leave, methods=["POST"]),
            Route("/more", pages.more, methods=["POST"]),
            Route(LAUNCHER_PATH, pages.launcher),
            *health_of(engine, settings, {"messenger": lambda: messenger.token_works} if messenger else {}).routes,
            *(
                Webhook(engine, settings.messenger, messenger, metrics).routes
                if messenger and settings.messenger
                else ()
            ),
            *for_staff,
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        exception_handlers={
            RequestRefused: pages.refused,
            HTTPException: pages.http_error,
            ClientDisconnect: pages.gone,
            Exception: pages.broken,
        },
        middleware=[
            # Safe beside a token in a page: no answer repeats what was typed, and nobody else can make a browser ask
            # for a page with somebody's token in it. The page has no cookie, and the console's goes with no request
            # of another site. See docs/page.md.
            Middleware(GZipMiddleware, compresslevel=6),
            Middleware(KnownHosts, hosts=known_hosts(settings), refused=pages.refused),
            Middleware(Crowding, free=frozenset({"/leave", "/more"}), refused=pages.refused),
        ],
        lifespan=lifespan,
    )
    # Around Starlette, not in it: its own middleware does not see the answer to an exception.
    fenced = CountedRefusals(PrivacyHeaders(application, settings), metrics, SHOWN)
    # Outermost, since it says who asks, and whether over https.
    return ProxyHeadersMiddleware(fenced, list(settings.proxies))  # type: ignore[return-value, arg-type]


def _messenger(engine: Engine, settings: Settings, metrics: Metrics) -> Answering | None:
    given = settings.messenger
    if given is None:
        return None
    graph = GraphClient.of(given)
    # Facebook reaches the webhook by the first of the hosts; without one this is somebody's own machine.
    page = f"https://{settings.hosts[0]}" if settings.hosts else f"http://localhost:{settings.port}"
    return Answering(engine, given, graph, metrics, web_page=page, turns_per_minute=settings.turns_per_minute)


async def _to_console(_: Request) -> Response:
    return RedirectResponse(f"{STAFF_PATH}/", 303)


async def _every_minute(each: Sequence[Callable[[], Awaitable[object]]]) -> None:
    while True:
        for work in each:
            await _without_failing(work)
        await asyncio.sleep(TIDIED_EVERY)


async def _without_failing(work: Callable[[], Awaitable[object]]) -> None:
    try:
        await work()
    except Exception as error:  # noqa: BLE001 - the next minute tries again; nobody reads what has ended
        known = isinstance(error, ConversationsUnavailable)  # its text holds no values
        logger.error("What is done each minute failed: %s", error if known else type(error).__name__)
