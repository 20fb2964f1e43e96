"""Checks the data that people edit, and says what nobody has looked at for too long: help lines, and answers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from bot.answers.catalog import AnswerDataError, Catalog, Reviewed, read_catalog
from bot.answers.helpline import HELPLINE, read_guide
from bot.answers.views import Views
from bot.channels.helpline.console_words import WORDS_FILE, console_words
from bot.directory.freshness import overdue
from bot.directory.importer import RESOURCES_FILE, DirectoryDataError, read_directory, read_resources
from bot.directory.session import open_session
from bot.settings import DATA
from bot.understanding.safety_rules import SafetyRules, SafetyRulesError

REVIEW_AHEAD = timedelta(days=30)  # in which somebody can still review what is about to expire


@dataclass(frozen=True)
class Report:
    """What a check found: a line for each part that is good, and a line for each problem."""

    good: tuple[str, ...]
    problems: tuple[str, ...]


def check_data(today: date, longest: int, data: Path = DATA) -> Report:
    """Check answers, reviews, helpline, safety rules, directory and help lines; a broken part hides no other.

    Args:
        today: the day that reviews and help lines are held against.
        longest: days for which a help line needs no new look.
        data: the folder of all data.
    """
    good: list[str] = []
    problems: list[str] = []
    parts: tuple[Callable[[], str], ...] = (
        lambda: _answers(data),
        lambda: _helpline(data),
        lambda: _safety_rules(data),
        lambda: _directory(data),
    )
    for part in parts:
        try:
            good.append(part())
        except (AnswerDataError, DirectoryDataError, SafetyRulesError) as error:
            # The answers name what is wrong with the help lines too, and so does the directory.
            problems += [line for line in str(error).splitlines() if line not in problems]
    with suppress(AnswerDataError, DirectoryDataError):  # named above
        problems += _reviews(read_catalog(data / "answers", data / "directory"), today)
    try:
        lines = [row for row in read_resources(data / "directory") if row.is_help_line]
    except DirectoryDataError:
        return Report(tuple(good), tuple(problems))  # named above
    old = overdue(lines, today, longest)
    problems += [
        f"{row.name} ({row.id}): last seen on {row.last_seen} at {row.sources[0]}, which is not within {longest} days "
        f"of {today}. Look there again, then write the day into `last_seen` of {RESOURCES_FILE}."
        for row in old
    ]
    good.append(f"Help lines: {len(lines)}, of which {len(lines) - len(old)} were checked within {longest} days.")
    return Report(tuple(good), tuple(problems))


def _answers(data: Path) -> str:
    read = read_catalog(data / "answers", data / "directory")
    return f"Answers: {len(read.topics)} topics, {len(read.goals)} goals, {len(read.replies)} replies."


def _helpline(data: Path) -> str:
    words = read_catalog(data / "answers", data / "directory")
    # Nothing that staff read aloud comes from the directory's database.
    guide = read_guide(data / "answers", words, Views(words, words.lines.values(), partial(open_session, "")))
    console_words(data / "answers" / HELPLINE / WORDS_FILE.name)
    return f"Helpline: {len(guide.cards)} cards, {len(guide.steps)} steps, {len(guide.moments)} hard moments."


def _reviews(read: Catalog, today: date) -> list[str]:
    """A line for each day of review that has passed or is near, with the ids of what waits for it."""
    problems = []
    for kind, entries in (("Topics", read.topics), ("Goals", read.goals), ("Replies", read.replies)):
        due: dict[date, list[Reviewed]] = {}
        for entry in entries.values():
            if entry.is_expired(today + REVIEW_AHEAD):
                due.setdefault(entry.review_by, []).append(entry)
        for day, waiting in sorted(due.items()):
            ids = ", ".join(entry.id for entry in waiting)
            told = f"{kind} to be reviewed by {day}"
            if day < today:
                told += ", which has passed"
            if day < today and kind == "Topics":
                told += ", so that all but those for help are not shown"
            problems.append(f"{told}. Have them reviewed, then write the new day into `review_by`: {ids}.")
    return problems


def _safety_rules(data: Path) -> str:
    rules = SafetyRules.read(data / "safety" / "rules.yml")
    return f"Safety rules: {len(rules.order)} crises."


def _directory(data: Path) -> str:
    read = read_directory(data / "directory")
    return f"Directory: {len(read.programs)} programs, {len(read.offices)} offices, {len(read.resources)} resources."
