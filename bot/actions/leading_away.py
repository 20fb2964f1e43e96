"""What a person is led away from after some crises, until they say otherwise: bot/data/safety/led_away.yml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.answers.catalog import Catalog, catalog
from bot.settings import DATA

LED_AWAY = DATA / "safety" / "led_away.yml"


class LedAwayDataError(ValueError):
    """The file cannot be used; the message names it, the entry, and what it takes."""


@dataclass(frozen=True)
class LeadingAway:
    """Where a person is not led after a crisis.

    Attributes:
        replies: for each crisis that leads away, the answer that is said instead.
        acts: intents that are not done.
        topics: for each of the crises, ids of the topics that are not read.
    """

    replies: Mapping[str, str]
    acts: frozenset[str]
    topics: Mapping[str, frozenset[str]]


@lru_cache(maxsize=1)
def leading_away() -> LeadingAway:
    """The project's own file, read once. Raises: LedAwayDataError."""
    return read_leading_away(LED_AWAY, catalog())


def read_leading_away(path: Path, words: Catalog) -> LeadingAway:
    """Read the file and hold the ids in it against the vetted words. Raises: LedAwayDataError."""
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        crises: Mapping[str, Mapping[str, Any]] = given["crises"]
        replies = {crisis: str(entry["says"]) for crisis, entry in crises.items()}
        topics = {crisis: frozenset([*given["topics"], *entry["topics_too"]]) for crisis, entry in crises.items()}
        acts = frozenset(given["acts"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise LedAwayDataError(
            f"{path} cannot be read ({type(error).__name__}: {error}). It takes `acts`, `topics`, and under `crises` a "
            "crisis with its `says` and `topics_too`."
        ) from error
    _known(path, [*replies, *replies.values()], words.replies, "reply")
    for crisis in topics:
        _known(path, topics[crisis], words.topics, "topic")
    return LeadingAway(replies, acts, topics)


def _known(path: Path, named: Iterable[str], known: Iterable[str], kind: str) -> None:
    unknown = sorted(set(named) - set(known))
    if unknown:
        raise LedAwayDataError(f"{path}: there is no {kind} {', '.join(unknown)}; take an id from bot/data/answers.")
