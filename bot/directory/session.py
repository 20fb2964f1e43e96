"""Opens sessions on the directory: one engine a database URL, made at first use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from sqlalchemy.orm import Session, sessionmaker

from bot.directory.database import connect


@contextmanager
def open_session(url: str) -> Iterator[Session]:
    """A session on the database at `url`, closed at the end.

    Raises:
        DirectoryUnavailable: the database cannot be reached. The next call tries again.
    """
    with _sessions(url)() as session:
        yield session


@lru_cache(maxsize=4)
def _sessions(url: str) -> sessionmaker[Session]:
    return sessionmaker(connect(url))
