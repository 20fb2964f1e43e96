"""Rasa graph component that runs first: the rules of the safety net. It needs nothing that could break before it."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.understanding import messages as reading
from bot.understanding.safety_rules import safety_rules


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class SafetyNet(GraphComponent):  # type: ignore[misc]
    """Adds an entity `crisis` for each crisis that a rule hears, with the rule's id."""

    def __init__(self) -> None:
        self._rules = safety_rules()

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
                reading.set_crises(message, self._rules.find(message.get(TEXT) or ""))
        return messages
