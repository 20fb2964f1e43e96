"""`footbridge messenger simulate`, as somebody uses it who tries the program without Facebook."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bot.settings import PROJECT
from tests.messenger.test_answering import words
from tests.serving import FOOTBRIDGE

pytestmark = pytest.mark.usefixtures("model")


def _simulate(*lines: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [FOOTBRIDGE, "messenger", "simulate"],
        input="\n".join(lines),
        env={**os.environ, **environment},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_talk_with_everything_that_can_happen(tmp_path: Path) -> None:
    ended = _simulate(
        "How much does it cost?", "/again", "/photo", "/tap 1", "/tap 99", "/staff Hello.", "How long does it take?",
        "I want to die", "I want to die", "/back", "How long does it take?", "/edit I want to die",
        "/help", "/quit", "never said",
        FOOTBRIDGE_CONVERSATIONS_URL=f"sqlite:///{tmp_path / 'kept.db'}",
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    said = " ".join(ended.stdout.split())
    for answer, times in (
        ("messenger_opening", 1), ("cost", 1), ("messenger_attachment", 1), ("menu", 1), ("how_long", 1),
        ("crisis_suicide", 2), ("messenger_back", 1),
    ):  # fmt: skip
        assert said.count(words(answer)) == times, answer
    assert said.index(words("messenger_back")) < said.index(words("how_long"))
    assert "There is no choice '99' to tap." in said
    # What was answered is delivered again, staff answer, somebody asks staff, danger a second time, staff hand back.
    assert said.count("(Nothing was sent.)") == 5
    assert list(tmp_path.iterdir()) == []


def test_without_a_model_it_says_what_to_do(tmp_path: Path) -> None:
    ended = _simulate("hello", FOOTBRIDGE_MODELS=str(tmp_path))
    assert ended.returncode == 1
    assert "footbridge train" in ended.stderr
    assert "Traceback" not in ended.stderr
