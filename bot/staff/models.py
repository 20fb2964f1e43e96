"""The tables of staff accounts. They stand in the directory's database, and hold nothing about any caller.

Times are whole seconds since 1970 in UTC.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.directory.models import Base


class StaffAccount(Base):
    """Somebody who may sign in. `password` is what argon2 writes, which says how it was made."""

    __tablename__ = "staff_accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]
    role: Mapped[str]
    disabled: Mapped[bool]
    created: Mapped[int] = mapped_column(BigInteger)


class StaffSession(Base):
    """A sign-in that has not ended. `digest` is the SHA-256 of the cookie's token, which itself is written nowhere."""

    __tablename__ = "staff_sessions"

    digest: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("staff_accounts.id"))
    created: Mapped[int] = mapped_column(BigInteger)
    last_used: Mapped[int] = mapped_column(BigInteger)


class StaffLock(Base):
    """Wrong passwords under a name, whether an account has it or not, or from an address. `subject` is a digest."""

    __tablename__ = "staff_locks"

    subject: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    locked_until: Mapped[int] = mapped_column(BigInteger)


class StaffAudit(Base):
    """One sign-in, refused sign-in or change of an account. The database refuses to change or remove a row.

    `account` is the name it is about, None where there is no such account; `changed_by` is the name of the account that
    did it, None for the command line.
    """

    __tablename__ = "staff_audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)
    act: Mapped[str]
    account: Mapped[str | None]
    changed_by: Mapped[str | None]
