"""The database of the conversations: its tables, where it is, and what to do when it fails."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    URL,
    Connection,
    Double,
    Engine,
    MetaData,
    String,
    create_engine,
    event,
    inspect,
    make_url,
)
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

WAIT_SECONDS = 5  # for a server to answer, or for another program to let go of an SQLite file
CONNECTIONS = 20  # the most that one process opens to PostgreSQL
LONGEST_IDLE_SECONDS = 30  # after which PostgreSQL ends a turn whose process or machine no longer moves

_ALLOWED = "write sqlite:// for memory, sqlite:///file.db, or postgresql://user:password@host/name"
# In the header of each SQLite file of ours, so that no other file is ever taken for one. It reads "FbCv".
_APPLICATION_ID = 0x46624376
_APPLICATION_ID_AT = 68  # bytes into the file; https://www.sqlite.org/fileformat.html#application_id
# Any number will do that the directory's writers do not take.
_CREATION_LOCK = 7_305_114_261


class ConversationsUnavailable(Exception):  # noqa: N818 - names the state of the conversations
    """The database of the conversations cannot be used; the message says which and what to do, and repeats no value."""


class Base(DeclarativeBase):
    """Root of the conversations' tables, which no migration of the directory knows."""

    metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"})


class Conversation(Base):
    """A conversation between two turns.

    Rows live for minutes. A version that needs other columns takes another name for the table instead of a migration.

    Attributes:
        id: SHA-256 of the page's token in hexadecimal digits; the token itself is nowhere.
        state: `bot.engine.conversation_state.Standing` as JSON: ids and numbers.
        ends: when it ends if nothing more is sent, in seconds since 1970.
    """

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    ends: Mapped[float] = mapped_column(Double, index=True)


class Ticket(Base):
    """What a page is to show next, for one use and for seconds; see `bot.engine.page_tickets`.

    Attributes:
        id: SHA-256 of the ticket in hexadecimal digits; the ticket itself is nowhere.
        conversation: the id of the conversation that it belongs to, or "".
        view: `bot.engine.page_tickets.NextView` as JSON: ids and numbers, and the page's token under a mask.
        ends: when it ends if nobody comes with it, in seconds since 1970.
    """

    __tablename__ = "page_tickets"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    conversation: Mapped[str] = mapped_column(String(64), index=True)
    view: Mapped[dict[str, Any]] = mapped_column(JSON)
    ends: Mapped[float] = mapped_column(Double)


class CarriedCode(Base):
    """What somebody takes along to the web page, for one use and for minutes; see `bot.engine.carried_codes`.

    Attributes:
        id: SHA-256 of the code in hexadecimal digits; the code itself is nowhere.
        conversation: the id of the conversation that it is of.
        carried: `bot.engine.carried_codes.Carried` as JSON: ids.
        ends: when it ends if nobody comes with it, in seconds since 1970.
    """

    __tablename__ = "carried_codes"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    conversation: Mapped[str] = mapped_column(String(64), index=True)
    carried: Mapped[dict[str, Any]] = mapped_column(JSON)
    ends: Mapped[float] = mapped_column(Double)


class ConversationDatabase:
    """Runs short pieces of work on the database without stopping anybody else's turn.

    Attributes:
        engine: SQLAlchemy's.
        is_shared: whether other processes may use the same database, which only PostgreSQL allows.
    """

    def __init__(self, url: str) -> None:
        """Connect, and make the tables that are missing.

        Raises:
            ConversationsUnavailable: the URL cannot be used, nothing answers there, or an SQLite file is not ours or is
                in use. Every later failure of the database raises it too.
        """
        parsed = _read_url(url)
        self.is_shared = parsed.get_backend_name() == "postgresql"
        # Threads of its own: when this database hangs, the actions' threads are still free.
        self._threads = None if _is_memory(parsed) else ThreadPoolExecutor(CONNECTIONS, "conversations")
        self._one_at_a_time = threading.Lock()  # SQLite has one connection, which has one transaction
        self.engine = _postgresql(parsed) if self.is_shared else _sqlite(parsed)

    async def run(self, work: Callable[[Connection], Result], to_disk: bool = False) -> Result:
        """Do `work` in a transaction of its own.

        Args:
            to_disk: whether an SQLite file has to be on the disk before this returns, not only with the system.

        Raises:
            ConversationsUnavailable: the database failed.
        """
        if self._threads is None:
            return self._in_transaction(work, to_disk)  # in memory: quicker than handing it to a thread
        return await self.in_thread(lambda: self._in_transaction(work, to_disk))

    async def in_thread(self, work: Callable[[], Result]) -> Result:
        """Do `work` in one of the database's threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def add_tables(self, metadata: MetaData) -> None:
        """Make the tables of `metadata` that are missing, as the conversations' own is made.

        Raises:
            ConversationsUnavailable: the database failed.
        """
        with ExitStack() as opened:
            if not self.is_shared:
                opened.enter_context(self._one_at_a_time)
            connection = opened.enter_context(self.engine.begin())
            if self.is_shared:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CREATION_LOCK})")
            missing = [table for name, table in metadata.tables.items() if not inspect(connection).has_table(name)]
            metadata.create_all(connection, missing)
            if self.is_shared:
                for table in missing:
                    connection.exec_driver_sql(f"ALTER TABLE {table.name} SET UNLOGGED")

    def close(self) -> None:
        """Let go of the database; what was kept in memory is gone."""
        if self._threads:
            self._threads.shutdown()
        self.engine.dispose()

    def _in_transaction(self, work: Callable[[Connection], Result], to_disk: bool) -> Result:
        with ExitStack() as opened:
            if not self.is_shared:
                opened.enter_context(self._one_at_a_time)
            connection = opened.enter_context(self.engine.connect().execution_options(to_disk=to_disk))
            opened.enter_context(connection.begin())
            return work(connection)


def _read_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The text is not repeated, and the cause is cut off: it may hold a password.
        raise ConversationsUnavailable(f"FOOTBRIDGE_CONVERSATIONS_URL is not a URL: {_ALLOWED}.") from None
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise ConversationsUnavailable(
            f"Conversations cannot be kept in a database of the kind {parsed.drivername!r}: {_ALLOWED}."
        )
    return parsed


def _is_memory(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def _postgresql(url: URL) -> Engine:
    # hide_parameters keeps what is kept of a conversation out of error messages and logs.
    engine = create_engine(
        url,
        hide_parameters=True,
        isolation_level="READ COMMITTED",  # what is read after the lock was taken must be newer than the lock
        pool_pre_ping=True,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=WAIT_SECONDS,
        connect_args={"connect_timeout": WAIT_SECONDS},
    )
    event.listen(engine, "connect", _set_up_postgresql)
    event.listen(engine, "handle_error", partial(_say_what_to_do, url))
    with engine.begin() as connection:
        # Two processes that start at once must not both make the tables.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CREATION_LOCK})")
        for table in Base.metadata.sorted_tables:
            if not inspect(connection).has_table(table.name):
                table.create(connection)
                # Written to no log of the server's, so that no archive, copy or backup of that log has any of it.
                connection.exec_driver_sql(f"ALTER TABLE {table.name} SET UNLOGGED")
    return engine


def _set_up_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # A server or a process that hangs must not keep anybody waiting for ever.
    cursor = connection.cursor()
    cursor.execute(f"SET statement_timeout = {WAIT_SECONDS * 1000}")
    cursor.execute(f"SET idle_in_transaction_session_timeout = {LONGEST_IDLE_SECONDS * 1000}")
    cursor.close()
    connection.commit()


def _sqlite(url: URL) -> Engine:
    path = None if _is_memory(url) else Path(str(url.database))
    if path:
        _prepare_file(path)
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=StaticPool,
        connect_args={"timeout": WAIT_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_file if path else _begin)
    event.listen(engine, "handle_error", partial(_say_what_to_do, url))
    try:
        _make_tables(engine)
        _check_file(engine)
    except ConversationsUnavailable as error:
        engine.dispose()
        if not (path and "malformed" in str(error) and _is_ours(path)):
            raise
        # A crash in the middle of a write can do this, because nothing stands beside the file that could mend it.
        logger.error("%s The file was replaced by an empty one; the talks in it have ended.", error)
        path.unlink()
        return _sqlite(url)
    return engine


def _prepare_file(path: Path) -> None:
    """Make an empty file that only this user may read, or leave the one that is there."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConversationsUnavailable(
            f"The conversations' file {path} cannot be opened ({error.strerror}). Check FOOTBRIDGE_CONVERSATIONS_URL, "
            "that the folder exists, and that this user may write there."
        ) from error


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # sqlite3 begins transactions late and not at all for CREATE TABLE; _begin does it for every transaction.
    # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#enabling-non-legacy-sqlite-transactional-modes-with-the-sqlite3-or-aiosqlite-driver
    connection.isolation_level = None
    cursor = connection.cursor()
    for setting in (
        "secure_delete = ON",  # what is removed is overwritten with zeros
        "journal_mode = MEMORY",  # otherwise the old pages are written to a file, whose bytes stay on the disk
        "temp_store = MEMORY",
        "locking_mode = EXCLUSIVE",  # a second process is refused, which would not know of this one's locks
    ):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_file(connection: Connection) -> None:
    # To wait for the disk takes longer than a turn. What a dying process has written, the system still writes.
    to_disk = connection.get_execution_options().get("to_disk", False)
    connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if to_disk else 'OFF'}")
    _begin(connection)


def _make_tables(engine: Engine) -> None:
    with engine.begin() as connection:
        tables = set(inspect(connection).get_table_names())
        marked = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
        if tables and marked != _APPLICATION_ID:
            raise ConversationsUnavailable(
                f"{engine.url.database} holds something else. Conversations need a file of their own: set "
                "FOOTBRIDGE_CONVERSATIONS_URL to another one."
            )
        connection.exec_driver_sql(f"PRAGMA application_id = {_APPLICATION_ID}")
        Base.metadata.create_all(connection)


def _check_file(engine: Engine) -> None:
    with engine.begin() as connection:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if found != "ok":
        raise ConversationsUnavailable(f"{engine.url.database} is malformed.")


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(_APPLICATION_ID_AT)
        return file.read(4) == _APPLICATION_ID.to_bytes(4, "big")


def _say_what_to_do(url: URL, context: ExceptionContext) -> None:
    error = context.sqlalchemy_exception
    if isinstance(error, DBAPIError | PoolTimeout):
        # The first line alone: the others may name values. Passwords may also stand in the query, so it is left out.
        shown = url.set(query={}).render_as_string(hide_password=True)
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0].rstrip(".")
        if url.get_backend_name() == "sqlite":
            advice = "Check that the file is one of Footbridge's conversations and that no other process uses it"
        else:
            advice = "Check that the server runs, that the URL is right and that this user may make and change tables"
        raise ConversationsUnavailable(
            f"The conversations' database {shown} cannot be used: {reason}. {advice}."
        ) from (error)
