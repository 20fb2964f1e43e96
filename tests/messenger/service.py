"""The application in this process, as the platform and whoever runs it see it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
from prometheus_client import generate_latest
from starlette.types import ASGIApp

from bot.answers.catalog import catalog
from bot.channels.application import create_application
from bot.channels.messenger.stand_in import StandIn
from bot.channels.web.metrics import Metrics
from bot.settings import MessengerSettings, Settings, settings
from tests.engine.conftest import MakeEngine

HOOK = "/messenger/webhook"
PERSON = "7001"
OTHER = "7002"
KEYS = ("k" * 32,)


def messenger_settings(platform: StandIn, **changed: Any) -> MessengerSettings:
    """The settings of a channel whose platform is the stand-in."""
    return replace(
        MessengerSettings(
            page=platform.page_id,
            app=platform.app_id,
            app_secrets=(platform.app_secret,),
            page_token=platform.page_token,
            verify_token="words of ours",  # noqa: S106 - opens nothing
            hash_keys=KEYS,
            graph_address=platform.address,
        ),
        **changed,
    )


class Service:
    """The application in this process, which posts to a stand-in."""

    def __init__(self, platform: StandIn, make: MakeEngine, url: str, **changed: Any) -> None:
        self.platform, self.metrics = platform, Metrics(catalog())
        self.settings: Settings = replace(settings(), messenger=messenger_settings(platform, **changed))
        self.application: ASGIApp = create_application(make(url), self.settings, metrics=self.metrics)
        transport = httpx.ASGITransport(self.application)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://localhost")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start the application and end it, as a server does."""
        told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        answered: asyncio.Queue[Any] = asyncio.Queue()
        life = asyncio.ensure_future(self.application({"type": "lifespan"}, told.get, answered.put))
        await told.put({"type": "lifespan.startup"})
        assert (await answered.get())["type"] == "lifespan.startup.complete"
        yield
        await self.http.aclose()
        await told.put({"type": "lifespan.shutdown"})
        await life

    async def post(self, *events: dict[str, Any], key: str = "messaging") -> int:
        return await self.post_body(self.platform.body(events, key))

    async def post_body(self, body: bytes, **headers: str) -> int:
        sent = headers or {"X-Hub-Signature-256": self.platform.signature(body)}
        return (await self.http.post(HOOK, content=body, headers=sent)).status_code

    def counted(self) -> str:
        return generate_latest(self.metrics.registry).decode()

    def said(self, person: str = PERSON) -> str:
        return "\n".join(json.dumps(message, ensure_ascii=False) for message in self.platform.sent_to(person))
