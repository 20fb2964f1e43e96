"""The tables of the Messenger channel, beside the conversations' own: keyed hashes and times, and no words.

Rows live for days. A version that needs other columns takes another name for the table instead of a migration.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Double, Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Root of the channel's tables."""

    metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"})


class Delivery(Base):
    """A message that arrived, and how far its answer came.

    Attributes:
        id: keyed hash of the platform's id of the message.
        accepted: how many messages of the answer the platform is known to have taken.
        done: whether that is all of them.
        ends: when it is removed, in seconds since 1970.
    """

    __tablename__ = "messenger_answers"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    accepted: Mapped[int] = mapped_column(Integer)
    done: Mapped[bool] = mapped_column(Boolean)
    ends: Mapped[float] = mapped_column(Double, index=True)


class ThreadRow(Base):
    """A person's thread. Times are seconds since 1970.

    Attributes:
        person: keyed hash of the page-scoped id.
        session: id of the conversation.
        last_seen: when somebody last wrote, or 0 where the opening was not said.
        last_accepted: keyed hash of the id of the last message that the platform is known to have taken, or "".
        silent_until: until when a person has the thread, or 0.
        helped: whether help was shown during this silence, or, where there is none, by the last answer.
        returned: whether the thread came back from a person and that was not yet said.
        erased: when it was erased, or 0; what was written before is not answered.
        ends: when it is removed.
    """

    __tablename__ = "messenger_people"

    person: Mapped[str] = mapped_column(String(64), primary_key=True)
    session: Mapped[str] = mapped_column(String(64))
    last_seen: Mapped[float] = mapped_column(Double)
    last_accepted: Mapped[str] = mapped_column(String(64))
    silent_until: Mapped[float] = mapped_column(Double)
    helped: Mapped[bool] = mapped_column(Boolean)
    returned: Mapped[bool] = mapped_column(Boolean)
    erased: Mapped[float] = mapped_column(Double)
    ends: Mapped[float] = mapped_column(Double, index=True)
