"""Rasa entity extractor: the state that a message names."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.understanding import messages as reading
from bot.understanding.places import PlaceReader as Places

GIVE_PLACE = "give_place"
# Acts that a place may change into GIVE_PLACE: the sentence was not understood, or said little else.
_WEAK = (reading.FALLBACK, reading.OUT_OF_SCOPE)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PlaceReader(GraphComponent):  # type: ignore[misc]
    """Adds the entity `state` when one place is clearly meant, and `possible_state` for each when it is not."""

    def __init__(self) -> None:
        self._places = Places()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PlaceReader:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add places; a message that is nothing but a place is the act `give_place`."""
        for message in messages:
            if reading.is_payload(message):
                continue
            found = self._places.read(message.get(TEXT))
            for state in found.states:
                reading.add_entity(message, "state" if found.certain else "possible_state", state, type(self).__name__)
            if found.states and (found.bare or reading.intent_of(message) in _WEAK):
                reading.set_intent(message, GIVE_PLACE, 1.0)
        return messages
