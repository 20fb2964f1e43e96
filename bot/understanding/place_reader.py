"""Rasa entity extractor: the state that a message names."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.understanding import messages as reading
from bot.understanding.place_names import PlaceTables
from bot.understanding.places import Places

GIVE_PLACE = "give_place"
# Acts that a place may change into GIVE_PLACE: the sentence was not understood, or said little else.
_WEAK = (reading.FALLBACK, reading.OUT_OF_SCOPE)
LIKELY_QUESTION = 0.5  # a topic this likely is offered, even where a place is named beside it ...
SHORT_ANSWER = 6  # ... in more words than these
_FILE = "place_names.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class PlaceReader(GraphComponent):  # type: ignore[misc]
    """Adds the entity `state` when one place is clearly meant, and `possible_state` for each when it is not."""

    def __init__(self, storage: ModelStorage, resource: Resource) -> None:
        self._storage = storage
        self._resource = resource
        self._places: Places | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PlaceReader:
        return cls(model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: object,
    ) -> PlaceReader:
        component = cls(model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._places = Places(PlaceTables.load(folder / _FILE))
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Make the tables of place names and keep them in the model; nothing is learned from the examples."""
        tables = PlaceTables.make()
        with self._storage.write_to(self._resource) as folder:
            tables.save(folder / _FILE)
        self._places = Places(tables)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Add places; a message that is nothing but a place is the act `give_place`.

        Raises:
            RuntimeError: the component was neither trained nor loaded from a model.
        """
        if self._places is None:
            raise RuntimeError("PlaceReader has no place names yet: train it, or load it from a trained model.")
        for message in messages:
            if reading.is_payload(message):
                continue
            found = self._places.read(message.get(TEXT))
            for state in found.states:
                reading.add_entity(message, "state" if found.certain else "possible_state", state, type(self).__name__)
            short = len(message.get(TEXT).split()) <= SHORT_ANSWER
            weak = reading.intent_of(message) in _WEAK and (short or reading.confidence(message) < LIKELY_QUESTION)
            if found.states and (found.bare or weak):
                reading.set_intent(message, GIVE_PLACE, 1.0)
        return messages
