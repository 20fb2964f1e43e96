"""What a store holds, read from its table past everything that hides it."""

from __future__ import annotations

from sqlalchemy import select

from bot.engine.conversation_database import Conversation
from bot.engine.engine import Engine


async def kept(engine: Engine) -> dict[str, str]:
    """The rows of all conversations, by their ids, as text."""
    rows = await engine._conversations._database.run(
        lambda connection: connection.execute(select(Conversation.id, Conversation.state, Conversation.ends)).all()
    )
    return {row.id: repr(tuple(row)) for row in rows}
