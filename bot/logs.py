"""Logging that cannot repeat what a person typed: to stderr, warnings and errors only, and rasa's events without values."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import MutableMapping
from typing import Any

import structlog

# Ours may say more than a warning; libraries may not, since some print messages of users at lower levels.
_OURS = "bot"


def configure() -> None:
    """Set up logging for the process. Call it before rasa is imported."""
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    # rasa's own models of its database, made at import under SQLAlchemy 2 and never used here.
    warnings.filterwarnings("ignore", message=".*declarative_base.*")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", force=True)
    logging.getLogger(_OURS).setLevel(logging.INFO)
    structlog.configure(
        processors=[_event_only, structlog.processors.KeyValueRenderer(key_order=["event"])],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _event_only(_: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep the name of rasa's event and drop its values, which hold message texts."""
    return {"level": method, "event": event.get("event")}
