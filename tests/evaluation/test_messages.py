"""The evaluation messages are complete, name what exists, and a bad row is named."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from bot.answers.catalog import catalog
from bot.settings import PROJECT
from evaluation.messages import ACTS, FOLDER, SETS, EvaluationSet, MessageDataError, read_set

GOOD = {
    "topics.csv": 'topic,voice,text\ncost,short,"cost?"\n',
    "acts.csv": 'act,text\ngreet,"hello"\n',
    "out_of_scope.csv": 'kind,text\nfar,"will it rain"\n',
    "goals.csv": 'goals,text\ngoal_apology goal_answers,"say sorry, and say why"\n,"my sister wants it"\n',
    "places.csv": 'state,also,text\nTX,OH,"not Ohio, ""Texas"""\n,,"no idea"\n',
    "spanish.csv": 'topic,text\ncost,"cuanto cuesta"\n',
}


@pytest.fixture(scope="module", params=SETS)
def messages(request: pytest.FixtureRequest) -> EvaluationSet:
    """Each set as it stands in the project."""
    return read_set(FOLDER / request.param)


def test_every_topic_has_messages_in_several_voices(messages: EvaluationSet) -> None:
    assert len(catalog().topics) == 76
    voices = {topic: {one.voice for one in messages.topics if one.topic == topic} for topic in catalog().topics}
    assert {topic: heard for topic, heard in voices.items() if len(heard) < 4} == {}
    # A voice that a few topics lack is still heard about most of them.
    counts = Counter(message.voice for message in messages.topics)
    assert {
        voice: counts[voice] for voice in ("short", "plain", "typo", "story", "indirect") if counts[voice] < 50
    } == {}


def test_every_act_every_goal_and_every_kind_has_messages(messages: EvaluationSet) -> None:
    assert {message.act for message in messages.acts} == set(ACTS)
    assert {goal for message in messages.goals for goal in message.goals} == set(catalog().goals)
    assert sum(not message.goals for message in messages.goals) >= 10
    kinds = Counter(message.kind for message in messages.out_of_scope)
    least = {"near": 80, "far": 60, "nonsense": 20, "abuse": 20, "injection": 20}
    assert {kind: kinds[kind] for kind, few in least.items() if kinds[kind] < few} == {}
    assert sum(message.state is None for message in messages.places) >= 20


def test_each_file_has_enough_messages(messages: EvaluationSet) -> None:
    assert len(messages.out_of_scope) >= 200
    assert len(messages.places) >= 150
    assert len(messages.goals) >= 100
    assert len(messages.spanish) >= 40


def test_the_acts_are_those_of_the_contract() -> None:
    contract = " ".join((PROJECT / "docs" / "command-line.md").read_text(encoding="utf-8").split())
    listed = re.search(r"The acts are ([a-z_, ]+)\.", contract)
    assert listed is not None
    assert set(ACTS) == set(listed[1].split(", "))


def test_a_set_is_read_as_it_is_written(tmp_path: Path) -> None:
    _write(tmp_path)
    read = read_set(tmp_path)
    assert (read.topics[0].topic, read.topics[0].voice, read.topics[0].text) == ("cost", "short", "cost?")
    assert [message.goals for message in read.goals] == [{"goal_apology", "goal_answers"}, set()]
    texas, nowhere = read.places
    assert (texas.state, texas.also, texas.text) == ("TX", frozenset({"OH"}), 'not Ohio, "Texas"')
    assert (nowhere.state, nowhere.also) == (None, frozenset())


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("topics.csv", 'topic,voice,text\ncost,short,"cost?"\nkost,short,"SECRET"\n', r"row 3: topic is 'kost'"),
        ("topics.csv", 'topic,voice,text\ncost,loud,"SECRET"\n', r"row 2: voice is 'loud'"),
        ("acts.csv", 'act,text\ndance,"SECRET"\n', r"row 2: act is 'dance'"),
        ("out_of_scope.csv", 'kind,text\nodd,"SECRET"\n', r"row 2: kind is 'odd'"),
        ("goals.csv", 'goals,text\ngoal_apology goal_gold,"SECRET"\n', r"row 2: goals is 'goal_gold'"),
        ("places.csv", 'state,also,text\nTX,Ohio,"SECRET"\n', r"row 2: also is 'Ohio'"),
        ("places.csv", 'state,also,text\nXX,,"SECRET"\n', r"row 2: state is 'XX'"),
        ("spanish.csv", 'topic,text\ncost,"SECRET", more\n', r"row 2 has 3 cells"),
        ("spanish.csv", 'topic,text\ncost,"  "\n', r"row 2 has no text"),
        ("spanish.csv", 'text,topic\n"SECRET",cost\n', r"the first row must be topic,text"),
        ("spanish.csv", "topic,text\n", r"has no rows"),
        ("spanish.csv", "", r"is empty"),
        ("spanish.csv", 'topic,text\ncost,"SECRET" x\n', r"is no CSV"),
    ],
)
def test_a_bad_row_is_named_and_its_text_is_not_told(tmp_path: Path, name: str, content: str, said: str) -> None:
    _write(tmp_path)
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(MessageDataError, match=f"{re.escape(name)}.*{said}") as raised:
        read_set(tmp_path)
    assert "SECRET" not in str(raised.value)


def test_a_missing_or_unreadable_file_is_named(tmp_path: Path) -> None:
    _write(tmp_path)
    (tmp_path / "acts.csv").write_bytes(b'act,text\ngreet,"\xff"\n')
    with pytest.raises(MessageDataError, match=r"acts\.csv .*UTF-8"):
        read_set(tmp_path)
    (tmp_path / "acts.csv").unlink()
    with pytest.raises(MessageDataError, match=r"acts\.csv is missing"):
        read_set(tmp_path)


def _write(folder: Path) -> None:
    for name, content in GOOD.items():
        (folder / name).write_text(content, encoding="utf-8")
