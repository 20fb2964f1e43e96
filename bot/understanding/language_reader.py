"""Rasa entity extractor: the language of a message, where it is not English."""

from __future__ import annotations

from typing import Any

import us
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import METADATA, METADATA_INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.understanding import messages as reading
from bot.understanding.place_names import PlaceTables
from bot.understanding.spanish_words import SpanishWords

LANGUAGE = "language"
ENGLISH = "en"
SPANISH = "es"
_FILE = "spanish_words.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class LanguageReader(GraphComponent):  # type: ignore[misc]
    """Adds the entity `language` = "es" to a message in Spanish, or about half in Spanish."""

    def __init__(self, storage: ModelStorage, resource: Resource) -> None:
        self._storage = storage
        self._resource = resource
        self._words: SpanishWords | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageReader:
        return cls(model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: object,
    ) -> LanguageReader:
        component = cls(model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._words = SpanishWords.load(folder / _FILE)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples whose intent says `metadata: {language: es}`, against all others.

        Raises:
            ValueError: no example says that it is Spanish.
        """
        texts: dict[bool, list[str]] = {True: [], False: []}
        for example in training_data.intent_examples:
            said = (example.get(METADATA) or {}).get(METADATA_INTENT) or {}
            texts[said.get(LANGUAGE) == SPANISH].append(example.get(TEXT))
        tables = PlaceTables.make()
        states = [state.name for state in us.states.STATES_AND_TERRITORIES]
        self._words = SpanishWords.train(
            texts[True], texts[False], [*states, *tables.cities, *tables.towns, *tables.counties]
        )
        with self._storage.write_to(self._resource) as folder:
            self._words.save(folder / _FILE)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the language to what was typed; a button has none.

        Raises:
            RuntimeError: the component was neither trained nor loaded from a model.
        """
        if self._words is None:
            raise RuntimeError("LanguageReader knows no words yet: train it, or load it from a trained model.")
        for message in messages:
            if not reading.is_payload(message) and self._words.is_spanish(message.get(TEXT) or ""):
                reading.add_entity(message, LANGUAGE, SPANISH, type(self).__name__)
        return messages
