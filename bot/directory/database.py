"""The database of the directory: where it is, its schema, and what to do when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)
from sqlalchemy.pool import ConnectionPoolEntry

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

# Seconds to wait for another writer (SQLite) or for the server to answer (PostgreSQL).
_WAIT_SECONDS = 5
# Any number will do, as long as every program that writes the directory takes the same.
_WRITE_LOCK = 7_305_114_260
# PostgreSQL's error codes for a table that does not exist and a privilege that is missing.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_UNDEFINED_TABLE = "42P01"
_INSUFFICIENT_PRIVILEGE = "42501"


class DirectoryUnavailable(Exception):  # noqa: N818 - names the state of the directory
    """The directory's database cannot be reached, read or written; the message says which and what to do."""


def connect(url: str) -> Engine:
    """Return an engine for the directory's database, after one successful connection.

    Args:
        url: ``sqlite:///file.db`` or ``postgresql://user:password@host/name``.

    Raises:
        DirectoryUnavailable: the URL cannot be used or nothing answers there. Every later failure of the engine to
            reach or write the database raises it too.

    """
    engine = _create_engine(_read_url(url))
    with engine.connect():
        pass
    return engine


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest migration; does nothing when it is there already.

    Raises:
        DirectoryUnavailable: the database cannot be reached or written.

    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with write_transaction(engine) as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise DirectoryUnavailable(
                f"The directory's schema cannot be brought up to date ({error}). It may come from a newer version of "
                "this program: use that version, or another database."
            ) from error


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Connection]:
    """Hold one transaction that nobody else's ``write_transaction`` runs beside; commit at the end, or roll back."""
    with engine.connect().execution_options(directory_writes=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")
        yield connection


def _read_url(url: str) -> URL:
    allowed = "write sqlite:///file.db or postgresql://user:password@host/name"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The text is not repeated, and the cause is cut off: it may hold a password.
        raise DirectoryUnavailable(f"The setting for the directory's database is not a URL: {allowed}.") from None
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise DirectoryUnavailable(
            f"The directory cannot be kept in a database of the kind {parsed.drivername!r}: {allowed}."
        )
    return parsed


def _create_engine(url: URL) -> Engine:
    # hide_parameters keeps the state that a survivor asks about out of error messages and logs.
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _WAIT_SECONDS})
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(
            url, hide_parameters=True, pool_pre_ping=True, connect_args={"connect_timeout": _WAIT_SECONDS}
        )
        event.listen(engine, "connect", _set_up_postgresql)

    def say_what_to_do(context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if isinstance(error, DBAPIError) and _is_unavailable(error):
            raise DirectoryUnavailable(_message(url, error)) from error

    event.listen(engine, "handle_error", say_what_to_do)
    return engine


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # sqlite3 begins transactions late and not at all for CREATE TABLE; _begin_sqlite does it for every transaction.
    # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#enabling-non-legacy-sqlite-transactional-modes-with-the-sqlite3-or-aiosqlite-driver
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _set_up_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # A server that hangs must not keep a survivor waiting for ever.
    cursor = connection.cursor()
    cursor.execute(f"SET statement_timeout = {_WAIT_SECONDS * 1000}")
    cursor.close()
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("directory_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _is_unavailable(error: DBAPIError) -> bool:
    if isinstance(error, ProgrammingError):
        return getattr(error.orig, "sqlstate", None) in {_UNDEFINED_TABLE, _INSUFFICIENT_PRIVILEGE}
    return not isinstance(error, DataError | IntegrityError | NotSupportedError)


def _message(url: URL, error: DBAPIError) -> str:
    # Passwords may also stand in the query, so it is left out.
    shown = url.set(query={}).render_as_string(hide_password=True)
    reason = str(error.orig).partition("\n")[0].rstrip(".")
    if "no such table" in reason or getattr(error.orig, "sqlstate", None) == _UNDEFINED_TABLE:
        advice = "Run `footbridge directory load` to create and fill it"
    elif url.get_backend_name() == "sqlite":
        advice = "Check that the folder exists, that the file is an SQLite database and that this user may write both"
    else:
        advice = "Check that the server runs, that the URL is right and that this user may read and write there"
    return f"The directory's database {shown} cannot be used: {reason}. {advice}."
