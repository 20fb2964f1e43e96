"""The numbers in what is said are those of resources.csv: filled in, checked when read, and shown for tapping."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.answers.catalog import AnswerDataError, Catalog, Reply, catalog, read_catalog
from bot.engine.gate import renderer
from bot.settings import DATA
from bot.understanding.safety_rules import read_rule_book
from tests.answers.test_answer_texts import numbers_to_call

CRISES = [reply for reply in catalog().replies.values() if reply.id.startswith("crisis_")]
FROM_LINES = [*CRISES, catalog().replies["help_stays"]]
# By the knowledge that the replies were drafted from: what each of them has to say.
NUMBERS = {
    "crisis_danger": {"911", "988", "1-800-799-7233", "88788"},
    "crisis_suicide": {"988", "741741", "911"},
    "crisis_selfharm": {"988", "741741", "911"},
    "crisis_harm_others": {"911", "988"},
    "crisis_trafficking": {"1-888-373-7888", "233733", "911"},
    "crisis_child": {"911", "1-800-422-4453"},
    "crisis_ongoing_abuse": {"1-800-799-7233", "88788", "911"},
    "crisis_flashback": {"988"},
    "crisis_minor": {"1-800-422-4453", "741741", "911"},
    "crisis_intoxication": {"911", "988", "1-800-662-4357"},
    "crisis_perpetrator": {"1-877-898-3411", "988"},
    "help_stays": {"988", "911"},
}

each_crisis = pytest.mark.parametrize("reply", CRISES, ids=[reply.id for reply in CRISES])
each_from_lines = pytest.mark.parametrize("reply", FROM_LINES, ids=[reply.id for reply in FROM_LINES])


@dataclass(frozen=True)
class DataCopy:
    """A copy of answers and directory that a test may damage."""

    path: Path

    def change(self, file: str, old: str, new: str) -> None:
        """Replace the first place of some words in a file."""
        path = self.path / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def read(self) -> Catalog:
        """Read it."""
        return read_catalog(self.path / "answers", self.path / "directory")


@pytest.fixture
def data(tmp_path: Path) -> DataCopy:
    """A damageable copy of the real answers and directory."""
    for name in ("answers", "directory"):
        shutil.copytree(DATA / name, tmp_path / name)
    return DataCopy(tmp_path)


def test_crisis_replies_stand_in_the_order_in_which_danger_is_looked_for() -> None:
    assert [reply.id for reply in CRISES] == read_rule_book().order


@each_from_lines
def test_a_crisis_reply_says_its_numbers(reply: Reply) -> None:
    rendered = renderer().render(reply.id)
    assert numbers_to_call(rendered.text) == NUMBERS[reply.id]
    assert "{" not in rendered.text


@each_crisis
def test_help_comes_in_the_first_words(reply: Reply) -> None:
    first = renderer().render(reply.id).paragraphs[0]
    assert numbers_to_call(first)
    assert len(first.split()) <= 30


@each_from_lines
def test_every_number_that_is_said_can_be_tapped(reply: Reply) -> None:
    rendered = renderer().render(reply.id)
    tapped = {number for line in rendered.lines for link in line.links for number in numbers_to_call(link.title)}
    assert numbers_to_call(rendered.text) <= tapped


def test_every_number_that_is_said_anywhere_is_one_of_a_help_line() -> None:
    known = {
        number.removeprefix("+")
        for row in catalog().lines.values()
        for number in (row.phone, row.text_number, row.tty)
        if number
    }
    words = renderer()
    said = {topic.id: f"{topic.words} {topic.simpler}" for topic in catalog().topics.values()}
    said |= {reply.id: words.render(reply.id).text for reply in catalog().replies.values() if not reply.blanks}
    said |= words.page_words(minutes=30, warning_minutes=2)
    for name, text in said.items():
        assert numbers_to_call(re.sub(r"https?://\S+", "", text)) <= known, name


def test_a_new_number_in_the_directory_is_the_one_that_is_said(data: DataCopy) -> None:
    data.change("directory/resources.csv", "+1-877-898-3411", "+1-877-555-0100")
    row = data.read().lines["us-a-call-for-change"]
    assert row.phone == "+1-877-555-0100"
    data.change("directory/resources.csv", "+1-877-555-0100", "")
    with pytest.raises(AnswerDataError, match=r"crisis_perpetrator.*has no phone, text or chat"):
        data.read()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("lines: [us-911, us-988, us-ndvh]", "lines: [us-911, us-nobody]", r"'crisis_danger'.*'us-nobody'.*resources"),
        ("lines: [us-911, us-988, us-ndvh]", "lines: [us-911, us-ndvh]", r"'crisis_danger'.*us-988: add it"),
        ("lines: [us-911, us-988, us-ndvh]", "lines: [us-ovc]", r"'us-ovc', which has no phone, text or chat"),
        ("    lines: [us-911, us-988, us-ndvh]\n", "", r"'crisis_danger'"),
        ("call {us-911.phone} now", "call 911 now", r"'crisis_danger' has the number 911 typed by hand"),
        ("call {us-ndvh.phone}", "call 1-800-799-7233", r"'crisis_danger' has the number 1-800-799-7233 typed"),
        ("title: More numbers", "title: Call 988", r"'crisis_danger' has the number 988 typed by hand"),
        ("{us-911.phone}", "{us-912.phone}", r"'crisis_danger' names the line 'us-912'"),
        ("{us-911.phone}", "{us-911.fax}", r"'crisis_danger': \{us-911.fax\} takes one of name, phone"),
        ("{us-911.phone}", "{us-911.text_number}", r"'us-911' has no text_number in resources.csv"),
        ("{us-911.phone}", "{us-911.phone", r"'crisis_danger': a blank has no beginning or no end"),
    ],
)
def test_what_is_wrong_with_the_lines_of_a_crisis_reply_is_named(data: DataCopy, old: str, new: str, says: str) -> None:
    data.change("answers/crisis.yml", old, new)
    with pytest.raises(AnswerDataError, match=says) as caught:
        data.read()
    assert "crisis.yml" in str(caught.value)


def test_a_crisis_reply_without_lines_is_refused(data: DataCopy) -> None:
    data.change("answers/crisis.yml", "    lines: [us-988]\n", "")
    data.change("answers/crisis.yml", "You can call or text {us-988.phone} to talk with a person.", "")
    with pytest.raises(AnswerDataError, match=r"'crisis_flashback' names no `lines`"):
        data.read()


@pytest.mark.parametrize("file", ["dialogue.yml", "page.yml", "spanish.yml"])
def test_an_unknown_line_is_named_in_other_files_too(data: DataCopy, file: str) -> None:
    data.change(f"answers/{file}", "{us-911.phone}", "{us-912.phone}")
    with pytest.raises(AnswerDataError, match=rf"{file}: .*'us-912'"):
        data.read()


def test_links_call_write_and_chat() -> None:
    lines = {line.id: line for line in renderer().render("crisis_suicide").lines}
    assert [(link.way, link.title, link.address) for link in lines["us-988"].links] == [
        ("call", "Call 988", "tel:988"),
        ("text", "Text 988", "sms:988"),
        ("chat", "Chat with 988 (opens another site)", "https://988lifeline.org/"),
    ]
    assert [(link.title, link.address) for link in lines["us-crisis-text-line"].links] == [
        ("Text HOME to 741741", "sms:741741?&body=HOME")
    ]
    abuse = renderer().render("crisis_ongoing_abuse").lines[0]
    assert [link.address for link in abuse.links[:2]] == ["tel:+18007997233", "sms:88788?&body=START"]


def test_a_line_that_is_uncertain_or_not_always_there_says_so_wherever_it_is_shown() -> None:
    words = renderer()
    for answer in ("talk_to_person", "national_contacts"):
        (line,) = [line for block in words.render(answer).blocks for line in block.lines if "VictimConnect" in line]
        assert "if it still answers (its funding was cut in 2025 and said to be coming back)" in line
    perpetrator = words.render("crisis_perpetrator")
    assert "1-877-898-3411, though not at every hour" in perpetrator.text
    assert perpetrator.lines[0].caution == "not at every hour"
    assert perpetrator.lines[0].summary == "A Call for Change: call 1-877-898-3411, not at every hour"
    assert perpetrator.lines[1].caution is None


def test_young_people_are_shown_the_line_about_dating_abuse() -> None:
    lines = {line.id: line for line in renderer().render("crisis_minor").lines}
    assert lines["us-teen-dating"].phone == "1-866-331-9474"
