"""Every transcript in transcripts/ is held with the trained model and the real directory, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.answers.catalog import catalog
from bot.engine.engine import Engine

FOLDER = Path(__file__).parent / "transcripts"
CHANNELS = ("web", "messenger", "helpline")
# Help comes first wherever somebody writes, and leads back to where they were.
IN_EVERY_CHANNEL = ("crisis", "after_crisis")
COMPARED = ("topic", "pending", "crisis", "goals", "state", "asks", "ended", "language")


def _transcripts() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.yml")):
        for transcript in yaml.safe_load(path.read_text(encoding="utf-8")):
            for channel in CHANNELS if path.stem in IN_EVERY_CHANNEL else CHANNELS[:1]:
                yield pytest.param(transcript["turns"], channel, id=f"{channel}: {path.stem}: {transcript['title']}")


@pytest.mark.parametrize(("turns", "channel"), _transcripts())
async def test_conversation(
    turns: list[dict[str, Any]], channel: str, engine: Engine, request: pytest.FixtureRequest
) -> None:
    for number, expected in enumerate(turns, start=1):
        turn = await engine.turn(request.node.name, str(expected["says"]), channel, begin=True)
        said = f"turn {number}, {expected['says']!r}"
        assert [reply.id for reply in turn.replies] == expected["answers"], said
        for name in COMPARED:
            if name in expected:
                value = getattr(turn, name)
                assert (list(value) if isinstance(value, tuple) else value) == expected[name], f"{said}: {name}"
        if "in_short" in expected:
            short = [reply.id for reply in turn.replies if reply.form == "shorter"]
            assert short == expected["in_short"], said
        if "programs" in expected:
            assert [program.id for program in turn.programs] == expected["programs"], said


def test_every_answer_is_reached() -> None:
    reached = {
        answer
        for path in FOLDER.glob("*.yml")
        for transcript in yaml.safe_load(path.read_text(encoding="utf-8"))
        for turn in transcript["turns"]
        for answer in turn["answers"]
    }
    # `after_topic` is no answer but the button below each topic; the others need a message or a failure that no
    # transcript holds, and have tests of their own.
    elsewhere = {"after_topic", "too_many", "too_long", "something_broke"}
    elsewhere |= {"session_unknown", "request_unreadable", "request_too_large", "page_not_found"}
    elsewhere |= {"erase_offer", "host_unknown", "sent_from_elsewhere", "too_fast", "too_busy", "waits_for_review"}
    elsewhere |= {"messenger_opening", "messenger_again", "messenger_attachment"}
    elsewhere |= {"messenger_handed_over", "messenger_back", "messenger_deletion", "messenger_web_code"}
    elsewhere |= {"code_taken", "code_unknown"}
    missing = (set(catalog().topics) | set(catalog().replies)) - reached - elsewhere
    assert not missing, f"no transcript reaches {sorted(missing)}"
