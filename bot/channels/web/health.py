"""Whether the service lives, and whether it can answer: names of parts, and nothing about anybody."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.directory.models import Program
from bot.directory.session import open_session
from bot.engine.engine import Engine
from bot.settings import Settings

logger = logging.getLogger(__name__)

ASKED_AGAIN = 1.0  # seconds for which an answer holds, so that nobody can keep the databases busy by asking
LONGEST_CHECK = 6.0  # seconds; a database that hangs is given up after five
PATHS = frozenset({"/livez", "/readyz"})


class Health:
    """The health routes.

    Args:
        checks: for each part that has to answer, a function that raises where it does not.
        channels: by name, whether a channel beside the page works. The page stays in service where one does not:
            nobody may be without help because a token has ended.
    """

    def __init__(
        self,
        checks: Mapping[str, Callable[[], Awaitable[object]]],
        channels: Mapping[str, Callable[[], bool]] | None = None,
    ) -> None:
        self._checks = checks
        self._channels = channels or {}
        self._missing: list[str] = []
        self._asked = float("-inf")
        self._lock = asyncio.Lock()

    @property
    def routes(self) -> list[Route]:
        """`/livez` and `/readyz`."""
        return [Route("/livez", self.live), Route("/readyz", self.ready)]

    async def live(self, _: Request) -> Response:
        """200 while requests are answered at all."""
        return PlainTextResponse("live\n")

    async def ready(self, _: Request) -> Response:
        """200 where all that the page needs answers, with the names of other channels that are in trouble.

        503 names what does not answer; the log says no more, since errors name databases.
        """
        async with self._lock:
            if time.monotonic() - self._asked >= ASKED_AGAIN:
                self._missing = [name for name, check in self._checks.items() if not await _answers(name, check)]
                self._asked = time.monotonic()
        if self._missing:
            return PlainTextResponse("".join(f"missing: {name}\n" for name in self._missing), 503)
        troubles = [name for name, works in self._channels.items() if not works()]
        return PlainTextResponse("ready\n" + "".join(f"in trouble: {name}\n" for name in troubles))


def health_of(engine: Engine, settings: Settings, channels: Mapping[str, Callable[[], bool]] | None = None) -> Health:
    """The health of an installation. Its model is loaded, or there would be no engine.

    Args:
        channels: by name, whether a channel beside the page works.
    """

    def read_directory() -> None:
        with open_session(settings.database_url) as session:
            session.execute(select(Program.id).limit(1)).one()

    async def directory() -> None:
        await asyncio.to_thread(read_directory)

    return Health({"directory": directory, "conversations": engine.conversations_held}, channels)


async def _answers(name: str, check: Callable[[], Awaitable[object]]) -> bool:
    try:
        async with asyncio.timeout(LONGEST_CHECK):
            await check()
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a part, the service is not ready
        logger.warning("Not ready: %s does not answer (%s).", name, type(error).__name__)
        return False
    return True
