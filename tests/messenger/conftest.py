"""The stand-in of the platform, on a port of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from bot.channels.messenger.graph import GraphClient
from bot.channels.messenger.stand_in import INBOX_APP, StandIn
from tests.engine.conftest import MakeEngine, clock, held, lasting_url, make_engine, postgres_url, url  # noqa: F401
from tests.messenger.service import OTHER, PERSON, Service


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """The platform, which knows one person."""
    with StandIn() as platform:
        platform.meet(PERSON)
        yield platform


@pytest.fixture
async def graph(stand_in: StandIn) -> AsyncIterator[GraphClient]:
    """A client of the stand-in that waits for next to nothing between its attempts."""
    client = client_of(stand_in)
    yield client
    await client.aclose()


def client_of(platform: StandIn, kind: type[GraphClient] = GraphClient, **changed: str) -> GraphClient:
    """A client of the stand-in, with settings of its own where `changed` has them."""
    given = {
        "address": platform.address,
        "version": platform.version,
        "page_id": platform.page_id,
        "app_id": platform.app_id,
        "page_token": platform.page_token,
        "app_secret": platform.app_secret,
        **changed,
    }
    return kind(
        address=given["address"],
        version=given["version"],
        page_id=given["page_id"],
        app_id=given["app_id"],
        page_token=given["page_token"],
        app_secret=given["app_secret"],
        pauses=(0.01, 0.01),
    )


@pytest.fixture
async def service(
    url: str,  # noqa: F811
    stand_in: StandIn,
    make_engine: MakeEngine,  # noqa: F811
) -> AsyncIterator[Service]:
    """The service on an empty database of each kind."""
    stand_in.meet(OTHER)
    made = Service(stand_in, make_engine, url, inbox=INBOX_APP)
    async with made.running():
        yield made


@pytest.fixture
async def alone(
    stand_in: StandIn,
    make_engine: MakeEngine,  # noqa: F811
) -> AsyncIterator[Service]:
    """The service on a database in memory."""
    stand_in.meet(OTHER)
    made = Service(stand_in, make_engine, "sqlite://", inbox=INBOX_APP)
    async with made.running():
        yield made
