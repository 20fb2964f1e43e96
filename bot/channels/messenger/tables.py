"""The tables of the Messenger channel, beside the conversations' own: keyed hashes and times, and no words."""

from __future__ import annotations

from sqlalchemy import Boolean, Double, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Root of the channel's tables."""

    metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"})


class Delivery(Base):
    """A message that arrived. Times are seconds since 1970.

    Attributes:
        id: keyed hash of the platform's id of the message; unique, so that one process alone can claim it.
        claimed_until: until when the process that claimed it may answer it.
        done: whether its answer was accepted.
        ends: when it is removed.
    """

    __tablename__ = "messenger_deliveries"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    claimed_until: Mapped[float] = mapped_column(Double)
    done: Mapped[bool] = mapped_column(Boolean)
    ends: Mapped[float] = mapped_column(Double, index=True)


class ThreadRow(Base):
    """A person's thread. Times are seconds since 1970.

    Attributes:
        person: keyed hash of the page-scoped id.
        session: id of the conversation.
        last_seen: when somebody last wrote, or 0 where the opening was not said.
        silent_until: until when a person has the thread, or 0.
        helped: whether help was shown during this silence.
        returned: whether the thread came back from a person and that was not yet said.
        erased: when it was erased, or 0; what was written before is not answered.
        ends: when it is removed.
    """

    __tablename__ = "messenger_threads"

    person: Mapped[str] = mapped_column(String(64), primary_key=True)
    session: Mapped[str] = mapped_column(String(64))
    last_seen: Mapped[float] = mapped_column(Double)
    silent_until: Mapped[float] = mapped_column(Double)
    helped: Mapped[bool] = mapped_column(Boolean)
    returned: Mapped[bool] = mapped_column(Boolean)
    erased: Mapped[float] = mapped_column(Double)
    ends: Mapped[float] = mapped_column(Double, index=True)
