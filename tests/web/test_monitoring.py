"""Health routes and counts: what whoever runs the service can see, and what nobody can."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from rasa.core.agent import Agent
from starlette.requests import Request

from bot.answers.catalog import catalog
from bot.channels.application import create_application
from bot.channels.web import health
from bot.channels.web.metrics import FEWEST, Metrics, serve_metrics
from bot.directory.session import close_sessions
from bot.engine.engine import Engine
from bot.settings import Settings
from tests.web.conftest import LONGEST_START, serve_in_thread, unlimited
from tests.web.test_http import Page

MARKED = "marked words"
_NO_REQUEST = Request({"type": "http", "method": "GET", "path": "/readyz", "headers": []})
PEER = "203.0.113.7"


@asynccontextmanager
async def _opened(engine: Engine, settings: Settings, metrics: Metrics) -> AsyncIterator[httpx.AsyncClient]:
    application = create_application(engine, settings, metrics=metrics)
    transport = httpx.ASGITransport(application, raise_app_exceptions=False, client=(PEER, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", follow_redirects=True) as client:
        yield client


@pytest.fixture
def metrics() -> Metrics:
    """Counts that begin at nothing."""
    return Metrics(catalog())


@pytest.fixture
def counts_address(metrics: Metrics) -> Iterator[str]:
    """Where the counts are served: a real server on a free port."""
    server = serve_metrics(metrics, ("127.0.0.1", 0))
    yield f"http://127.0.0.1:{server.server_port}/metrics"
    server.shutdown()
    server.server_close()


def _written(address: str) -> str:
    response = httpx.get(address)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    return response.text


def _samples(address: str) -> list[Sample]:
    return [sample for family in text_string_to_metric_families(_written(address)) for sample in family.samples]


def _counts(address: str, name: str) -> dict[str, float]:
    """The counts above nothing of one name, by their label."""
    return {
        next(iter(sample.labels.values()), ""): sample.value
        for sample in _samples(address)
        if sample.name == f"footbridge_{name}" and sample.value
    }


# Health


async def test_a_service_that_answers_is_live_and_ready(engine: Engine, metrics: Metrics) -> None:
    async with _opened(engine, unlimited(), metrics) as client:
        for path, text in (("/livez", "live\n"), ("/readyz", "ready\n")):
            response = await client.get(path, headers={"host": "what-a-load-balancer-asks-for"})
            assert (response.status_code, response.text) == (200, text)
            assert response.headers["content-type"].startswith("text/plain")
            assert (await client.post(path)).status_code == 405


async def test_a_directory_that_does_not_answer_is_named_and_no_more(
    engine: Engine,
    metrics: Metrics,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(health, "ASKED_AGAIN", 0.0)
    secret = tmp_path / "secret-folder" / "footbridge.db"
    try:
        async with _opened(engine, replace(unlimited(), database_url=f"sqlite:///{secret}"), metrics) as client:
            response = await client.get("/readyz")
            assert (response.status_code, response.text) == (503, "missing: directory\n")
            assert (await client.get("/livez")).status_code == 200
            assert (await client.get("/")).status_code == 200
    finally:
        close_sessions()
    assert "directory does not answer (DirectoryUnavailable)" in caplog.text
    assert "secret" not in caplog.text + response.text


async def test_conversations_that_do_not_answer_are_named_until_they_do(
    engine: Engine, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> int:
        raise OSError(MARKED)

    monkeypatch.setattr(health, "ASKED_AGAIN", 0.0)
    with monkeypatch.context() as broken:
        broken.setattr(engine, "conversations_held", fail)
        async with _opened(engine, unlimited(), metrics) as client:
            response = await client.get("/readyz")
    assert (response.status_code, response.text) == (503, "missing: conversations\n")


async def test_a_part_that_hangs_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(health, "LONGEST_CHECK", 0.01)
    response = await health.Health({"directory": hang}).ready(_NO_REQUEST)
    assert (response.status_code, response.body) == (503, b"missing: directory\n")


async def test_asking_often_asks_the_databases_once() -> None:
    asked = 0

    async def count() -> None:
        nonlocal asked
        asked += 1

    checked = health.Health({"directory": count})
    await asyncio.gather(*(checked.ready(_NO_REQUEST) for _ in range(50)))
    assert asked == 1


# Counts


async def test_topics_crises_and_turns_are_let_out_in_fives(
    engine: Engine, metrics: Metrics, counts_address: str
) -> None:
    async with _opened(engine, unlimited(), metrics) as client:

        async def say(text: str, times: int) -> None:
            for _ in range(times):
                await client.post("/", data={"text": text})

        await say("what does it cost", FEWEST - 1)
        assert _counts(counts_address, "topics_total") == {}
        assert _counts(counts_address, "turn_seconds_count") == {}
        await say("i want to die", FEWEST - 1)
        assert _counts(counts_address, "crises_total") == {}
        assert _counts(counts_address, "turn_seconds_count") == {"": FEWEST}
        await say("what does it cost", 1)
        await say("i want to die", 1)
        assert _counts(counts_address, "topics_total") == {"cost": FEWEST}
        assert _counts(counts_address, "crises_total") == {"crisis_suicide": FEWEST}
        assert _counts(counts_address, "turn_seconds_count") == {"": 2 * FEWEST}
        assert 0 < _counts(counts_address, "turn_seconds_sum")[""] < 60


async def test_help_that_is_shown_beside_a_refusal_is_counted_too(
    engine: Engine, metrics: Metrics, counts_address: str
) -> None:
    async with _opened(engine, unlimited(), metrics) as client:
        for _ in range(FEWEST):
            await client.post("/", data={"session": "of yesterday", "text": "i want to die"})
    assert _counts(counts_address, "crises_total") == {"crisis_suicide": FEWEST}
    assert _counts(counts_address, "refusals_total") == {"410": FEWEST}


async def test_refusals_are_counted_by_status_in_fives(engine: Engine, metrics: Metrics, counts_address: str) -> None:
    async with _opened(engine, unlimited(address_turns_per_minute=1), metrics) as client:
        for _ in range(2 * FEWEST):
            await client.post("/", data={"text": "hello"})
        for _ in range(FEWEST):
            await client.get("/", headers={"host": "elsewhere.example"})
        await client.get("/nothing")
    # Nine of ten came too fast: five of them are let out.
    assert _counts(counts_address, "refusals_total") == {"429": FEWEST, "400": FEWEST}


async def test_a_refusal_is_counted_whether_or_not_anybody_looks_where_it_leads(
    engine: Engine, metrics: Metrics, counts_address: str
) -> None:
    for follows, counted in ((False, 5.0), (True, 10.0)):
        async with _opened(engine, unlimited(), metrics) as client:
            for _ in range(5):
                await client.post("/", data={"choice": "/nothing"}, follow_redirects=follows)
        refused = [one for one in _samples(counts_address) if one.name == "footbridge_refusals_total"]
        assert [(one.labels, one.value) for one in refused] == [({"status": "400"}, counted)]


async def test_every_failure_is_counted_at_once(
    engine: Engine, metrics: Metrics, counts_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_down(*_: object, **__: object) -> None:
        raise RuntimeError(MARKED)

    async with _opened(engine, unlimited(), metrics) as client:
        with monkeypatch.context() as broken:
            broken.setattr(engine, "turn", break_down)
            assert (await client.post("/", data={"text": MARKED})).status_code == 500
        assert _counts(counts_address, "errors_total") == {"": 1}
        with monkeypatch.context() as broken:
            broken.setattr(Agent, "handle_message", break_down)
            response = await client.post("/", data={"text": "what does it cost"})
        assert Page(response.text).answers == ["something_broke"]
    assert _counts(counts_address, "errors_total") == {"": 2}


def test_conversations_are_counted_down_to_a_five(metrics: Metrics, counts_address: str) -> None:
    for held, shown in ((4, 0), (5, 5), (14, 10)):
        metrics.conversations(held)
        assert [one.value for one in _samples(counts_address) if one.name == "footbridge_conversations"] == [shown]


def test_a_server_counts_its_conversations_by_itself(
    engine: Engine, metrics: Metrics, counts_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = threading.Event()

    async def held() -> int:
        counted.set()
        return 2 * FEWEST

    monkeypatch.setattr(engine, "conversations_held", held)
    with serve_in_thread(lambda ready: create_application(engine, unlimited(), ready, metrics)):
        assert counted.wait(LONGEST_START)
    assert _counts(counts_address, "conversations") == {"": 2 * FEWEST}


async def test_no_count_holds_a_text_a_token_an_address_or_a_time(
    engine: Engine, metrics: Metrics, counts_address: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with _opened(engine, unlimited(), metrics) as client:
        with caplog.at_level(logging.DEBUG, logger="bot"):
            for _ in range(FEWEST):
                page = Page((await client.post("/", data={"text": f"{MARKED} i want to die"})).text)
                await client.post("/", data={"session": MARKED, "choice": MARKED})
                await client.get(f"/{MARKED}")
    written = _written(counts_address)
    for kept_back in (MARKED, "marked", page.session, PEER, "_created"):
        assert kept_back not in written
    known = {*catalog().topics, *(reply for reply in catalog().replies if reply.startswith("crisis_"))}
    for sample in _samples(counts_address):
        assert set(sample.labels) <= {"topic", "crisis", "status", "le"}
        for label in ("topic", "crisis"):
            assert sample.labels.get(label) in {None, *known}
        assert sample.labels.get("status", "400").isdigit()


async def test_the_page_itself_serves_no_counts(engine: Engine, metrics: Metrics) -> None:
    async with _opened(engine, unlimited(metrics=("127.0.0.1", 9464)), metrics) as client:
        assert (await client.get("/metrics")).status_code == 404


def test_a_port_that_is_taken_is_named_with_what_to_set(metrics: Metrics) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf"Port {port} on 127.0.0.1 .*FOOTBRIDGE_METRICS"):
            serve_metrics(metrics, ("127.0.0.1", port))
