"""Rasa graph component that runs first: phrases of people in danger.

It is a list of phrases (bot/data/safety/phrases.yml), so that help comes first from the first day. It is not a measured
detector, and docs/safety.md says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import spacy
import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from spacy.matcher import PhraseMatcher

from bot.settings import DATA
from bot.understanding import messages as reading

CRISIS = "crisis"
STOP = "|"
PHRASES = DATA / "safety" / "phrases.yml"


class PhraseDataError(ValueError):
    """The file of phrases cannot be used; the message names it and says what it takes."""


class PhraseNet:
    """Finds the phrases of people in danger; the order of the ids is the order in which help is shown."""

    def __init__(self, phrases: Mapping[str, Iterable[str]]) -> None:
        self._order = list(phrases)
        self._words = spacy.blank("en")
        # Most phrases may run over a comma; those with a stop in them are held against the text with its stops.
        self._anywhere = PhraseMatcher(self._words.vocab, attr="LOWER")
        self._before_stop = PhraseMatcher(self._words.vocab, attr="LOWER")
        for crisis, wordings in phrases.items():
            for wording in wordings:
                matcher = self._before_stop if STOP in wording else self._anywhere
                matcher.add(crisis, [self._words.make_doc(_plain(wording, stops=STOP in wording))])

    @classmethod
    def read(cls, path: Path = PHRASES) -> PhraseNet:
        """Read the file of phrases.

        Raises:
            PhraseDataError: it is missing, no YAML, or no lists of words under `phrases`.
        """
        try:
            phrases = yaml.safe_load(path.read_text(encoding="utf-8"))["phrases"]
        except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError) as error:
            raise PhraseDataError(
                f"{path} cannot be read: {error}. It takes lists of phrases under `phrases:`."
            ) from error
        for crisis, wordings in dict(phrases).items():
            if not isinstance(wordings, list) or not all(isinstance(wording, str) for wording in wordings):
                raise PhraseDataError(f"{path}: {crisis} takes a list of phrases; quote numbers, yes and no.")
        return cls(phrases)

    def find(self, text: str) -> list[str]:
        """The ids of the crises whose phrases stand in `text`, first to be helped first."""
        matches = [
            *self._anywhere(self._words.make_doc(_plain(text))),
            *self._before_stop(self._words.make_doc(_plain(f"{text}{STOP}", stops=True))),
        ]
        found = {self._words.vocab.strings[match] for match, _, _ in matches}
        return [crisis for crisis in self._order if crisis in found]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class SafetyNet(GraphComponent):  # type: ignore[misc]
    """Adds an entity `crisis` for each crisis found."""

    def __init__(self) -> None:
        self._net = PhraseNet.read()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SafetyNet:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Read each message before any other component does."""
        for message in messages:
            if not reading.is_payload(message):
                for crisis in self._net.find(message.get(TEXT) or ""):
                    reading.add_entity(message, CRISIS, crisis, type(self).__name__)
        return messages


def _plain(text: str, stops: bool = False) -> str:
    """Only words, and with `stops` a STOP for each mark: apostrophes vanish, so that "I'm" and "im" are the same."""
    kept = text.casefold().replace("'", "").replace("\u2019", "")
    between = f" {STOP} " if stops else " "
    return " ".join("".join(mark if mark.isalnum() or mark == " " else between for mark in kept).split())
