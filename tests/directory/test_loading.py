"""A load makes the tables equal to the files, or leaves them as they are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bot.directory.importer import DirectoryDataError, LoadReport, load_directory
from bot.directory.lookup import office, program, resources
from bot.directory.models import Entry, Office, Program, Resource
from tests.directory.conftest import REAL_DIRECTORY, DirectoryFolder


def test_a_first_load_adds_every_row(engine: Engine) -> None:
    report = load_directory(engine, REAL_DIRECTORY)

    assert report == LoadReport(programs=190, offices=54, resources=22, added=266, changed=0, removed=0)


def test_what_was_loaded_is_what_the_files_say(engine: Engine, folder: DirectoryFolder) -> None:
    load_directory(engine, folder.path)

    with Session(engine) as session:
        models: dict[str, type[Entry]] = {
            "programs.csv": Program,
            "offices.csv": Office,
            "resources.csv": Resource,
        }
        for file, model in models.items():
            stored = {entry.id: entry for entry in session.scalars(select(model))}
            for row in folder.rows(file):
                entry = stored.pop(row["id"])
                for column, cell in row.items():
                    value = getattr(entry, column)
                    joiner = " " if column == "sources" else ";"
                    text = joiner.join(value) if isinstance(value, list) else str(value or "")
                    assert text == cell, (row["id"], column)
            assert stored == {}


def test_a_second_load_changes_nothing(engine: Engine) -> None:
    load_directory(engine, REAL_DIRECTORY)

    report = load_directory(engine, REAL_DIRECTORY)

    assert (report.added, report.changed, report.removed) == (0, 0, 0)


def test_corrections_additions_and_removals_arrive(engine: Engine, folder: DirectoryFolder) -> None:
    load_directory(engine, folder.path)
    rows = [row for row in folder.rows("programs.csv") if row["id"] != "us-ks-kdoc-vod"]
    corrected = next(row for row in rows if row["id"] == "us-ia-doc-vois")
    corrected |= {"toll_free_phone": "", "formats": "face_to_face;video", "page_dated": "2026-01-31"}
    folder.write_rows("programs.csv", [*rows, corrected | {"id": "us-ia-new-program"}])
    folder.set_cells("offices.csv", 2, phone="+1-907-555-0100", verification="single_source")

    report = load_directory(engine, folder.path)

    assert report == LoadReport(programs=190, offices=54, resources=22, added=1, changed=2, removed=1)
    with Session(engine) as session:
        iowa = program(session, "us-ia-doc-vois")
        assert iowa is not None
        assert (iowa.toll_free_phone, iowa.formats) == (None, ["face_to_face", "video"])
        assert str(iowa.page_dated) == "2026-01-31"
        assert program(session, "us-ia-new-program") is not None
        assert program(session, "us-ks-kdoc-vod") is None
        alaska = office(session, "us-ak-doc-victim-services")
        assert alaska is not None
        assert alaska.phone == "+1-907-555-0100"


def test_the_order_of_the_help_lines_follows_the_file(engine: Engine, folder: DirectoryFolder) -> None:
    load_directory(engine, folder.path)
    rows = folder.rows("resources.csv")
    rows[1], rows[2] = rows[2], rows[1]
    folder.write_rows("resources.csv", rows)

    report = load_directory(engine, folder.path)

    assert report.changed == 2
    with Session(engine) as session:
        assert [entry.id for entry in resources(session)] == [row["id"] for row in rows]


def test_bad_files_leave_the_tables_as_they_are(engine: Engine, folder: DirectoryFolder) -> None:
    load_directory(engine, folder.path)
    folder.set_cells("programs.csv", 2, name="A good correction")
    folder.set_cells("resources.csv", 23, url="nacrj.org")

    with pytest.raises(DirectoryDataError):
        load_directory(engine, folder.path)

    with Session(engine) as session:
        assert session.scalars(select(Program).where(Program.name == "A good correction")).all() == []


def test_bad_files_leave_an_empty_database_empty(engine: Engine, folder: DirectoryFolder) -> None:
    (folder.path / "resources.csv").unlink()

    with pytest.raises(DirectoryDataError):
        load_directory(engine, folder.path)

    with Session(engine) as session:
        assert session.scalars(select(Program)).all() == []


def test_two_loads_at_once_add_each_row_once(engine: Engine) -> None:
    with ThreadPoolExecutor(2) as pool:
        loads = [pool.submit(load_directory, engine, REAL_DIRECTORY) for _ in range(2)]

    assert sorted(load.result().added for load in loads) == [0, 266]
