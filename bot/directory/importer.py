"""Reads the directory's files and makes the database equal to them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import ValidationError
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from bot.directory.database import write_transaction
from bot.directory.models import Entry, Office, Program, Resource
from bot.directory.rows import OfficeRow, ProgramRow, ResourceRow, Row

PROGRAMS_FILE = "programs.csv"
OFFICES_FILE = "offices.csv"
RESOURCES_FILE = "resources.csv"

RowT = TypeVar("RowT", bound=Row)


class Problem(NamedTuple):
    """One thing to correct; line (from 1, the heading is line 1) and column are None where the whole file is meant."""

    file: str
    line: int | None
    column: str | None
    reason: str

    def __str__(self) -> str:
        """``programs.csv, line 4, column phone: ...``."""
        place = [self.file]
        if self.line is not None:
            place.append(f"line {self.line}")
        if self.column is not None:
            place.append(f"column {self.column}")
        return f"{', '.join(place)}: {self.reason}"


class DirectoryDataError(Exception):
    """The directory's files have problems; nothing was imported."""

    def __init__(self, problems: list[Problem]) -> None:
        """Keep every problem, in the order of the files and lines."""
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        """One line a problem."""
        return "\n".join(map(str, self.problems))


@dataclass(frozen=True)
class DirectoryData:
    """All rows of the three files, checked, in the order of the files."""

    programs: list[ProgramRow]
    offices: list[OfficeRow]
    resources: list[ResourceRow]


@dataclass(frozen=True)
class LoadReport:
    """Rows that the tables hold after a load, and how many of all rows were added, changed and removed by it."""

    programs: int
    offices: int
    resources: int
    added: int
    changed: int
    removed: int


def read_directory(folder: Path) -> DirectoryData:
    """Read and check programs.csv, offices.csv and resources.csv.

    Raises:
        DirectoryDataError: with every problem of every file.

    """
    problems: list[Problem] = []
    data = DirectoryData(
        programs=_read_file(folder / PROGRAMS_FILE, ProgramRow, problems),
        offices=_read_file(folder / OFFICES_FILE, OfficeRow, problems),
        resources=_read_file(folder / RESOURCES_FILE, ResourceRow, problems),
    )
    if problems:
        raise DirectoryDataError(problems)
    return data


def read_resources(folder: Path) -> list[ResourceRow]:
    """Read and check resources.csv alone: help lines are known where the other files, or the database, are broken.

    Raises:
        DirectoryDataError: with every problem of the file.

    """
    problems: list[Problem] = []
    rows = _read_file(folder / RESOURCES_FILE, ResourceRow, problems)
    if problems:
        raise DirectoryDataError(problems)
    return rows


def load_directory(engine: Engine, folder: Path) -> LoadReport:
    """Make the tables equal to the files of ``folder``: all of it, or on any error nothing.

    Raises:
        DirectoryDataError: the files have problems.
        DirectoryUnavailable: the database cannot be reached or written, or lacks the tables.

    """
    data = read_directory(folder)
    # One program after the other reads and writes, so that two loads at once do not add the same row twice.
    with write_transaction(engine) as connection, Session(connection) as session:
        changes = [
            _replace_rows(session, Program, [row.dict() for row in data.programs]),
            _replace_rows(session, Office, [row.dict() for row in data.offices]),
            _replace_rows(
                session, Resource, [row.dict() | {"position": n} for n, row in enumerate(data.resources, start=1)]
            ),
        ]
        session.flush()
    added, changed, removed = (sum(counts) for counts in zip(*changes, strict=True))
    return LoadReport(len(data.programs), len(data.offices), len(data.resources), added, changed, removed)


def _read_file(path: Path, row_type: type[RowT], problems: list[Problem]) -> list[RowT]:
    """Return the good rows of a file and add what is wrong with the others to ``problems``."""
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = f"cannot be read ({error.strerror}): put the file into {path.parent}"
        problems.append(Problem(path.name, None, None, reason))
        return []
    # Spreadsheet programs put a byte order mark before the first column's name.
    lines = content.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\n").split(b"\n")
    columns = _read_line(path.name, 1, lines[0], problems)
    if columns is None:
        return []
    known = list(row_type.__fields__)
    missing = [column for column in known if column not in columns]
    problems.extend(_heading_problems(path.name, columns, known))

    rows: list[RowT] = []
    line_of_id: dict[str, int] = {}
    for number, line in enumerate(lines[1:], start=2):
        cells = _read_line(path.name, number, line, problems)
        if cells is None:
            continue
        if len(cells) != len(columns):
            reason = f"has {len(cells)} cells, the first line {len(columns)}: put a cell that holds a comma in quotes"
            problems.append(Problem(path.name, number, None, reason))
            continue
        named = {column: cell for column, cell in zip(columns, cells, strict=True) if column in known}
        row_id = named.get("id")
        if row_id and line_of_id.setdefault(row_id, number) != number:
            reason = f"{row_id!r} is already the id of line {line_of_id[row_id]}: give each row its own"
            problems.append(Problem(path.name, number, "id", reason))
        try:
            rows.append(row_type.parse_obj(named))
        except ValidationError as error:
            # The heading is already said to lack these columns.
            problems.extend(p for p in _row_problems(path.name, number, error) if p.column not in missing)
    if len(lines) == 1:
        # Loading an emptied file would empty the table.
        problems.append(Problem(path.name, None, None, "has no rows: restore them"))
    return rows


def _heading_problems(file: str, columns: list[str], known: list[str]) -> list[Problem]:
    """Compare the first line's columns with those that the file has to have, in any order."""
    problems = [
        Problem(file, 1, column, "is missing from the first line: add the column")
        for column in known
        if column not in columns
    ]
    for position, column in enumerate(columns):
        if column not in known:
            problems.append(Problem(file, 1, column, f"is not a column of this file, which has: {', '.join(known)}"))
        elif column in columns[:position]:
            problems.append(Problem(file, 1, column, "stands twice in the first line: delete one of the two columns"))
    return problems


def _read_line(file: str, number: int, line: bytes, problems: list[Problem]) -> list[str] | None:
    """Return the cells of one line, or None and a problem. A row is one line, so a cell cannot run on to the next."""
    try:
        text = line.decode("utf-8").removesuffix("\r")
        cells = next(csv.reader([text], strict=True), [])
    except UnicodeDecodeError as error:
        reason = f"is not UTF-8 text (byte {error.start + 1} of the line): save the file as CSV in UTF-8"
        problems.append(Problem(file, number, None, reason))
        return None
    except csv.Error as error:
        reason = f"cannot be split into cells ({error}): keep a row on one line and double a quote inside a cell"
        problems.append(Problem(file, number, None, reason))
        return None
    if not cells:
        problems.append(Problem(file, number, None, "is empty: delete the line"))
        return None
    return cells


def _row_problems(file: str, line: int, error: ValidationError) -> list[Problem]:
    """Say what pydantic found in a row, with the allowed words where a word is not known."""
    problems = []
    for detail in error.errors():
        reason = detail["msg"]
        if detail["type"] == "value_error.const":
            context = detail["ctx"]
            reason = f"{context['given']!r} is not one of: {', '.join(context['permitted'])}"
        problems.append(Problem(file, line, str(detail["loc"][0]), reason))
    return problems


def _replace_rows(session: Session, model: type[Entry], rows: list[dict[str, object]]) -> tuple[int, int, int]:
    """Make a table equal to ``rows``; return how many were added, changed and removed."""
    stored = {entry.id: entry for entry in session.scalars(select(model))}
    added = changed = 0
    for row in rows:
        entry = stored.pop(str(row["id"]), None)
        if entry is None:
            session.add(model(**row))
            added += 1
            continue
        corrections = {column: value for column, value in row.items() if getattr(entry, column) != value}
        for column, value in corrections.items():
            setattr(entry, column, value)
        changed += bool(corrections)
    session.execute(delete(model).where(model.id.in_(stored)))
    return added, changed, len(stored)
