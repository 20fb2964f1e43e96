"""Opens sessions on the directory: one engine a database URL, made at first use."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from sqlalchemy.orm import Session, sessionmaker

from bot.directory.database import DirectoryUnavailable, connect

RETRY_AFTER = 10.0  # seconds in which a database that could not be reached is not tried again

_failed: dict[str, tuple[float, DirectoryUnavailable]] = {}


@contextmanager
def open_session(url: str) -> Iterator[Session]:
    """A session on the database at `url`, closed at the end.

    Raises:
        DirectoryUnavailable: the database cannot be reached, or could not a moment ago.
    """
    when, error = _failed.get(url, (0.0, None))
    if error and time.monotonic() - when < RETRY_AFTER:
        raise error
    try:
        sessions = _sessions(url)
    except DirectoryUnavailable as failure:
        _failed[url] = (time.monotonic(), failure)
        raise
    _failed.pop(url, None)
    with sessions() as session:
        yield session


def close_sessions() -> None:
    """Let go of every database, and of what is known about those that failed."""
    _sessions.cache_clear()
    _failed.clear()


@lru_cache(maxsize=4)
def _sessions(url: str) -> sessionmaker[Session]:
    return sessionmaker(connect(url))
