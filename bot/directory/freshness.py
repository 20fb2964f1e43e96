"""Which help lines nobody has checked for too long. Numbers can die overnight, so each carries the day it was seen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from bot.directory.rows import ResourceRow

# Where the day was written may be a day ahead of where it is read.
_LARGEST_LEAD = timedelta(days=1)


def overdue(lines: Iterable[ResourceRow], today: date, longest: int) -> list[ResourceRow]:
    """The help lines that were last seen more than `longest` days before `today`, in the order given.

    A day that is still to come is mistyped, and would keep its line silent for ever: such a line is overdue too.
    """
    oldest, newest = today - timedelta(days=longest), today + _LARGEST_LEAD
    return [line for line in lines if line.is_help_line and not oldest <= line.last_seen <= newest]
