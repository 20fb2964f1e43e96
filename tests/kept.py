"""What a store holds, read from its table past everything that hides it."""

from __future__ import annotations

from sqlalchemy import MetaData, select

from bot.directory.database import connect
from bot.engine.conversation_database import Conversation
from bot.engine.engine import Engine


async def kept(engine: Engine) -> dict[str, str]:
    """The rows of all conversations, by their ids, as text."""
    rows = await engine._conversations._database.run(
        lambda connection: connection.execute(select(Conversation.id, Conversation.state, Conversation.ends)).all()
    )
    return {row.id: repr(tuple(row)) for row in rows}


def rows_of_everything(url: str) -> bytes:
    """Every row of every table that a database's URL leads to, as text."""
    engine = connect(url)
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        rows = [tuple(row) for table in tables.sorted_tables for row in connection.execute(select(table))]
    engine.dispose()
    return repr(rows).encode()
