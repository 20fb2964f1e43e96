"""What is kept of a conversation, for how long, and by whom it is changed, in memory, an SQLite file and PostgreSQL."""

from __future__ import annotations

import asyncio
import gc
import json
from contextlib import nullcontext
from functools import _lru_cache_wrapper
from pathlib import Path

import pytest
from rasa.shared.core.events import BotUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import delete

from bot.actions.goals import NOT_SURE, ActionMyGoals
from bot.answers.catalog import catalog
from bot.engine.conversation_database import Conversation, ConversationsUnavailable
from bot.engine.conversation_state import Standing, WordsInState, title_key
from bot.engine.conversation_store import ConversationStore, conversation_id
from bot.engine.engine import Engine, Turn
from tests.engine.conftest import ANSWERS, APOLOGY, ME, MINUTES, OTHER, Clock, Held, MakeEngine, until_waiting
from tests.kept import kept


def _ids(turn: Turn) -> list[str]:
    return [reply.id for reply in turn.replies]


# What is kept.


async def test_no_word_of_the_person_or_of_the_answers_is_kept(own_engine: Engine) -> None:
    said: list[str] = []
    for text in (
        "my name is Zanzibarina and i want him to say sorry",
        "my brother Quillfeather was hurt in Iowa",
        "could this make it worse for me",
        "yes",
        "/keep_program" + json.dumps({"program": "us-ia-doc-vois"}),
        "purple kettle zanzibar",
        "quiero una disculpa, me llamo Zanzibarina",
        "i want to die, Zanzibarina",
        "say that again",
        "help menu",
    ):
        turn = await own_engine.turn(ME, text, begin=True)
        said += [reply.text for reply in turn.replies] + [one.title for reply in turn.replies for one in reply.buttons]
        row = (await kept(own_engine))[ME]
        assert "zanzibar" not in row.casefold()
        assert "quillfeather" not in row.casefold()
        # The ids are made of words too, so whole sentences and titles are looked for.
        for words in said if text.startswith("/") else [text, *said]:
            assert len(words.split()) < 2 or words not in row, words


async def test_rows_are_under_a_digest_and_hold_what_a_turn_needs(own_engine: Engine) -> None:
    await own_engine.turn(ME, APOLOGY, begin=True)
    (row,) = (await kept(own_engine)).items()
    assert row[0] == ME
    assert len(ME) == 64
    assert "goal_apology" in row[1]
    assert "my page's token" not in repr(row)


async def test_an_action_that_remembers_words_is_stopped_and_nothing_is_kept_of_the_turn(
    own_engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await own_engine.turn(ME, APOLOGY, begin=True)
    before = await kept(own_engine)
    monkeypatch.setattr(ActionMyGoals, "act", lambda _, talk: talk.remember("waiting_topic", "Zanzibarina"))
    assert _ids(await own_engine.turn(ME, "/my_goals", begin=False)) == ["something_broke"]
    assert await kept(own_engine) == before
    assert "Zanzibarina" not in caplog.text


def _cached() -> str:
    """Everything that the caches of functions hold, as text."""
    caches = [each for each in gc.get_objects() if isinstance(each, _lru_cache_wrapper)]
    return repr([held for cache in caches for held in gc.get_referents(cache) if isinstance(held, dict)])


def test_a_button_with_words_is_stopped_and_its_words_stay_in_no_cache() -> None:
    for word, fits in (("cost", True), ("Zanzibarina", False)):
        payload = f'/ask{{"topic": "{word}"}}'
        said = BotUttered(data={"buttons": [{"title": "A choice", "payload": payload}]})
        tracker = DialogueStateTracker.from_events(ME, [said], slots=[])
        with nullcontext() if fits else pytest.raises(WordsInState):
            Standing.after(tracker, None)
        assert (payload in _cached()) == fits


async def test_what_is_kept_does_not_grow_with_the_turns(own_engine: Engine) -> None:
    sizes = []
    for _ in range(20):
        await own_engine.turn(ME, "/my_goals", begin=True)
        sizes.append(len((await kept(own_engine))[ME]))
    assert max(sizes[6:]) - min(sizes[6:]) < 30  # characters; times are written with more or fewer digits


async def test_repeat_simpler_and_typed_titles_need_no_words(own_engine: Engine) -> None:
    await own_engine.turn(ME, "what is victim offender mediation", begin=True)
    assert _ids(await own_engine.turn(ME, "say that again", begin=False)) == ["what_is_vom"]
    simpler = await own_engine.turn(ME, "say it in simpler words", begin=False)
    assert _ids(simpler) == ["what_is_vom"]
    again = await own_engine.turn(ME, "say that again", begin=False)
    assert again.replies[0] == simpler.replies[0]


async def test_a_button_seen_six_turns_ago_can_be_typed_and_an_older_one_is_only_words(own_engine: Engine) -> None:
    """No other button leads to the topics of a family, so its title means nothing to somebody who has not seen it."""
    for session, between, is_known in ((ME, 5, True), (OTHER, 6, False)):
        await own_engine.turn(session, "/help_menu", begin=True)
        for _ in range(between):
            await own_engine.turn(session, "/my_goals", begin=False)
        said = _ids(await own_engine.turn(session, "Hopes and results", begin=False))
        assert ("menu_family" in said) == is_known, session


def test_of_two_buttons_with_the_same_title_the_one_seen_last_is_meant() -> None:
    standing = Standing({}, [{title_key("Yes"): "/affirm"}, {title_key("yes!"): "/go_on"}])
    assert standing.payload_for_title("YES") == "/go_on"
    assert standing.payload_for_title("no") is None


# How long.


async def test_a_conversation_goes_on_in_a_new_process(make_engine: MakeEngine, lasting_url: str) -> None:
    first = make_engine(lasting_url)
    await first.turn(ME, "i want him to say sorry", begin=True)
    await first.turn(ME, "could this make it worse for me", begin=False)
    first.close()
    second = make_engine(lasting_url)
    turn = await second.turn(ME, "yes", begin=False)
    assert _ids(turn)[0] == "retraumatization_risk"
    assert (turn.goals, turn.asks, turn.goes_on) == (("goal_apology",), "goals", True)
    assert _ids(await second.turn(ME, "say that again", begin=False)) == _ids(turn)


async def test_it_ends_after_the_time_without_a_message_and_each_message_gives_the_full_time(
    own_engine: Engine, clock: Clock
) -> None:
    await own_engine.turn(ME, APOLOGY, begin=True)
    for text in ("how much does it cost", "word " * 2000, ""):
        clock.forward(MINUTES - 1)
        assert not (await own_engine.turn(ME, text, begin=False)).gone, text[:20]
    assert await own_engine.conversations_held() == 1
    clock.forward(MINUTES + 1)
    # It is not removed yet, and is read by nobody.
    assert list(await kept(own_engine)) == [ME]
    assert not await own_engine.knows(ME)
    assert await own_engine.conversations_held() == 0
    assert not await own_engine.extend(ME)
    turn = await own_engine.turn(ME, "show my goals", begin=False)
    assert (_ids(turn), turn.gone, turn.goes_on, turn.goals) == (["session_unknown"], True, False, ())


async def test_a_conversation_that_is_begun_where_one_has_ended_knows_nothing_of_it(
    own_engine: Engine, clock: Clock
) -> None:
    await own_engine.turn(ME, APOLOGY, begin=True)
    clock.forward(MINUTES + 1)
    assert _ids(await own_engine.turn(ME, "show my goals", begin=True)) == ["no_goals_yet"]
    assert "goal_apology" not in repr(await kept(own_engine))


async def test_more_time_can_be_asked_for(own_engine: Engine, clock: Clock) -> None:
    assert not await own_engine.extend(ME)
    assert await kept(own_engine) == {}
    await own_engine.turn(ME, APOLOGY, begin=True)
    clock.forward(MINUTES - 1)
    assert await own_engine.extend(ME)
    clock.forward(MINUTES - 1)
    assert (await own_engine.turn(ME, "show my goals", begin=False)).goals == ("goal_apology",)


async def test_the_expired_are_removed_and_no_others(
    own_engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine.conversation_store.REMOVED_AT_ONCE", 2)
    for number in range(5):
        await own_engine.turn(conversation_id(str(number)), "/greet", begin=True)
    clock.forward(MINUTES - 1)
    await own_engine.turn(ME, "/greet", begin=True)
    assert await own_engine.remove_expired() == 0
    clock.forward(2)
    assert await own_engine.remove_expired() == 5
    assert list(await kept(own_engine)) == [ME]


async def test_when_there_are_too_many_nobody_is_thrown_out_and_the_ended_give_way(
    own_engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine.conversation_store.CONVERSATIONS_KEPT", 1)
    await own_engine.turn(ME, "hello", begin=True)
    refused = await own_engine.turn(OTHER, "how much does it cost", begin=True)
    assert (_ids(refused), refused.goes_on) == (["too_many"], False)
    assert _ids(await own_engine.turn(OTHER, "i want to die", begin=True)) == ["crisis_suicide"]
    assert _ids(await own_engine.turn(ME, "how much does it cost", begin=False)) == ["cost"]
    assert list(await kept(own_engine)) == [ME]
    clock.forward(MINUTES + 1)
    assert _ids(await own_engine.turn(OTHER, "how much does it cost", begin=True)) == ["cost"]


# Erasing.


@pytest.mark.parametrize("words", ["delete what I said", "start over"])
async def test_what_is_erased_by_typing_is_gone_and_the_next_words_begin_anew(own_engine: Engine, words: str) -> None:
    await own_engine.turn(ME, APOLOGY, begin=True)
    turn = await own_engine.turn(ME, words, begin=False)
    assert _ids(turn) in (["erased"], ["started_over"])
    assert not turn.goes_on
    assert await kept(own_engine) == {}
    assert (await own_engine.turn(ME, "show my goals", begin=False)).gone
    assert _ids(await own_engine.turn(ME, "say that again", begin=True)) == ["nothing_to_repeat"]


async def test_erasing_removes_one_conversation_and_may_be_asked_twice(own_engine: Engine) -> None:
    for session in (ME, OTHER):
        await own_engine.turn(session, APOLOGY, begin=True)
    for _ in range(2):
        await own_engine.erase(ME)
        assert list(await kept(own_engine)) == [OTHER]
    turn = await own_engine.turn(ME, "hello", begin=False)
    assert (_ids(turn), turn.gone, turn.goes_on) == (["session_unknown"], True, False)
    danger = await own_engine.turn(ME, "i want to die", begin=False)
    assert (_ids(danger), danger.gone) == (["crisis_suicide"], True)
    assert list(await kept(own_engine)) == [OTHER]


async def test_erasing_in_the_middle_of_a_turn_brings_nothing_back(own_engine: Engine, held: Held) -> None:
    """One turn is inside its action, the erasure waits for it, and a turn behind the erasure finds nothing."""
    await own_engine.turn(ME, APOLOGY, begin=True)
    running = asyncio.create_task(own_engine.turn(ME, "/my_goals", begin=False))
    await held.until_inside()
    erasing = asyncio.create_task(own_engine.erase(ME))
    await until_waiting(erasing)
    behind = asyncio.create_task(own_engine.turn(ME, ANSWERS, begin=False))
    more = asyncio.create_task(own_engine.extend(ME))
    await until_waiting(behind)
    held.go_on()
    assert (await running).goals == ("goal_apology",)
    await erasing
    assert (await behind).gone
    assert not await more
    assert await kept(own_engine) == {}


async def test_expiry_waits_for_a_running_turn_and_leaves_its_conversation(
    own_engine: Engine, clock: Clock, held: Held
) -> None:
    await own_engine.turn(ME, APOLOGY, begin=True)
    running = asyncio.create_task(own_engine.turn(ME, "/my_goals", begin=False))
    await held.until_inside()
    clock.forward(MINUTES + 1)
    removing = asyncio.create_task(own_engine.remove_expired())
    await until_waiting(removing)
    held.go_on()
    assert (await running).goes_on
    assert await removing == 0
    assert (await own_engine.turn(ME, "/my_goals", begin=False)).goals == ("goal_apology",)


async def test_a_row_that_is_deleted_by_hand_in_the_middle_of_a_turn_stays_deleted(
    own_engine: Engine, held: Held
) -> None:
    await own_engine.turn(ME, APOLOGY, begin=True)
    running = asyncio.create_task(own_engine.turn(ME, "/my_goals", begin=False))
    await held.until_inside()
    await own_engine._conversations._database.run(lambda connection: connection.execute(delete(Conversation)))
    held.go_on()
    assert _ids(await running) == ["something_broke"]
    assert await kept(own_engine) == {}


# One at a time.


async def test_turns_of_one_conversation_are_done_in_the_order_they_came(own_engine: Engine) -> None:
    goals = [goal for goal in catalog().goals if goal != NOT_SURE][:6]
    turns = await asyncio.gather(
        *(own_engine.turn(ME, f'/share_goals{{"goal": "{goal}"}}', begin=True) for goal in goals)
    )
    assert [turn.goals for turn in turns] == [tuple(goals[: number + 1]) for number in range(len(goals))]


async def test_who_waits_for_a_held_conversation_keeps_nobody_else_waiting(own_engine: Engine, held: Held) -> None:
    await own_engine.turn(ME, APOLOGY, begin=True)
    waiting = [asyncio.create_task(own_engine.turn(ME, "/my_goals", begin=False)) for _ in range(20)]
    await held.until_inside()
    assert _ids(await own_engine.turn(OTHER, "i want to die", begin=True)) == ["crisis_suicide"]
    assert not any(task.done() for task in waiting)
    held.go_on()
    assert [turn.goals for turn in await asyncio.gather(*waiting)] == [("goal_apology",)] * 20
    assert held.most_together == 1


# The file.


def _file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    """The URL of an SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'conversations.db'}"


async def _keep(store: ConversationStore, number: int, **slots: object) -> None:
    """Keep a conversation as turns do, without the turns, which take longer."""
    async with store.hold(conversation_id(f"page {number}")) as held:
        await held.keep(Standing(slots, [{title_key("Yes"): "/affirm"}] * (number % 7)))


async def test_what_is_removed_is_gone_from_the_bytes_of_the_file_and_from_beside_it(
    file_url: str, clock: Clock
) -> None:
    store = ConversationStore(file_url, MINUTES, clock)
    sessions = [conversation_id(f"page {number}") for number in range(120)]
    for number in range(120):
        await _keep(store, number, goals=["goal_apology"])
        await _keep(store, number, goals=["goal_apology"], programs_kept=["us-ia-doc-vois"] * (number % 40))
    assert sessions[7].encode() in _file(file_url).read_bytes()
    for session in sessions[::2]:
        async with store.hold(session) as held:
            await held.remove()
    clock.forward(MINUTES + 1)
    assert await store.remove_expired() == 60
    written = _file(file_url).read_bytes()
    for trace in [*sessions, *(session[:16] for session in sessions), "goal_apology", "us-ia-doc-vois", "slots"]:
        assert trace.encode() not in written, trace
    assert [path.name for path in _file(file_url).parent.iterdir()] == [_file(file_url).name]
    store.close()


async def test_a_turn_leaves_no_older_state_in_the_bytes_of_the_file(file_url: str) -> None:
    store = ConversationStore(file_url, MINUTES)
    for number in range(200):
        await _keep(store, number, goals=["goal_apology"] * (1 + number % 5))
    for number in range(200):
        await _keep(store, number, programs_kept=["us-ia-doc-vois"] * (number % 40))
    assert b"goal_apology" not in _file(file_url).read_bytes()
    store.close()


def test_a_second_process_is_refused_the_file_and_others_may_not_read_it(
    file_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine.conversation_database.WAIT_SECONDS", 0.1)
    first = ConversationStore(file_url, MINUTES)
    assert _file(file_url).stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConversationsUnavailable, match="no other process uses it"):
        ConversationStore(file_url, MINUTES)
    first.close()
    ConversationStore(file_url, MINUTES).close()


def test_a_file_of_something_else_is_left_alone(directory_file: Path) -> None:
    before = directory_file.read_bytes()
    with pytest.raises(ConversationsUnavailable, match="file of their own"):
        ConversationStore(f"sqlite:///{directory_file}", MINUTES)
    assert directory_file.read_bytes() == before


def test_what_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("a letter, which is no database, and long enough to be held for one " * 10)
    with pytest.raises(ConversationsUnavailable, match=r"letter\.txt"):
        ConversationStore(f"sqlite:///{tmp_path / 'letter.txt'}", MINUTES)
    assert (tmp_path / "letter.txt").read_text().startswith("a letter")


async def test_a_file_of_ours_that_a_crash_damaged_is_begun_anew(
    file_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = ConversationStore(file_url, MINUTES)
    for number in range(60):
        await _keep(store, number, goals=["goal_apology"])
    store.close()
    whole = _file(file_url).read_bytes()
    _file(file_url).write_bytes(whole[:4096] + bytes(len(whole) - 8192) + whole[-4096:])
    again = ConversationStore(file_url, MINUTES)
    assert await again.count() == 0
    assert "the talks in it have ended" in caplog.text
    await _keep(again, 1, goals=["goal_apology"])
    assert await again.count() == 1
    again.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("no url at all", "FOOTBRIDGE_CONVERSATIONS_URL is not a URL"),
        ("mysql://somebody:secret@127.0.0.1/name", "'mysql'"),
        ("sqlite:////no/such/folder/conversations.db", "the folder exists"),
        ("postgresql://somebody:secret@127.0.0.1:1/name", "Check that the server runs"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_without_its_password(url: str, message: str) -> None:
    with pytest.raises(ConversationsUnavailable, match=message) as raised:
        ConversationStore(url, MINUTES)
    assert "secret" not in str(raised.value)
