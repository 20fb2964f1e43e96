"""What is said in Spanish: its numbers are those of lines that answer in Spanish, and it says where it was read."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.answers.catalog import AnswerDataError, Reply, catalog, read_catalog
from bot.engine.gate import renderer
from bot.settings import DATA
from tests.answers.test_answer_texts import numbers_to_call

REPLIES = [reply for reply in catalog().replies.values() if reply.language == "es"]
EMERGENCY = "911"  # dispatch, whose languages differ from place to place

each_reply = pytest.mark.parametrize("reply", REPLIES, ids=[reply.id for reply in REPLIES])


def _lines_in_spanish() -> list[dict[str, str]]:
    with (DATA / "directory" / "resources.csv").open(encoding="utf-8", newline="") as rows:
        return [row for row in csv.DictReader(rows) if re.search(r"Spanish(?! \(website\))", row["languages"])]


def _dialed(row: dict[str, str]) -> set[str]:
    return {row[column].removeprefix("+") for column in ("phone", "text_number") if row[column]}


@each_reply
def test_every_number_is_of_a_line_that_answers_in_spanish(reply: Reply) -> None:
    known = {number for row in _lines_in_spanish() for number in _dialed(row)} | {EMERGENCY}
    said = numbers_to_call(renderer().render(reply.id).text)
    assert "988" in said
    assert said <= known


@each_reply
def test_every_keyword_is_the_one_that_the_directory_gives_for_that_number(reply: Reply) -> None:
    text = renderer().render(reply.id).text
    keywords = set(re.findall(r"\b(?!RAINN|SAMHSA)[A-Z]{4,}\b", text))
    rows = {row["id"]: row for row in _lines_in_spanish()}
    assert "text AYUDA" in rows["us-988"]["languages"]
    assert "option 2" in rows["us-988"]["languages"]
    assert rows["us-crisis-text-line"]["text_keyword"].split()[0] == "HOME"
    assert keywords <= {"AYUDA", "HOME"}
    for keyword, number in re.findall(r"([A-Z]{4,})(?: por mensaje de texto)? al ([\d-]*\d)", text):
        assert (keyword, number) in {("AYUDA", "988"), ("HOME", "741741")}


def test_danger_and_the_language_of_the_answers_are_said_first() -> None:
    first, second = renderer().render("spanish").paragraphs
    assert "911" in first
    assert "988" in first
    assert "solo contesta en inglés" in second
    assert "intérprete" in second


@each_reply
def test_reply_cites_known_sources_and_is_due_for_review_within_half_a_year(reply: Reply) -> None:
    assert reply.sources
    assert set(reply.sources) <= set(catalog().sources)
    assert timedelta(0) < reply.review_by - reply.written <= timedelta(days=184)


def test_a_reply_in_spanish_without_a_source_is_refused(tmp_path: Path) -> None:
    for path in (DATA / "answers").rglob("*.yml"):
        copy = tmp_path / path.relative_to(DATA / "answers")
        copy.parent.mkdir(exist_ok=True)
        text = path.read_text(encoding="utf-8")
        copy.write_text(text.replace("    sources: [S127]\n", "") if path.name == "spanish.yml" else text)
    with pytest.raises(AnswerDataError, match="'spanish_again' is not in English"):
        read_catalog(tmp_path)
