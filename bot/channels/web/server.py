"""Makes everything ready and serves the page."""

from __future__ import annotations

import socket

import uvicorn
from starlette.types import ASGIApp

from bot.channels.web.application import create_application
from bot.directory.database import connect, upgrade
from bot.directory.importer import load_directory
from bot.engine.engine import Engine
from bot.engine.model import ModelMissing, find_model, train_model
from bot.settings import DATA, Settings


def serve(settings: Settings) -> None:
    """Train if the model is missing or outdated, fill the directory, and serve until stopped.

    Raises:
        OSError: the address or port cannot be used.
        ModelUnreadable, AnswerDataError, DirectoryDataError, DirectoryUnavailable: as their texts say.
    """
    listening = _listen(settings)
    try:
        find_model(settings.models)
    except ModelMissing:
        print("Training the model, which takes about ten seconds.", flush=True)  # noqa: T201
        train_model(settings.models)
    database = connect(settings.database_url)
    upgrade(database)
    load_directory(database, DATA / "directory")
    database.dispose()

    def ready() -> None:
        print(f"Footbridge is ready at http://localhost:{settings.port}", flush=True)  # noqa: T201

    application = create_application(Engine.load(settings), settings, ready)
    uvicorn.Server(server_config(application)).run(sockets=[listening])


def server_config(application: ASGIApp) -> uvicorn.Config:
    """How the page is served: nothing about a visit is logged, and no header names the server."""
    return uvicorn.Config(
        application,
        access_log=False,  # it would tie an address to a time
        log_config=None,  # uvicorn's own would print traces, whose messages may repeat what was typed; see bot.logs
        log_level="warning",
        server_header=False,
        ws="none",
    )


def _listen(settings: Settings) -> socket.socket:
    try:
        return socket.create_server((settings.host, settings.port))
    except OSError as error:
        raise OSError(
            f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}). "
            "Stop what uses it, or set FOOTBRIDGE_PORT to another number."
        ) from error
