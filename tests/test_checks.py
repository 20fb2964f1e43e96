"""What `footbridge check` finds, and what a start of the server warns of."""

from __future__ import annotations

import logging
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.answers.catalog import catalog, read_catalog
from bot.channels.web.server import warn_of_expired_topics, warn_of_overdue_lines
from bot.checks import check_data
from bot.directory.freshness import overdue
from bot.directory.importer import read_resources
from bot.settings import DATA, SettingError, Settings

LINES = read_resources(DATA / "directory")
SEEN = date(2026, 11, 22)
LONGEST = 31  # days


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the data that a test may damage."""
    for name in ("answers", "directory", "safety"):
        shutil.copytree(DATA / name, tmp_path / name)
    return tmp_path


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("last_seen", "is_overdue"),
    [
        (SEEN, False),
        (SEEN - timedelta(days=LONGEST), False),
        (SEEN - timedelta(days=LONGEST + 1), True),
        (SEEN + timedelta(days=1), False),
        (SEEN + timedelta(days=400), True),
    ],
)
def test_a_line_is_overdue_after_a_month_or_when_its_day_is_still_to_come(last_seen: date, is_overdue: bool) -> None:
    line = LINES[0].copy(update={"last_seen": last_seen})
    assert overdue([line], SEEN, LONGEST) == ([line] if is_overdue else [])


def test_organizations_without_a_line_are_never_overdue() -> None:
    ids = {line.id for line in overdue(LINES, date(2036, 1, 1), LONGEST)}
    assert ids >= {"us-911", "us-988", "us-a-call-for-change", "us-teen-dating", "us-victimconnect"}
    assert not ids & {"us-ovc", "us-navac", "us-nacrj", "us-just-alternatives"}


def test_one_old_line_among_good_data_is_named_with_its_day_and_source(data: Path) -> None:
    _change(data / "directory" / "resources.csv", "2023-02-16,2026-11-22", "2023-02-16,2026-10-01")
    seen = max(line.last_seen for line in LINES)
    report = check_data(seen, LONGEST, data)
    assert len(report.good) == 5
    (problem,) = report.problems
    assert problem.startswith("A Call for Change (us-a-call-for-change): last seen on 2026-10-01 at https://claytoncr")


def test_a_part_that_is_broken_hides_no_other(data: Path) -> None:
    _change(data / "answers" / "crisis.yml", "call {us-911.phone} now", "call 911 now")
    _change(data / "safety" / "rules.yml", "\nguards:", "\ngards:")
    (data / "directory" / "programs.csv").unlink()
    report = check_data(SEEN + timedelta(days=60), LONGEST, data)
    assert len(report.problems) == 3 + len(overdue(LINES, SEEN + timedelta(days=60), LONGEST))
    told = "\n".join(report.problems)
    for name in ("crisis.yml", "rules.yml", "programs.csv", "us-988"):
        assert name in told
    assert [line.partition(":")[0] for line in report.good] == ["Help lines"]


def test_a_broken_guide_for_the_helpline_is_named(data: Path) -> None:
    _change(data / "answers" / "helpline" / "script.yml", "id: crisis_danger}", "id: crisis_dangers}")
    report = check_data(SEEN, LONGEST, data)
    (problem,) = report.problems
    assert "script.yml" in problem
    assert "'crisis_dangers'" in problem


def test_broken_help_lines_are_named_once(data: Path) -> None:
    _change(data / "directory" / "resources.csv", "+1-877-898-3411", "877-898-3411")
    report = check_data(SEEN, LONGEST, data)
    (problem,) = report.problems
    assert problem.startswith("resources.csv, line 19, column phone")


def test_the_server_warns_once_with_names_and_days_only(caplog: pytest.LogCaptureFixture) -> None:
    lines = [LINES[0], *(line.copy(update={"last_seen": date(2026, 9, 1)}) for line in LINES[1:3])]
    warn_of_overdue_lines(lines, SEEN, LONGEST)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "988 Suicide & Crisis Lifeline (2026-09-01); Veterans Crisis Line (2026-09-01)" in record.getMessage()
    assert "911 emergency" not in record.getMessage()


def test_the_server_warns_of_nothing_where_all_is_fresh(caplog: pytest.LogCaptureFixture) -> None:
    warn_of_overdue_lines([line.copy(update={"last_seen": SEEN}) for line in LINES], SEEN, LONGEST)
    assert caplog.records == []


# Reviews


@pytest.mark.parametrize(("days", "named"), [(-31, False), (-30, False), (-29, True), (0, True), (1, True)])
def test_answers_are_named_in_the_month_before_their_review_and_after_it(data: Path, days: int, named: bool) -> None:
    _change(data / "answers" / "topics" / "choosing.yml", "review_by: 2027-05-22", "review_by: 2027-01-15")
    report = check_data(date(2027, 1, 15) + timedelta(days=days), 366, data)
    assert len(report.good) == 5
    if not named:
        assert report.problems == ()
        return
    (problem,) = report.problems
    assert problem.startswith("Topics to be reviewed by 2027-01-15")
    assert ("which has passed" in problem) == (days > 0)
    assert problem.endswith(f"`review_by`: {read_catalog(data / 'answers').families['choosing'].topics[0]}.")


def test_goals_and_the_dialogues_own_words_are_named_too(data: Path) -> None:
    due = max(reply.review_by for reply in read_catalog(data / "answers").replies.values())
    kinds = [problem.partition(" ")[0] for problem in check_data(due + timedelta(days=1), 366, data).problems]
    assert kinds == ["Topics", "Goals", "Replies"]


def test_the_server_warns_of_topics_that_it_does_not_show(caplog: pytest.LogCaptureFixture) -> None:
    topics = [catalog().topics[one].copy(update={"review_by": SEEN}) for one in ("cost", "safety_now")]
    warn_of_expired_topics([*topics, catalog().topics["how_long"]], SEEN)
    assert caplog.records == []
    warn_of_expired_topics([*topics, catalog().topics["how_long"]], SEEN + timedelta(days=1))
    (record,) = caplog.records
    assert "reviewed them: cost. See" in record.getMessage()


@pytest.mark.parametrize("value", ["0", "-1", "soon", "367", "²"])
def test_a_number_of_days_that_makes_no_sense_is_named(value: str) -> None:
    with pytest.raises(SettingError, match="FOOTBRIDGE_HELP_LINE_DAYS"):
        Settings.from_environment({"FOOTBRIDGE_HELP_LINE_DAYS": value})


def test_the_number_of_days_can_be_set() -> None:
    assert Settings.from_environment({"FOOTBRIDGE_HELP_LINE_DAYS": "7"}).help_line_days == 7
    assert Settings.from_environment({}).help_line_days == LONGEST
