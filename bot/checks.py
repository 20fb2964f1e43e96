"""Checks the data that people edit, and says which help lines nobody has looked at for too long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from bot.answers.catalog import AnswerDataError, read_catalog
from bot.answers.helpline import read_guide
from bot.answers.views import Views
from bot.directory.freshness import overdue
from bot.directory.importer import RESOURCES_FILE, DirectoryDataError, read_directory, read_resources
from bot.directory.session import open_session
from bot.settings import DATA
from bot.understanding.safety_rules import SafetyRules, SafetyRulesError


@dataclass(frozen=True)
class Report:
    """What a check found: a line for each part that is good, and a line for each problem."""

    good: tuple[str, ...]
    problems: tuple[str, ...]


def check_data(today: date, longest: int, data: Path = DATA) -> Report:
    """Check answers, helpline, safety rules, directory and help lines; one part that is broken hides no other.

    Args:
        today: the day that help lines are held against.
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
    return f"Helpline: {len(guide.cards)} cards, {len(guide.steps)} steps, {len(guide.moments)} hard moments."


def _safety_rules(data: Path) -> str:
    rules = SafetyRules.read(data / "safety" / "rules.yml")
    return f"Safety rules: {len(rules.order)} crises."


def _directory(data: Path) -> str:
    read = read_directory(data / "directory")
    return f"Directory: {len(read.programs)} programs, {len(read.offices)} offices, {len(read.resources)} resources."
