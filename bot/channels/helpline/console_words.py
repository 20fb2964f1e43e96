"""The words of the console that stand around the answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.answers.catalog import AnswerDataError, read_yaml
from bot.answers.helpline import HELPLINE
from bot.settings import DATA

WORDS_FILE = DATA / "answers" / HELPLINE / "console.yml"


def console_words(path: Path = WORDS_FILE) -> Mapping[str, str]:
    """The words by name. Raises: AnswerDataError."""
    words = read_yaml(path).get("words")
    if not isinstance(words, dict) or not words:
        raise AnswerDataError(f"{path} has no words: write them under `words`, each with its name.")
    for name, text in words.items():
        if not isinstance(name, str) or not isinstance(text, str) or not text.strip():
            raise AnswerDataError(f"{path}: {name!r} has no words: write them behind the name, in quotes if need be.")
    return words
