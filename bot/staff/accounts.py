"""Staff accounts: making and changing them, signing in, and the sessions that follow."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, get_args

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.directory.session import open_session
from bot.staff.models import StaffAccount, StaffAudit, StaffLock, StaffSession

Role = Literal["volunteer", "lead", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

IDLE = 30 * 60  # seconds without a request after which a session ends
LONGEST_SESSION = 12 * 60 * 60  # seconds after which it ends even if it is used; a long shift
TOUCHED_EVERY = 15  # seconds; what happens sooner after the last request is not written down again
SHORTEST_PASSWORD = 12  # characters
LONGEST_PASSWORD = 200
FREE_FAILURES = {"name": 3, "address": 10}  # an office shares one address
FIRST_LOCK = 5  # seconds, doubled with each further wrong password
LONGEST_LOCK = 15 * 60
FORGOTTEN_AFTER = 24 * 60 * 60  # seconds after the end of a lock
_NAME = re.compile(r"[a-z][a-z0-9._-]{1,39}")
# Any number will do; every program that writes accounts takes the same.
_WRITE_LOCK = 7_305_114_261


class AccountError(ValueError):
    """An account cannot be made or changed.

    Attributes:
        reason: "name", "taken", "unknown", "role", "short", "long", "contains_name" or "last_admin".
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class SignInRefusedError(Exception):
    """A name and password were not taken; it does not say which of them was wrong.

    Attributes:
        wait: seconds until they are looked at again; 0 for now.
    """

    def __init__(self, wait: int) -> None:
        super().__init__("sign-in refused")
        self.wait = wait


@dataclass(frozen=True)
class Staff:
    """An account as pages show it."""

    name: str
    role: Role
    disabled: bool = False


@dataclass(frozen=True)
class AuditLine:
    """A row of the record; see `StaffAudit`."""

    at: int
    act: str
    account: str | None
    changed_by: str | None


class StaffAccounts:
    """The accounts in one database.

    Args:
        url: SQLAlchemy URL of the directory's database, with its schema.
        clock: seconds since 1970.

    Every method may raise DirectoryUnavailable.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.time) -> None:
        self._url = url
        self._clock = clock
        self._hasher = PasswordHasher()
        # Held against the password of a name that does not exist, so that its answer takes as long.
        self._nobody = self._hasher.hash(secrets.token_urlsafe())
        # Each check takes 64 MiB.
        self._checks = threading.BoundedSemaphore(2)

    def add(self, name: str, password: str, role: str, by: str | None = None) -> None:
        """Make an account. Raises: AccountError."""
        name = _clean(name)
        if not _NAME.fullmatch(name):
            raise AccountError(
                "name",
                f"{name!r} is no name for an account: use 2 to 40 small letters, digits, dots, - or _, beginning with "
                "a letter.",
            )
        if role not in ROLES:
            raise AccountError("role", f"{role!r} is no role: use {', '.join(ROLES)}.")
        hashed = self._hashed(name, password)
        with self._writing() as session:
            if self._account(session, name):
                raise AccountError("taken", f"There is an account named {name} already: use another name.")
            session.add(StaffAccount(name=name, password=hashed, role=role, disabled=False, created=self._now()))
            self._record(session, "account_added", name, by)

    def set_password(self, name: str, password: str, by: str | None = None) -> None:
        """Give an account a new password, let it in again, and end its sessions. Raises: AccountError."""
        hashed = self._hashed(_clean(name), password)
        with self._writing() as session:
            account = self._known(session, name)
            account.password, account.disabled = hashed, False
            session.execute(delete(StaffSession).where(StaffSession.account_id == account.id))
            session.execute(delete(StaffLock).where(StaffLock.subject == _subject("name", account.name)))
            self._record(session, "password_changed", account.name, by)

    def disable(self, name: str, by: str | None = None) -> None:
        """Let an account in no more, and end its sessions. Raises: AccountError."""
        with self._writing() as session:
            account = self._known(session, name)
            admins = select(StaffAccount).where(StaffAccount.role == "admin", StaffAccount.disabled.is_(False))
            # From the command line it can be mended; from a page nobody could.
            if by and account.role == "admin" and len(list(session.scalars(admins))) <= 1:
                raise AccountError("last_admin", f"{account.name} is the only admin: make another one first.")
            account.disabled = True
            session.execute(delete(StaffSession).where(StaffSession.account_id == account.id))
            self._record(session, "account_disabled", account.name, by)

    def listed(self) -> list[Staff]:
        """All accounts by name."""
        with open_session(self._url) as session:
            return [_staff(one) for one in session.scalars(select(StaffAccount).order_by(StaffAccount.name))]

    def audit(self) -> list[AuditLine]:
        """The record, oldest first."""
        with open_session(self._url) as session:
            rows = session.scalars(select(StaffAudit).order_by(StaffAudit.id))
            return [AuditLine(row.at, row.act, row.account, row.changed_by) for row in rows]

    def sign_in(self, name: str, password: str, address: str) -> str:
        """Begin a session, and return the token that names it.

        Args:
            address: the network address that asks; only a digest of it is kept, and only after a wrong password.

        Raises:
            SignInRefusedError: the name or password is wrong, the account is disabled, or it was tried too often.
        """
        name = _clean(name)[: LONGEST_PASSWORD + 1]
        subjects = {"name": _subject("name", name), "address": _subject("address", address)}
        # It counts as wrong until it proves right, so that many tries at once are no way around the lock.
        found, hashed, wait = self._take_attempt(name, subjects)
        if wait:
            raise SignInRefusedError(wait)
        with self._checks:
            right = self._is_right(hashed, password) and found is not None
        token = secrets.token_urlsafe(32)
        with self._writing() as session:
            account = self._account(session, name) if right else None
            if account is None or account.disabled or account.password != hashed:
                self._record(session, "sign_in_refused", name if found else None, None)
                refused = True
            else:
                refused = False
                now = self._now()
                session.execute(delete(StaffLock).where(StaffLock.subject.in_(subjects.values())))
                session.add(StaffSession(digest=_digest(token), account_id=account.id, created=now, last_used=now))
                self._record(session, "signed_in", name, name)
                if self._hasher.check_needs_rehash(account.password):
                    account.password = self._hasher.hash(_normal(password))
        if refused:
            raise SignInRefusedError(0)
        return token

    def session(self, token: str) -> Staff | None:
        """Whose session `token` names, which keeps it alive; None when there is none, or no longer."""
        now = self._now()
        with open_session(self._url) as session:
            held = session.get(StaffSession, _digest(token))
            account = held and session.get(StaffAccount, held.account_id)
            if not held or not account or account.disabled or self._has_ended(held):
                return None
            found, fresh = _staff(account), now - held.last_used < TOUCHED_EVERY
        if not fresh:
            with self._writing() as session:
                held = session.get(StaffSession, _digest(token))
                if held is None:
                    return None
                held.last_used = now
        return found

    def sign_out(self, token: str) -> None:
        """End a session; does nothing where there is none."""
        with self._writing() as session:
            held = session.get(StaffSession, _digest(token))
            account = held and session.get(StaffAccount, held.account_id)
            if held and account:
                session.delete(held)
                self._record(session, "signed_out", account.name, account.name)

    def remove_ended(self) -> None:
        """Remove sessions that have ended, and wrong passwords of the day before."""
        now = self._now()
        with self._writing() as session:
            ended = (StaffSession.last_used <= now - IDLE) | (StaffSession.created <= now - LONGEST_SESSION)
            session.execute(delete(StaffSession).where(ended))
            session.execute(delete(StaffLock).where(StaffLock.locked_until <= now - FORGOTTEN_AFTER))

    def _take_attempt(self, name: str, subjects: dict[str, str]) -> tuple[str | None, str, int]:
        """The account's name, the hash to check against, and the seconds to wait, if it is locked."""
        now = self._now()
        with self._writing() as session:
            account = self._account(session, name)
            known = account.name if account else None
            locks = {kind: session.get(StaffLock, subject) for kind, subject in subjects.items()}
            wait = max([0, *(lock.locked_until - now for lock in locks.values() if lock)])
            if wait > 0:
                self._record(session, "sign_in_locked", known, None)
                return known, self._nobody, wait
            for kind, subject in subjects.items():
                lock = locks[kind] or StaffLock(subject=subject, failures=0, locked_until=now)
                lock.failures += 1
                lock.locked_until = now + _lock_seconds(lock.failures - FREE_FAILURES[kind])
                session.add(lock)
            return known, account.password if account else self._nobody, 0

    def _has_ended(self, held: StaffSession) -> bool:
        now = self._now()
        return now - held.last_used >= IDLE or now - held.created >= LONGEST_SESSION

    def _is_right(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, _normal(password)[: LONGEST_PASSWORD + 1])
        except VerifyMismatchError:
            return False

    def _hashed(self, name: str, password: str) -> str:
        password = _normal(password)
        if len(password) < SHORTEST_PASSWORD:
            raise AccountError(
                "short", f"The password has {len(password)} characters; it takes at least {SHORTEST_PASSWORD}."
            )
        if len(password) > LONGEST_PASSWORD:
            raise AccountError("long", f"The password is too long; it takes at most {LONGEST_PASSWORD} characters.")
        if name and name in password.casefold():
            raise AccountError("contains_name", "The password holds the account's name: choose another one.")
        return self._hasher.hash(password)

    def _account(self, session: Session, name: str) -> StaffAccount | None:
        return session.scalar(select(StaffAccount).where(StaffAccount.name == _clean(name)))

    def _known(self, session: Session, name: str) -> StaffAccount:
        account = self._account(session, name)
        if account is None:
            raise AccountError("unknown", f"There is no account named {name!r}: see `footbridge staff list`.")
        return account

    def _record(self, session: Session, act: str, account: str | None, by: str | None) -> None:
        session.add(StaffAudit(at=self._now(), act=act, account=account, changed_by=by))

    def _now(self) -> int:
        return int(self._clock())

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """A session that nobody else writes accounts beside, committed at the end or rolled back."""
        with open_session(self._url) as session, session.begin():
            connection = session.connection(execution_options={"directory_writes": True})
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")
            yield session


def _staff(account: StaffAccount) -> Staff:
    role = next(role for role in ROLES if role == account.role)
    return Staff(account.name, role, account.disabled)


def _lock_seconds(failures: int) -> int:
    """How long the next try waits after so many wrong passwords beyond the free ones."""
    return 0 if failures <= 0 else min(LONGEST_LOCK, FIRST_LOCK * 2 ** min(failures - 1, 20))


def _clean(name: str) -> str:
    return _normal(name).strip().casefold()


def _normal(text: str) -> str:
    """`text` the way every keyboard writes it (NFKC); NIST SP 800-63B, 5.1.1.2."""
    return unicodedata.normalize("NFKC", text)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _subject(kind: str, value: str) -> str:
    return _digest(f"{kind}:{value}")
