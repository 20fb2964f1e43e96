"""Rasa featurizer: one dense vector a message, or a passage of a long one, from the sentence encoder."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.understanding.messages import is_payload
from bot.understanding.passages import passages
from bot.understanding.sentence_encoder import encode

ORIGIN = "SentenceEncoder"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceFeaturizer(GraphComponent):  # type: ignore[misc]
    """Adds sentence vectors, shape (passages, 384), to each message that has text; most are one passage."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceFeaturizer:
        encode(["ready"])  # loads the encoder now, so that the first survivor does not wait for it
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add vectors to every training example."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add vectors to the messages a person typed."""
        typed = [message for message in messages if message.get(TEXT) and not is_payload(message)]
        parts = [passages(message.get(TEXT)) for message in typed]
        vectors = encode([passage for each in parts for passage in each])
        start = 0
        for message, each in zip(typed, parts, strict=True):
            rows = vectors[start : start + len(each)]
            message.add_features(Features(rows, FEATURE_TYPE_SENTENCE, TEXT, ORIGIN))
            start += len(each)
        return messages
