"""Runs the migrations, on the connection that ``bot.directory.database.upgrade`` gives or from the command line."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from bot.directory.database import connect, write_transaction
from bot.directory.models import Base
from bot.staff import models as _staff  # noqa: F401 - its tables stand beside the directory


def migrate(connection: Connection) -> None:
    """Run the migrations inside the connection's transaction."""
    # SQLite cannot alter most of a table in place: batch mode copies it.
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


def command_line_url() -> str:
    """Return the database of ``-x url=...`` or else of alembic.ini."""
    url = context.get_x_argument(as_dictionary=True).get("url") or context.config.get_main_option("sqlalchemy.url")
    if not url:
        raise ValueError("No database: give -x url=sqlite:///file.db or set sqlalchemy.url in alembic.ini")
    return url


if context.is_offline_mode():
    context.configure(url=command_line_url(), target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:
    migrate(given)
else:
    with write_transaction(connect(command_line_url())) as connection:
        migrate(connection)
