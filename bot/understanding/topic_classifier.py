"""Rasa intent classifier: which topic a message asks about, or which act it is."""

from __future__ import annotations

import re
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.understanding import messages as reading
from bot.understanding.linear_component import LinearComponent
from bot.understanding.safety_net import CRISIS

GOALS = "share_goals"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(LinearComponent):
    """Logistic regression on the sentence vector.

    A topic is the retrieval intent `ask` with the topic as an entity, so that one rule answers them all. Below the
    threshold, or when the two best are too close, the intent is `nlu_fallback`; the ranking is kept for the offer of
    likely topics. Where SafetyNet found a crisis, the intent is `crisis`, whatever the topic.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            # scikit-learn's C; 3, 10 and 30 were tried in cross-validation, see docs/decisions/0005-classifier.md.
            "strength": 30.0,
            # Below this probability, say so and offer topics instead of answering.
            "threshold": 0.4,
            # The best must lead the second by this much.
            "margin": 0.1,
            # Acts that end or erase a talk need to be this sure; help in danger is shown on less.
            "sure": {"start_over": 0.6, "erase": 0.6, "stop": 0.5, "goodbye": 0.5, "ask/safety_now": 0.3},
        }

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on every example's vector; goals count as one class here, GoalReader tells them apart."""
        vectors, labels = [], []
        for example in training_data.intent_examples:
            vector = reading.sentence_vector(example)
            if vector is not None:
                vectors.append(vector)
                labels.append(example.get(INTENT_RESPONSE_KEY) or example.get(INTENT))
        labels = [GOALS if label.startswith(f"{GOALS}/") else label for label in labels]
        return self.fit(vectors, labels)

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent, ranking and, for a question, the entity `topic`."""
        for message in messages:
            if not reading.is_payload(message):
                self._classify(message)
                if reading.has_entity(message, CRISIS):
                    reading.set_intent(message, CRISIS, 1.0)
        return messages

    def _classify(self, message: Message) -> None:
        vector = reading.sentence_vector(message)
        # Emoji, punctuation and blanks carry no words; the classifier would answer them by its priors.
        if self._model is None or vector is None or not re.search(r"[^\W_]", message.get("text")):
            reading.set_ranking(message, [])
            reading.set_intent(message, reading.FALLBACK, 0.0)
            return
        ranking = self._model.ranking(vector)
        reading.set_ranking(message, ranking)
        (best, confidence), (_, second) = ranking[:2]
        needed = self._config["sure"].get(best, self._config["threshold"])
        if confidence < needed or confidence - second < self._config["margin"]:
            reading.set_intent(message, reading.FALLBACK, confidence)
            return
        intent, _, topic = best.partition("/")
        reading.set_intent(message, intent, confidence)
        if topic:
            reading.add_entity(message, "topic", topic, type(self).__name__)
