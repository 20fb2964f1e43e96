"""Whether a message says the opposite of what it was understood to say: bot/data/safety/opposites.yml."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

from bot.answers.rendering import plain
from bot.settings import DATA

OPPOSITES = DATA / "safety" / "opposites.yml"
BETWEEN = 2  # words that may stand between "not" and what it denies
# What stands between says something else: "dont worry im good", "not under 18".
_BETWEEN_NOT = r"(?:i|im|ill|its|he|hes|she|shes|we|it|that|thats|under|younger)\b"


class OppositesDataError(ValueError):
    """The file cannot be used; the message names it and says what it takes."""


def says_opposite(act: str, text: str) -> bool:
    """Whether `text`, understood as `act` ("im_okay" or "not_me"), denies it."""
    return any(_patterns()[act].search(plain(clause)) for clause in re.split(r"[,.;:!?\n]", text))


def read_opposites(path: Path) -> dict[str, re.Pattern[str]]:
    """A pattern for each act in the file. Raises: OppositesDataError."""
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        denied = _either(given.pop("not"))
        return {
            act: re.compile(rf"\b{denied}(?: (?!{_BETWEEN_NOT})\w+){{0,{BETWEEN}}} {_either(words)}\b")
            for act, words in given.items()
        }
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise OppositesDataError(
            f"{path} cannot be read ({type(error).__name__}: {error}). It takes `not`, `im_okay` and `not_me`, each a "
            "list of words; quote numbers, yes and no."
        ) from error


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    return read_opposites(OPPOSITES)


def _either(words: list[str]) -> str:
    return f"(?:{'|'.join(re.escape(word) for word in words)})"
