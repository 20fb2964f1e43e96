"""Logging that cannot repeat what a person typed: warnings and errors only, and rasa's events without their values."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# Ours may say more than a warning; libraries may not, since some print messages of users at lower levels.
_OURS = "bot"


def configure() -> None:
    """Set up logging for the process. Call it before rasa is imported."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", force=True
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(_without_trace)
    # Otherwise a line that cannot be written is told of with the trace that it came from.
    logging.raiseExceptions = False
    logging.getLogger(_OURS).setLevel(logging.INFO)
    # Libraries of rasa's age warn about themselves at import; nobody who runs the service can act on it.
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)
    structlog.configure(
        processors=[_event_only, structlog.processors.KeyValueRenderer(key_order=["event"])],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _without_trace(record: logging.LogRecord) -> bool:
    """Name an exception's type instead of printing its trace, whose message may repeat what was typed."""
    if record.exc_info and record.exc_info[0]:
        record.msg, record.args = f"{record.funcName}: {record.exc_info[0].__name__}", ()
        record.exc_info = record.exc_text = None
    return True


def _event_only(_: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep the name of rasa's event and drop its values, which hold message texts."""
    return {"level": method, "event": event.get("event")}
