"""The command line, run as a program: its contracts with outside tools, and what it says when it cannot go on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.directory.importer import read_resources
from bot.engine.model import model_path
from bot.settings import DATA, PROJECT

FOOTBRIDGE = Path(sys.executable).parent / "footbridge"


def _run(*arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [FOOTBRIDGE, *arguments],
        input=given,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
    )


def _lines(*given: Any) -> str:
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in given)


@pytest.mark.usefixtures("model")
def test_parse_follows_its_contract_and_survives_bad_lines() -> None:
    done = _run(
        "parse",
        given=_lines(
            {"text": "how much does it cost"},
            {"text": "i want him to say sorry"},
            {"text": "des moines, iowa"},
            {"text": "springfield"},
            {"text": "what is the weather like tomorrow"},
            {"text": "i want to die"},
            {"text": ""},
            "no json",
            '["a list"]',
            {"words": "no text"},
            {"text": "thank you"},
        ),
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    keys = ["text", "topic", "confidence", "crisis", "goals", "state", "states"]
    assert [list(answer) for answer in answers if "error" not in answer] == [keys] * 8
    cost, sorry, iowa, springfield, weather, die, empty, *bad, thanks = answers
    assert (cost["topic"], cost["crisis"], cost["state"]) == ("cost", None, None)
    assert 0 < cost["confidence"] <= 1
    assert (sorry["topic"], sorry["goals"]) == ("share_goals", ["goal_apology"])
    assert (iowa["state"], iowa["states"]) == ("IA", ["IA"])
    assert springfield["state"] is None
    assert {"IL", "MO", "MA"} <= set(springfield["states"])
    assert weather["topic"] == empty["topic"] == "out_of_scope"
    assert die["crisis"] == "crisis_suicide"
    assert [error["error"].split(" ")[1] for error in bad] == ["8", "9", "10"]
    assert thanks["topic"] == "thanks"


@pytest.mark.usefixtures("model")
def test_talk_follows_its_contract_over_two_conversations() -> None:
    done = _run(
        "talk",
        "--json",
        given=_lines(
            {"session": "a", "text": ""},
            {"session": "b", "text": "i want him to say sorry"},
            {"session": "a", "text": "How it may hurt"},
            {"session": "b", "text": "That is all"},
            "{broken",
            {"session": "b", "text": "Iowa"},
            {"session": 3, "text": "hello"},
            {"session": "a", "text": "/affirm"},
        ),
    )
    assert done.returncode == 0, done.stderr
    turns = [json.loads(line) for line in done.stdout.splitlines()]
    keys = ["session", "replies", "topic", "pending", "crisis", "goals", "state", "asks", "programs", "lang", "ended"]
    assert all(list(turn) == keys for turn in turns if "error" not in turn)
    opening, sorry, consent, asked, broken, iowa, no_session, read = turns
    assert [reply["id"] for reply in opening["replies"]] == ["opening"]
    assert all(set(button) == {"title", "payload"} for reply in opening["replies"] for button in reply["buttons"])
    assert (sorry["goals"], sorry["asks"]) == (["goal_apology"], "goals")
    assert (consent["topic"], consent["pending"], consent["asks"]) == (None, "retraumatization_risk", "consent")
    assert asked["asks"] == "state"
    assert "Line 5" in broken["error"]
    assert "Line 7" in no_session["error"]
    assert iowa["state"] == "IA"
    assert iowa["programs"][0]["id"] == "us-ia-doc-vois"
    assert set(iowa["programs"][0]) == {"id", "name", "state"}
    assert read["topic"] == "retraumatization_risk"
    assert (read["lang"], read["ended"]) == ("en", False)


def test_what_was_typed_is_on_neither_log_nor_disk(model: Path, directory_file: Path, tmp_path: Path) -> None:
    """A marked word is typed along several paths, then looked for in the log and in every file that may be written."""
    mark = "zanzibarquilt"
    said = [
        "",
        f"hello {mark}",
        f"{mark} how much does it cost",
        f"i live in {mark} iowa",
        f"i want to die {mark}",
        "/" + mark,
    ]
    done = _run(
        "talk",
        "--json",
        given=_lines(*({"session": mark, "text": text} for text in said)),
        TMPDIR=str(tmp_path),
        LOG_LEVEL="DEBUG",
    )
    assert done.returncode == 0
    assert mark not in done.stderr
    written = [*tmp_path.rglob("*"), *directory_file.parent.iterdir(), *model.parent.iterdir()]
    written += [path for path in (PROJECT / ".rasa").rglob("*")]
    for path in written:
        if path.is_file():
            assert mark.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("command", [("parse",), ("talk", "--json")])
def test_without_a_model_it_says_what_to_do(command: tuple[str, ...], tmp_path: Path) -> None:
    done = _run(*command, given=_lines({"session": "a", "text": "hi"}), FOOTBRIDGE_MODELS=str(tmp_path))
    assert done.returncode == 1
    assert "footbridge train" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_corrupt_model_is_named(tmp_path: Path) -> None:
    model_path(tmp_path).write_bytes(b"broken")
    done = _run("parse", given=_lines({"text": "hi"}), FOOTBRIDGE_MODELS=str(tmp_path))
    assert done.returncode == 1
    assert model_path(tmp_path).name in done.stderr
    assert "Traceback" not in done.stderr


def test_the_directory_is_loaded_and_shown(tmp_path: Path) -> None:
    database = {"FOOTBRIDGE_DATABASE_URL": f"sqlite:///{tmp_path / 'new.db'}"}
    first = _run("directory", "load", **database)
    assert first.returncode == 0, first.stderr
    assert "190 programs, 54 offices, 22 national resources (266 added, 0 changed, 0 removed)" in first.stdout
    assert "(0 added, 0 changed, 0 removed)" in _run("directory", "load", **database).stdout
    shown = _run("directory", "show", "ia", **database)
    assert "Victim Offender Intervention Services" in shown.stdout
    assert "1-800-778-1182" in shown.stdout


def test_check_names_each_help_line_that_is_old_and_ends_with_an_error() -> None:
    seen = max(row.last_seen for row in read_resources(DATA / "directory"))
    good = _run("check", "--on", str(seen))
    assert (good.returncode, good.stderr) == (0, "")
    assert "Directory: 190 programs, 54 offices, 22 resources." in good.stdout
    assert "Help lines: 18, of which 18 were checked within 31 days." in good.stdout
    old = _run("check", "--on", str(seen + timedelta(days=32)))
    assert old.returncode == 1
    assert len(old.stderr.splitlines()) == 18
    call = "https://claytoncrescent.org/2023/02/16/domestic-abusers-can-call-helpline/"
    assert f"A Call for Change (us-a-call-for-change): last seen on {seen} at {call}" in old.stderr
    patient = _run("check", "--on", str(seen + timedelta(days=32)), FOOTBRIDGE_HELP_LINE_DAYS="40")
    assert (patient.returncode, patient.stderr) == (0, "")


@pytest.mark.parametrize(
    "url", ["sqlite:////no/such/folder/footbridge.db", "postgresql://nobody@127.0.0.1:1/none", "no url at all"]
)
def test_a_database_that_cannot_be_used_is_named(url: str) -> None:
    done = _run("directory", "load", FOOTBRIDGE_DATABASE_URL=url)
    assert done.returncode == 1
    assert "database" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_state_is_a_clear_error() -> None:
    done = _run("directory", "show", "Atlantis")
    assert done.returncode == 1
    assert "Atlantis" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["serve", "train"])
def test_a_bad_setting_is_named_by_every_command(command: str) -> None:
    done = _run(command, FOOTBRIDGE_PORT="\u00b2")
    assert done.returncode == 1
    assert "FOOTBRIDGE_PORT" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("model")
def test_lines_that_no_one_writes_by_hand_do_not_end_the_stream() -> None:
    lone, deep = '{"text": "\\ud83d"}', "[" * 100_000
    done = _run("parse", given=_lines(lone, deep, {"text": "thank you"}))
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert ["error" in answer for answer in answers] == [True, True, False]


@pytest.mark.usefixtures("model")
def test_without_a_directory_the_page_is_served_all_the_same_and_ends_when_asked(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    environment = {**os.environ, "FOOTBRIDGE_PORT": port, "FOOTBRIDGE_DATABASE_URL": f"sqlite:///{tmp_path}/no/such.db"}
    with subprocess.Popen(  # noqa: S603 - our own command
        [FOOTBRIDGE, "serve"], cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        assert server.stdout.readline() == f"Footbridge is ready at http://localhost:{port}\n"
        page = httpx.post(f"http://127.0.0.1:{port}/", data={"text": "how much does it cost"}, follow_redirects=True)
        assert page.status_code == 200
        assert 'data-answer="cost"' in page.text
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=20)
    assert "served without the directory" in said
    assert "how much does it cost" not in said


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = _run("serve", FOOTBRIDGE_PORT=port)
    assert done.returncode == 1
    assert port in done.stderr
    assert "FOOTBRIDGE_PORT" in done.stderr
