"""Makes everything ready and serves the page."""

from __future__ import annotations

import gc
import logging
import socket
import sys
from collections.abc import Callable, Iterable
from datetime import date

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from threadpoolctl import threadpool_limits

from bot.answers.catalog import Topic, catalog
from bot.channels.application import create_application
from bot.channels.web.crowding import CONNECTIONS, MOST_ANSWERED
from bot.channels.web.metrics import Metrics, serve_metrics
from bot.directory.database import DirectoryUnavailable, connect, upgrade
from bot.directory.freshness import overdue
from bot.directory.importer import load_directory
from bot.directory.rows import ResourceRow
from bot.engine.engine import Engine
from bot.engine.model import ModelMissing, find_model, train_model_apart
from bot.settings import DATA, Settings

logger = logging.getLogger(__name__)


def serve(settings: Settings, today: Callable[[], date] = date.today) -> None:
    """Train if the model is missing or outdated, fill the directory, and serve until stopped.

    Raises:
        OSError: an address or port cannot be used.
        TrainingFailed, ModelUnreadable, AnswerDataError, DirectoryDataError: as their texts say.
    """
    listening = _listen(settings)
    metrics = Metrics(catalog())
    if settings.metrics:
        serve_metrics(metrics, settings.metrics)
    try:
        find_model(settings.models)
    except ModelMissing:
        print("Training the model, which takes about a minute.", flush=True)  # noqa: T201
        train_model_apart(settings.models)
    try:
        _fill_directory(settings.database_url)
    except DirectoryUnavailable as error:
        # Answers and help numbers need no database; looking for a program will say that it does not work.
        print(f"{error} The page is served without the directory.", file=sys.stderr, flush=True)  # noqa: T201
    warn_of_overdue_lines(catalog().lines.values(), today(), settings.help_line_days)
    warn_of_expired_topics(catalog().topics.values(), today())

    def ready() -> None:
        here = "localhost" if settings.host in ("127.0.0.1", "0.0.0.0", "::1", "::") else settings.host  # noqa: S104
        print(f"Footbridge is ready at http://{here}:{settings.port}", flush=True)  # noqa: T201

    application = create_application(Engine.load(settings.models), settings, ready, metrics)
    # A turn's matrices are small. The threads that BLAS starts for them wait by spinning: half the processor's time.
    threadpool_limits(limits=1, user_api="blas")
    gc.freeze()  # what is loaded stays; to look through it for garbage would stop every turn for a quarter of a second
    make_server(application).run(sockets=[listening])


def warn_of_overdue_lines(lines: Iterable[ResourceRow], today: date, longest: int) -> None:
    """Log once which help lines were not checked for more than `longest` days. They are shown all the same."""
    old = overdue(lines, today, longest)
    if old:
        named = "; ".join(f"{line.name} ({line.last_seen})" for line in old)
        logger.warning("Help lines not checked for more than %d days: %s. See `footbridge check`.", longest, named)


def warn_of_expired_topics(topics: Iterable[Topic], today: date) -> None:
    """Log once which topics should have been reviewed again and are not shown before that."""
    expired = [topic for topic in topics if topic.is_expired(today) and not topic.always_shown]
    if expired:
        named = ", ".join(topic.id for topic in expired)
        logger.warning("Topics that are not shown until somebody has reviewed them: %s. See `footbridge check`.", named)


def _fill_directory(url: str) -> None:
    database = connect(url)
    upgrade(database)
    load_directory(database, DATA / "directory")
    database.dispose()


def make_server(application: ASGIApp) -> uvicorn.Server:
    """The web server of an application, which is told how many connections are open."""

    async def told(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})[CONNECTIONS] = len(server.server_state.connections)
        await application(scope, receive, send)

    server = uvicorn.Server(server_config(told))
    return server


def server_config(application: ASGIApp) -> uvicorn.Config:
    """How the page is served: nothing about a visit is logged, and no header names the server."""
    return uvicorn.Config(
        application,
        access_log=False,  # it would tie an address to a time
        log_config=None,  # uvicorn's own would print traces, whose messages may repeat what was typed; see bot.logs
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # uvicorn would believe every proxy on this machine; see FOOTBRIDGE_PROXIES
        timeout_graceful_shutdown=5,
        limit_concurrency=MOST_ANSWERED,
        http="h11",  # it bounds the headers (16 KiB); httptools takes any amount of them
        ws="none",
    )


def _listen(settings: Settings) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise OSError(
            f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}). Stop what uses it, or set "
            "FOOTBRIDGE_PORT to another number or FOOTBRIDGE_HOST to an address of this machine."
        ) from error
