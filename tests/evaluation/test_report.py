"""What the evaluation writes: the table, the sections of the Markdown files, and the pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.engine.engine import Engine
from bot.settings import PROJECT
from evaluation import measures, pictures, report, table
from evaluation.messages import (
    ActMessage,
    EvaluationSet,
    GoalMessage,
    OutOfScopeMessage,
    PlaceMessage,
    SpanishMessage,
    TopicMessage,
)
from evaluation.readings import Read, Reading, ReadSet, read_messages

VOICES = ("short", "plain", "typo", "story", "indirect")
KINDS = ("near", "far", "nonsense", "abuse", "injection")
REFUSED = Reading("out_of_scope", answered=False, milliseconds=4)


@pytest.fixture
def read() -> ReadSet:
    """A small set of which everything is understood but the message in the voice `typo`."""
    found = {voice: Reading("timing" if voice == "typo" else "cost", milliseconds=10) for voice in VOICES}
    return ReadSet(
        topics=[Read(TopicMessage("how much", "cost", voice), reading) for voice, reading in found.items()],
        acts=[Read(ActMessage("hi", "greet"), Reading("greet", milliseconds=4))],
        out_of_scope=[Read(OutOfScopeMessage("rain?", kind), REFUSED) for kind in KINDS],
        goals=[Read(GoalMessage("say sorry", frozenset({"a"})), Reading("share_goals", goals=frozenset({"a"})))],
        places=[Read(PlaceMessage("Texas", "TX", frozenset()), Reading("find_program", state="TX"))],
        spanish=[Read(SpanishMessage("cuanto", "cost"), Reading("cost"))],
    )


@pytest.mark.parametrize("page", [PROJECT / "README.md", PROJECT / "docs" / "evaluation" / "README.md"])
def test_the_table_of_each_page_has_every_measure_and_every_figure(page: Path) -> None:
    section = re.search(r"<!-- evaluation -->(.*)<!-- /evaluation -->", page.read_text(encoding="utf-8"), re.DOTALL)
    assert section is not None
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section[1].split("\n") if "|" in line]
    assert [row[0] for row in rows[2:]] == list(table.MEASURES)
    for measure, target, development, final, met in rows[2:]:
        assert re.match(r"\d", final), measure
        assert measure == "Training" or re.match(r"\d", development), measure
        assert met in (("yes", "no") if target else ("",)), measure


def test_the_pictures_and_the_confusions_of_the_page_are_there() -> None:
    page = PROJECT / "docs" / "evaluation" / "README.md"
    written = page.read_text(encoding="utf-8")
    for picture in re.findall(r"!\[.+?\]\((.+?)\)", written):
        assert (page.parent / picture).read_bytes().startswith(b"\x89PNG"), picture
    section = re.search(r"<!-- confusions -->(.*)<!-- /confusions -->", written, re.DOTALL)
    assert section is not None
    assert len(section[1].strip().splitlines()) == 2 + 10


def test_targets_are_those_of_the_project() -> None:
    targets = {measure: str(target) for measure, target in table.MEASURES.items() if target}
    assert targets == {
        "Topic right": "at least 0.90",
        "Topic right or among the offered": "at least 0.97",
        "Answered with a wrong topic": "at most 0.03",
        "In scope, wrongly refused": "at most 0.05",
        "Out of scope refused: near": "at least 0.90",
        "Out of scope refused: far": "at least 0.99",
        "Goals, micro F1": "at least 0.90",
        "Places right": "at least 0.97",
        "Spanish topic right": "at least 0.80",
        "A message read, median": "at most 8 ms",
        "Training": "at most 60 s",
    }


def test_the_table_says_of_the_final_set_whether_a_target_is_met(read: ReadSet) -> None:
    figures = table.figures(read)
    assert set(figures) == set(table.MEASURES) - {"Training"}
    trained = {"Training": table.Figure(60.0, "60 s")}
    written = table.markdown(figures, {**figures, **trained}).splitlines()
    assert "| Topic right | at least 0.90 | 0.800 (4 of 5) | 0.800 (4 of 5) | no |" in written
    assert "| Topic right: typo |  | 0.000 (0 of 1) | 0.000 (0 of 1) |  |" in written
    assert "| Out of scope refused: near | at least 0.90 | 1.000 (1 of 1) | 1.000 (1 of 1) | yes |" in written
    assert "| Goals, micro F1 | at least 0.90 | 1.000 | 1.000 | yes |" in written
    # 5 topics of 10 ms, an act and 5 out of scope of 4 ms, a goal, a place and a Spanish message of 0 ms
    assert "| A message read, median | at most 8 ms | 4.0 ms | 4.0 ms | yes |" in written
    assert "| Training | at most 60 s |  | 60 s | yes |" in written


def test_a_section_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- /a -->\nafter\n", encoding="utf-8")
    for _ in range(2):
        report.replace_section(page, "a", r"new \1")
        assert page.read_text(encoding="utf-8") == "before\n<!-- a -->\n\nnew \\1\n\n<!-- /a -->\nafter\n"


@pytest.mark.parametrize("content", [None, "nothing", "<!-- /a --><!-- a -->", "<!-- a --><!-- a --><!-- /a -->"])
def test_a_page_without_a_place_for_the_section_is_named(tmp_path: Path, content: str | None) -> None:
    page = tmp_path / "README.md"
    if content is not None:
        page.write_text(content, encoding="utf-8")
    with pytest.raises(report.ReportError, match=r"README\.md must have <!-- a -->"):
        report.replace_section(page, "a", "new")


def test_confusions_are_a_table() -> None:
    written = report.confusion_list([("cost", "timing", 3)])
    assert written.splitlines()[-1] == "| `cost` | `timing` | 3 |"
    assert "|" not in report.confusion_list([])


def test_the_same_figures_make_the_same_pictures(tmp_path: Path) -> None:
    rows = {
        "how": measures.ConfusionRow(3, {"how": 1, "out_of_scope": 1}),
        "out_of_scope": measures.ConfusionRow(5, {}),
    }
    points = [measures.ThresholdPoint(0.0, 1.0, 0.5, 0.5), measures.ThresholdPoint(1.0, 0.0, None, 0.0)]
    reliable = [measures.ReliabilityPoint(0.25, 0.5, 4), measures.ReliabilityPoint(1.0, 1.0, 9)]
    drawn = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        labels = {"how": "How it works", "out_of_scope": "Out of scope"}
        pictures.draw_confusion(folder / "confusion.png", rows, labels, labels)
        both = {"development": points, "final": points}
        pictures.draw_confidence(folder / "confidence.png", both, dict.fromkeys(both, reliable))
        drawn.append([(folder / name).read_bytes() for name in ("confusion.png", "confidence.png")])
    assert drawn[0] == drawn[1]
    assert all(picture.startswith(b"\x89PNG") for picture in drawn[0])


async def test_messages_are_read_by_the_engine_itself(engine: Engine) -> None:
    read = await read_messages(
        engine,
        EvaluationSet(
            topics=[TopicMessage("how much does it cost", "cost", "plain")],
            acts=[ActMessage("thank you", "thanks")],
            out_of_scope=[OutOfScopeMessage("\U0001f622", "nonsense")],
            goals=[GoalMessage("i want him to say sorry", frozenset({"goal_apology"}))],
            places=[PlaceMessage("des moines, iowa", "IA", frozenset())],
            spanish=[SpanishMessage("i want to die", "safety_now")],
        ),
    )
    cost, thanks = read.topics[0].reading, read.acts[0].reading
    assert (cost.topic, cost.answered, cost.offered, cost.crisis) == ("cost", True, frozenset(), None)
    assert (thanks.topic, thanks.answered) == ("thanks", True)
    assert measures.is_refused(read.out_of_scope[0].reading)
    assert read.goals[0].reading.goals == {"goal_apology"}
    assert read.places[0].reading.state == "IA"
    assert measures.is_right("safety_now", read.spanish[0].reading)
    assert all(spent > 0 for spent in read.milliseconds)
