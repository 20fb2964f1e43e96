"""The schema comes from the migrations, and a database that fails says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, make_url, text
from sqlalchemy.orm import Session

from bot.directory.database import DirectoryUnavailable, connect, upgrade
from bot.directory.importer import load_directory
from bot.directory.lookup import programs_in
from bot.directory.models import Base
from bot.staff import models as _staff  # noqa: F401 - its tables stand beside the directory
from tests.directory.conftest import REAL_DIRECTORY


def read_only(database_url: str) -> str:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///file:{url.database}?mode=ro&uri=true"
    options = f"{url.query['options']} -cdefault_transaction_read_only=on"
    return url.update_query_dict({"options": options}).render_as_string(hide_password=False)


def test_the_migrations_make_the_tables_of_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    assert set(inspect(engine).get_table_names()) == {
        "alembic_version",
        "programs",
        "offices",
        "resources",
        "staff_accounts",
        "staff_sessions",
        "staff_locks",
        "staff_audit",
    }


def test_a_second_upgrade_keeps_what_is_stored(engine: Engine) -> None:
    load_directory(engine, REAL_DIRECTORY)

    upgrade(engine)

    with Session(engine) as session:
        assert programs_in(session, "IA") != []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///{folder}", "sqlite:///{folder} cannot be used"),
        ("sqlite:///{folder}/missing/directory.db", "sqlite:///{folder}/missing/directory.db cannot be used"),
        ("sqlite:///file:{folder}/missing.db?mode=ro&uri=true", "sqlite:///file:{folder}/missing.db cannot be used"),
        (
            "postgresql://reader:secret@127.0.0.1:1/test",
            "postgresql+psycopg://reader:***@127.0.0.1:1/test cannot be used",
        ),
        ("postgresql://127.0.0.1:1/test?password=secret", "postgresql+psycopg://127.0.0.1:1/test cannot be used"),
    ],
)
def test_a_database_that_cannot_be_reached_is_named(tmp_path: Path, url: str, shown: str) -> None:
    with pytest.raises(DirectoryUnavailable) as caught:
        connect(url.format(folder=tmp_path))

    assert shown.format(folder=tmp_path) in str(caught.value)
    assert "Check that" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "secret", "postgresql://reader:secret@host:port/test", "mysql://reader:secret@host/test"]
)
def test_what_is_no_database_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(DirectoryUnavailable, match=r"write sqlite:///file\.db or postgresql://") as caught:
        connect(url)

    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("These are notes, and no database at all.\n" * 50, encoding="utf-8")
    engine = connect(f"sqlite:///{tmp_path / 'notes.txt'}")

    with pytest.raises(DirectoryUnavailable, match=r"notes\.txt cannot be used: file is not a database"):
        upgrade(engine)

    engine.dispose()


def test_a_database_without_tables_says_how_to_make_them(database_url: str) -> None:
    engine = connect(database_url)

    with pytest.raises(DirectoryUnavailable, match="Run `footbridge directory load`"), Session(engine) as session:
        programs_in(session, "IA")
    with pytest.raises(DirectoryUnavailable, match="Run `footbridge directory load`"):
        load_directory(engine, REAL_DIRECTORY)

    engine.dispose()


def test_a_read_only_database_answers_but_is_not_written(engine: Engine, database_url: str) -> None:
    load_directory(engine, REAL_DIRECTORY)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM programs WHERE state = 'TX'")
    reader = connect(read_only(database_url))

    with pytest.raises(DirectoryUnavailable, match=r"may (read and )?write"):
        load_directory(reader, REAL_DIRECTORY)

    with Session(reader) as session:
        assert programs_in(session, "IA") != []
        assert programs_in(session, "TX") == []
    reader.dispose()


def test_the_state_asked_for_is_kept_out_of_errors(database_url: str) -> None:
    engine = connect(database_url)

    with pytest.raises(DirectoryUnavailable) as caught, Session(engine) as session:
        programs_in(session, "WY")

    assert "WY" not in str(caught.value)
    assert "WY" not in str(caught.value.__cause__)
    engine.dispose()


def test_a_statement_may_not_run_for_ever(engine: Engine) -> None:
    if engine.dialect.name != "postgresql":
        assert engine.dialect.name == "sqlite"  # its waits are bounded by the busy timeout of the connection
        return
    with engine.connect() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "5s"


def test_a_schema_from_a_newer_version_is_named_and_not_a_trace(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DirectoryUnavailable, match="newer version"):
        upgrade(engine)
