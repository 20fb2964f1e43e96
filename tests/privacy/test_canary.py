"""Marked words are typed along every path; then they are looked for wherever they could have been written."""

from __future__ import annotations

import json
import logging
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from urllib.parse import quote_plus

import httpx
import pytest
from sqlalchemy import inspect, text

from bot.directory.database import connect
from bot.engine.conversation_store import conversation_id
from bot.engine.engine import LONGEST_MESSAGE, Engine
from bot.settings import PROJECT
from tests.engine.conftest import MakeEngine, clock, make_engine  # noqa: F401
from tests.kept import kept
from tests.postgres import new_schema
from tests.privacy.failing_serve import BREAKS_IN_ACTION, BREAKS_IN_PAGE, BREAKS_IN_TURN
from tests.serving import Served, serving
from tests.web.test_http import Page

NAME, PHONE, ADDRESS, STORY = "zorblenka", "5550142777", "vimpelbrook", "glimmerfrazzle"
MARKS = (NAME, PHONE, ADDRESS, STORY)
MARKED = f"my name is {NAME.title()}, call {PHONE}, i live at 17 {ADDRESS.title()} Terrace, it was the {STORY} day"
LAUNCH = Path(__file__).with_name("failing_serve.py")

# Sentences that go along every path, each with the marked words beside it.
PATHS = (
    "hello",
    "how much does it cost",
    "could this make it worse for me",  # a heavy topic, which asks first
    "yes",
    "say that again",
    "say it in simpler words",
    "i want him to say sorry",
    "i want to know why",
    "that is all",
    "i live in Iowa",
    "springfield",
    "show my goals",
    "the purple kettle sings on tuesday",  # not understood
    "what is the weather tomorrow",  # out of scope
    "quiero una disculpa",
    "quiero morirme",
    "i want to die",
    "he is outside my door right now",
    "go on",
    "i am okay",
    BREAKS_IN_ACTION,
    BREAKS_IN_TURN,
    BREAKS_IN_PAGE,
)
FORM = "application/x-www-form-urlencoded"

# A talk along every path is longer than what a minute allows.
RATES = ("TURNS_PER_MINUTE", "ADDRESS_TURNS_PER_MINUTE", "ADDRESS_TALKS_PER_MINUTE")
UNLIMITED = {f"FOOTBRIDGE_{rate}": "10000" for rate in RATES}


def _messages() -> Iterator[str]:
    for path in PATHS:
        yield f"{path}. {MARKED}"
        yield f"{MARKED}. {path}"
        yield path  # so that the talk goes along the path even where the marked words lead away from it
    yield MARKED
    yield f"/{MARKED}"
    yield f'/ask{{"topic": "{NAME}"}}'
    yield f'/keep_program{{"program": "us-{NAME}-{STORY}"}}'
    yield f'/give_place{{"state": "{NAME}"}}'
    yield f"{MARKED} " * (LONGEST_MESSAGE // 50)
    yield f"{MARKED} " * (LONGEST_MESSAGE // 50) + " and i want to die"


def _marks_in(written: bytes | str) -> list[str]:
    given = (written if isinstance(written, bytes) else written.encode()).lower()
    return [mark for mark in MARKS if mark.encode() in given]


def _serving_what_breaks(folder: Path, url: str) -> AbstractContextManager[Served]:
    """A server whose parts break, with its temporary files in `folder` and conversations at `url`."""
    return serving(
        folder,
        command=(sys.executable, LAUNCH),
        FOOTBRIDGE_CONVERSATIONS_URL=url,
        LOG_LEVEL="DEBUG",
        PYTHONPATH=str(PROJECT),
        TMPDIR=str(folder),
        **UNLIMITED,
    )


def _talk(served: Served) -> list[str]:
    """Talk along every path, well-formed and not. Returns the tokens of the pages."""
    tokens = []
    # A connection each: after a failure the server hangs up, perhaps while the next request is on its way.
    single = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(
        base_url=served.address, follow_redirects=True, timeout=30, trust_env=False, limits=single
    ) as client:
        session = ""
        for said in _messages():
            answered = client.post("/", data={"session": session, "text": said})
            assert answered.status_code in (200, 500), said
            assert not _marks_in(answered.text), said  # no word of hers is said back, either
            session = Page(answered.text).session or session
            tokens.append(session)
        bad = [
            client.post("/", data={"session": session, "choice": f'/ask{{"topic": "{NAME}"}}'}),
            client.post("/", data={"session": MARKED, "text": MARKED}),
            client.post("/", json={"session": session, "text": MARKED}),
            client.post("/", content=f"text={quote_plus(MARKED)}%E2%28".encode(), headers={"content-type": FORM}),
            client.post("/sheet", data={"session": MARKED}),
            client.get(f"/{NAME}", params={"text": MARKED}),
            client.request("PUT", "/", content=MARKED.encode()),
            client.get("/", headers={"user-agent": MARKED, "referer": f"https://{NAME}.example/", "cookie": MARKED}),
        ]
        assert all(answered.status_code < 500 for answered in bad)
        # A server that refuses so much may hang up before all is sent.
        with suppress(httpx.ReadError, httpx.WriteError):
            client.post("/", data={"session": session, "text": MARKED * 10_000})
        goes_on = Page(client.post("/", data={"text": "i want him to say sorry"}).text).session
        client.post("/", data={"session": goes_on, "text": MARKED})
        tokens.append(goes_on)
        erased = client.post("/", data={"session": session, "text": "delete what I said"})
        assert Page(erased.text).answers == ["erased"]
    return [token for token in dict.fromkeys(tokens) if token]


def _is_clean(served: Served, folder: Path, tokens: list[str]) -> None:
    """Nothing marked and no token is in what the process printed, its crash's traces, or any file near it."""
    served.process.send_signal(signal.SIGABRT)  # a crash, whose trace faulthandler prints
    served.process.wait(20)
    printed = served.printed.read_text()
    assert "Fatal Python error: Aborted" in printed
    # The paths that break did break.
    assert "failed: RuntimeError" in printed
    assert "A turn failed: RuntimeError" in printed
    assert "A page failed: RuntimeError" in printed
    files = [path for path in [*folder.rglob("*"), *(PROJECT / ".rasa").rglob("*")] if path.is_file()]
    assert served.printed in files
    for path in files:
        assert not _marks_in(path.read_bytes()), path
        assert not any(token.encode() in path.read_bytes() for token in tokens), path


@pytest.mark.slow
@pytest.mark.usefixtures("model")
def test_nothing_typed_is_in_the_file_the_logs_or_a_crash(tmp_path: Path) -> None:
    database = tmp_path / "conversations.db"
    with _serving_what_breaks(tmp_path, f"sqlite:///{database}") as served:
        tokens = _talk(served)
        _is_clean(served, tmp_path, tokens)
    # The talks were written there: the search would find something if there were anything.
    with sqlite3.connect(database) as opened:
        rows = dict(opened.execute("SELECT id, state FROM conversations").fetchall())
    opened.close()
    assert conversation_id(tokens[-1]) in rows
    assert "goal_apology" in rows[conversation_id(tokens[-1])]
    assert conversation_id(tokens[0]) not in rows
    assert conversation_id(tokens[0]).encode() not in database.read_bytes()


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.usefixtures("model")
def test_nothing_typed_is_in_postgresql_the_logs_or_a_crash(tmp_path: Path) -> None:
    with new_schema() as schema:
        url = schema.render_as_string(hide_password=False)
        with _serving_what_breaks(tmp_path, url) as served:
            tokens = _talk(served)
            _is_clean(served, tmp_path, tokens)
        database = connect(url)
        with database.begin() as connection:
            tables = inspect(connection).get_table_names()
            rows = {
                table: "\n".join(connection.scalars(text(f'SELECT t::text FROM "{table}" AS t')).all())  # noqa: S608
                for table in tables
            }
        database.dispose()
    assert "goal_apology" in rows["conversations"]
    assert conversation_id(tokens[-1]) in rows["conversations"]
    for table, written in rows.items():
        assert not _marks_in(written), table
        assert not any(token in written for token in tokens), table


@pytest.mark.parametrize("kind", ["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def test_no_turn_of_all_paths_leaves_a_marked_word_in_the_row_or_in_what_is_logged(
    make_engine: MakeEngine,  # noqa: F811
    kind: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """As above, with every logger of the process at debug, and with a look at the row after each turn."""
    with ExitStack() as opened:
        url = {"memory": "sqlite://", "sqlite": f"sqlite:///{tmp_path / 'conversations.db'}"}.get(kind)
        if url is None:
            url = opened.enter_context(new_schema()).render_as_string(hide_password=False)
        engine: Engine = make_engine(url)
        answered = set()
        with caplog.at_level(logging.DEBUG):
            for said in _messages():
                turn = await engine.turn(conversation_id("canary"), said, begin=True)
                answered |= {reply.id for reply in turn.replies}
                assert not _marks_in(json.dumps(await kept(engine))), said
        engine.close()
    # The talk went along its paths and failed on none of them.
    assert {"greet", "cost", "crisis_suicide", "spanish"} <= answered
    assert "something_broke" not in answered
    assert not _marks_in(caplog.text)
    assert not _marks_in("".join(capfd.readouterr()))
