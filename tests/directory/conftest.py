"""Databases and folders of directory files for the tests of the directory."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, make_url
from sqlalchemy.orm import Session

from bot.directory.database import connect, upgrade
from bot.directory.importer import load_directory

REAL_DIRECTORY = Path(__file__).parents[2] / "bot" / "data" / "directory"


@dataclass(frozen=True)
class DirectoryFolder:
    """A copy of the project's directory files that a test may damage."""

    path: Path

    def lines(self, file: str) -> list[bytes]:
        """Return the lines of a file without their ends; line 1 of the file is item 0."""
        return (self.path / file).read_bytes().splitlines()

    def write_lines(self, file: str, lines: list[bytes]) -> None:
        """Replace a file."""
        (self.path / file).write_bytes(b"\n".join(lines) + b"\n")

    def rows(self, file: str) -> list[dict[str, str]]:
        """Return the rows of a file; line 2 of the file is item 0."""
        with (self.path / file).open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    def write_rows(self, file: str, rows: list[dict[str, str]]) -> None:
        """Replace a file; its columns are those of the first row."""
        with (self.path / file).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def set_cells(self, file: str, line: int, **cells: str) -> None:
        """Change cells of one line."""
        rows = self.rows(file)
        rows[line - 2].update(cells)
        self.write_rows(file, rows)


@pytest.fixture
def folder(tmp_path: Path) -> DirectoryFolder:
    """A damageable copy of the real directory files."""
    return DirectoryFolder(Path(shutil.copytree(REAL_DIRECTORY, tmp_path / "directory")))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database: an SQLite file, or a new schema in FOOTBRIDGE_TEST_POSTGRES."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'directory.db'}"
        return
    server = os.environ.get("FOOTBRIDGE_TEST_POSTGRES")
    if not server:
        pytest.skip("FOOTBRIDGE_TEST_POSTGRES is not set")
    schema = f"directory_test_{uuid4().hex}"
    administrator = connect(server)
    with administrator.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    try:
        url = make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
        yield url.render_as_string(hide_password=False)
    finally:
        with administrator.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
        administrator.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database with the tables and nothing in them."""
    engine = connect(database_url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session on a database that holds the project's real directory."""
    load_directory(engine, REAL_DIRECTORY)
    with Session(engine) as session:
        yield session
