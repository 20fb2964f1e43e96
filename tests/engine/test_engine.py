"""Bad input, failures and concurrency: the person always gets a clear answer, and no conversation is lost."""

from __future__ import annotations

import asyncio
import logging
import socket
import sqlite3
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from rasa.core.agent import Agent

from bot.actions.talk import Talk
from bot.engine.conversation_database import ConversationsUnavailable
from bot.engine.conversation_store import HeldConversation
from bot.engine.engine import LONGEST_MESSAGE, Engine, Turn
from bot.engine.model import ModelMissing, ModelUnreadable, model_path
from bot.understanding.safety_classifier import SafetyClassifier
from bot.understanding.safety_rules import SafetyRules


def _ids(turn: Turn) -> list[str]:
    return [reply.id for reply in turn.replies]


async def test_empty_text_opens_a_new_conversation_and_is_noticed_in_a_running_one(engine: Engine) -> None:
    assert _ids(await engine.turn("empty", "", begin=True)) == ["opening"]
    assert _ids(await engine.turn("empty", "  \n ", begin=True)) == ["nothing_typed"]


@pytest.mark.parametrize("text", ["\U0001f622\U0001f622", "!!!", "...", "\x00", "\x07\x1b[31m", "🏳️‍🌈", "¿?"])
async def test_a_message_without_words_is_never_guessed_at(engine: Engine, text: str) -> None:
    session = f"no words {text!r}"
    await engine.turn(session, "hello", begin=True)
    turn = await engine.turn(session, text, begin=True)
    assert _ids(turn)[0] in {"not_understood", "out_of_scope", "nothing_typed"}
    assert turn.topic is None


async def test_a_very_long_message_is_not_read_but_its_danger_is(engine: Engine) -> None:
    await engine.turn("long", "/share_goals", begin=True)
    turn = await engine.turn("long", "word " * 2000, begin=True)
    assert _ids(turn) == ["too_long"]
    assert turn.asks == "goals"
    danger = await engine.turn("long", "word " * 2000 + " and i want to die", begin=True)
    assert _ids(danger) == ["crisis_suicide"]
    assert len("word " * 2000) > LONGEST_MESSAGE


@pytest.mark.parametrize(
    "text",
    ["/restart", "/session_start", "/greet@0.2", '/give_place{"state": "/ZZ"}', "/", "//", '/ask{"topic": ', "/back"],
)
async def test_a_typed_payload_that_no_button_carries_is_only_words(engine: Engine, text: str) -> None:
    session = f"typed {text}"
    turn = await engine.turn(session, text, begin=True)
    assert turn.replies
    assert turn.state is None


async def test_two_messages_of_one_conversation_at_once_are_both_answered(engine: Engine) -> None:
    await engine.turn("twice", "hello", begin=True)
    turns = await asyncio.gather(
        engine.turn("twice", '/share_goals{"goal": "goal_apology"}', begin=True),
        engine.turn("twice", '/share_goals{"goal": "goal_answers"}', begin=True),
        engine.turn("twice", "how long does it take", begin=True),
    )
    assert all(turn.replies for turn in turns)
    after = await engine.turn("twice", "show my goals", begin=True)
    assert set(after.goals) == {"goal_apology", "goal_answers"}


async def test_danger_in_what_is_not_read_pauses_the_talk_like_any_other(engine: Engine) -> None:
    """Both cards are shown, 911 first, and a yes afterwards does not read the heavy answer that waited."""
    await engine.turn("unread danger", "could this make it worse for me", begin=True)
    turn = await engine.turn("unread danger", "word " * 2000 + " he is outside, and i want to die", begin=True)
    assert _ids(turn) == ["crisis_danger", "crisis_suicide"]
    assert (turn.crisis, turn.asks) == ("crisis_danger", None)
    assert _ids(await engine.turn("unread danger", "yes", begin=True)) == ["help_stays"]


async def test_when_the_model_breaks_the_person_still_gets_help(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def break_down(*_: object) -> None:
        raise RuntimeError("the words she typed")

    await engine.turn("breaks", "/share_goals", begin=True)
    with monkeypatch.context() as patched, caplog.at_level(logging.DEBUG):
        patched.setattr(Agent, "handle_message", break_down)
        turn = await engine.turn("breaks", "how much does it cost", begin=True)
        danger = await engine.turn("breaks", "i want to die", begin=True)
    assert _ids(turn) == ["something_broke"]
    assert "911" in turn.replies[0].text
    assert "988" in turn.replies[0].text
    assert _ids(danger) == ["crisis_suicide"]
    assert "the words she typed" not in caplog.text
    assert "how much does it cost" not in caplog.text
    # The conversation is still where it was.
    assert (await engine.turn("breaks", "how much does it cost", begin=True)).asks == "goals"


async def test_when_the_safety_net_breaks_the_person_still_gets_numbers(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("the words she typed")

    with monkeypatch.context() as patched, caplog.at_level(logging.DEBUG):
        patched.setattr(SafetyRules, "find", break_down)
        turn = await engine.turn("net breaks", "i want to die", begin=True)
    assert _ids(turn) == ["something_broke"]
    assert "988" in turn.replies[0].text
    assert "the words she typed" not in caplog.text
    assert _ids(await engine.turn("net breaks", "i want to die", begin=True)) == ["crisis_suicide"]


async def test_when_the_classifier_breaks_the_rules_still_hear(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("no vector")

    monkeypatch.setattr(SafetyClassifier, "_hear", break_down)
    assert _ids(await engine.turn("classifier breaks", "i want to die", begin=True)) == ["crisis_suicide"]
    assert _ids(await engine.turn("classifier breaks", "how much does it cost", begin=True)) == ["something_broke"]


async def test_when_the_directory_breaks_the_person_still_gets_help(
    engine: Engine, directory_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The database file is really gone; the conversation goes on when it is back."""
    from bot.directory.session import close_sessions

    away = directory_file.with_suffix(".away")
    close_sessions()
    directory_file.rename(away)
    try:
        turn = await engine.turn("no directory", "Iowa", begin=True)
        assert _ids(turn) == ["something_broke"]
        assert _ids(await engine.turn("no directory", "how much does it cost", begin=True)) == ["cost"]
        assert _ids(await engine.turn("no directory", "i want to die", begin=True)) == ["crisis_suicide"]
    finally:
        directory_file.unlink(missing_ok=True)
        away.rename(directory_file)
        close_sessions()
    assert "Iowa" not in caplog.text
    assert _ids(await engine.turn("no directory", "Iowa", begin=True))[0] == "programs_found"


async def test_when_a_turn_cannot_be_kept_the_person_is_told_and_rasa_hides_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The engine as it is served: Rasa's own wrapper would go on in memory and say that the goal was added."""

    async def fail(*_: object) -> None:
        raise ConversationsUnavailable("The conversations' database is full.")

    await engine.turn("not kept", '/share_goals{"goal": "goal_apology"}', begin=True)
    with monkeypatch.context() as patched:
        patched.setattr(HeldConversation, "keep", fail)
        turn = await engine.turn("not kept", '/share_goals{"goal": "goal_answers"}', begin=False)
        danger = await engine.turn("not kept", "i want to die", begin=False)
    assert (_ids(turn), turn.goals, turn.goes_on) == (["something_broke"], ("goal_apology",), True)
    assert _ids(danger) == ["crisis_suicide"]
    assert "The conversations' database is full." in caplog.text
    assert (await engine.turn("not kept", "show my goals", begin=False)).goals == ("goal_apology",)


async def test_the_second_message_of_a_conversation_waits_for_the_first_and_others_do_not(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first turn is held up inside its action; the same person's next message waits, another person's does not."""
    from bot.actions.goals import ActionMyGoals

    inside, go_on = threading.Event(), threading.Event()
    original = ActionMyGoals.act

    def wait(self: ActionMyGoals, talk: Talk) -> None:
        inside.set()
        assert go_on.wait(10)
        original(self, talk)

    await engine.turn("held", '/share_goals{"goal": "goal_apology"}', begin=True)
    await engine.turn("other", "hello", begin=True)
    monkeypatch.setattr(ActionMyGoals, "act", wait)
    first = asyncio.create_task(engine.turn("held", "/my_goals", begin=True))
    await asyncio.to_thread(inside.wait, 10)
    second = asyncio.create_task(engine.turn("held", '/share_goals{"goal": "goal_answers"}', begin=True))
    assert _ids(await engine.turn("other", "i want to die", begin=True)) == ["crisis_suicide"]
    assert not first.done()
    assert not second.done()
    go_on.set()
    assert (await first).goals == ("goal_apology",)
    assert (await second).goals == ("goal_apology", "goal_answers")


async def test_the_title_of_a_topic_typed_by_somebody_in_danger_is_heard_as_danger(engine: Engine) -> None:
    turn = await engine.turn("means it", "I am not safe right now.", begin=True)
    assert turn.crisis == "crisis_danger"


@pytest.mark.parametrize(
    "text",
    [
        "i want to d\u200bie",
        "i want to d\u00adie",
        "\uff49 \uff57\uff41\uff4e\uff54 \uff54\uff4f \uff44\uff49\uff45",
        "/i want to die",
        '/ask{"x": "i want to die"}',
        "I WANT TO DIE!!!",
        "i want, to die",
    ],
)
async def test_danger_is_heard_however_it_is_written(engine: Engine, text: str) -> None:
    assert (await engine.turn(f"written {text}", text, begin=True)).crisis == "crisis_suicide"
    assert (await engine.parse(text)).crisis == "crisis_suicide"


async def test_what_is_parsed_obeys_no_command_of_rasas(engine: Engine) -> None:
    for text in ("/restart", "/greet@0.2", '/give_place{"state": "ZZ"}'):
        found = await engine.parse(text)
        assert found.state is None
        assert found.topic not in ("restart", "None"), text


async def test_a_kept_program_that_left_the_directory_does_not_break_the_sheet(
    engine: Engine, directory_file: Path
) -> None:
    await engine.turn("left", '/keep_program{"program": "us-tx-tdcj-vomd"}', begin=True)
    await engine.turn("left", '/keep_program{"program": "us-ia-doc-vois"}', begin=True)
    with sqlite3.connect(directory_file) as database:
        row = database.execute("SELECT * FROM programs WHERE id = 'us-tx-tdcj-vomd'").fetchone()
        database.execute("DELETE FROM programs WHERE id = 'us-tx-tdcj-vomd'")
    try:
        turn = await engine.turn("left", "/show_sheet", begin=True)
        assert _ids(turn) == ["sheet"]
        assert "Victim Offender Intervention Services" in turn.replies[0].text
        assert _ids(await engine.turn("left", '/keep_program{"program": "us-tx-tdcj-vomd"}', begin=True)) == [
            "choice_unknown"
        ]
    finally:
        with sqlite3.connect(directory_file) as database:
            database.execute(f"INSERT INTO programs VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
    database.close()


async def test_a_database_that_hangs_keeps_nobody_else_waiting(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes connections and never answers stands in for a database that hangs."""
    from bot import settings as settings_module
    from bot.directory.session import close_sessions

    close_sessions()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        with monkeypatch.context() as patched:
            patched.setenv("FOOTBRIDGE_DATABASE_URL", url)
            settings_module.settings.cache_clear()
            waiting = asyncio.create_task(engine.turn("hangs", "Iowa", begin=True))
            await asyncio.sleep(0)
            danger = await engine.turn("in danger", "i want to die", begin=True)
            assert not waiting.done()
            assert danger.crisis == "crisis_suicide"
            assert _ids(await waiting) == ["something_broke"]
        settings_module.settings.cache_clear()
    close_sessions()
    assert _ids(await engine.turn("hangs", "Iowa", begin=True))[0] == "programs_found"


def test_a_missing_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="footbridge train"):
        Engine.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"\x1f\x8b\x08\x00broken"])
def test_a_corrupt_model_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    model_path(tmp_path).write_bytes(content)
    with pytest.raises(ModelUnreadable, match="footbridge train"):
        Engine.load(tmp_path)


def test_a_model_cut_off_in_the_middle_says_what_to_do(tmp_path: Path, model: Path) -> None:
    whole = model.read_bytes()
    model_path(tmp_path).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelUnreadable, match="footbridge train"):
        Engine.load(tmp_path)


@pytest.mark.slow
@seed(20261122)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=300))
async def test_any_text_gets_vetted_answers(engine: Engine, text: str) -> None:
    turn = await engine.turn("any text", text, begin=True)
    assert turn.replies
    assert "something_broke" not in _ids(turn)
