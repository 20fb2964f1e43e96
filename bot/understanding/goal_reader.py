"""Rasa entity extractor: the goals that a survivor names, several in one message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import spacy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.understanding import messages as reading
from bot.understanding.linear_model import LinearModel
from bot.understanding.sentence_encoder import encode
from bot.understanding.topic_classifier import GOALS

NOT_SURE = "goal_not_sure"
NO_GOAL = "none"
LONGEST = 40  # clauses read in one message; more than anyone types, and it bounds the time

_SPLIT = re.compile(r"[,;:]|\b(?:and|but|also|plus|then)\b", re.IGNORECASE)
# What a survivor says they do not want is no goal of theirs.
_NEGATED = re.compile(
    r"\b(?:do not|don'?t|dont|never|not|no longer|doesn'?t|doesnt)\s+(?:even\s+|really\s+|ever\s+)*"
    r"(?:want(?!\s+to\s+(?:be\s+afraid|be\s+scared|live|stay))|need|care|hope|wish|looking|interested|after)\b",
    re.IGNORECASE,
)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class GoalReader(GraphComponent):  # type: ignore[misc]
    """Logistic regression on each clause: one of the sixteen goals, or none."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "strength": 30.0,
            # A clause counts as a goal from this probability on, in a message that is about goals ...
            "threshold": 0.35,
            # ... and from this one on in any other message, where a question is likelier.
            "threshold_elsewhere": 0.8,
        }

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._model: LinearModel | None = None
        self._sentences = spacy.blank("en")
        self._sentences.add_pipe("sentencizer")

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GoalReader:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> GoalReader:
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._model = LinearModel.load(folder)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the goals against everything else that people say."""
        vectors, labels = [], []
        for example in training_data.intent_examples:
            vector = reading.sentence_vector(example)
            if vector is not None and example.get(INTENT):
                _, _, goal = str(example.get(INTENT_RESPONSE_KEY) or "").partition(f"{GOALS}/")
                vectors.append(vector)
                labels.append(goal or NO_GOAL)
        self._model = LinearModel.train(np.stack(vectors), labels, self._config["strength"])
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Add an entity `goal` for each goal read, and the intent share_goals where nothing better was found."""
        for message in messages:
            if reading.is_payload(message) or self._model is None:
                continue
            intent = reading.intent_of(message)
            if intent not in (GOALS, reading.FALLBACK, reading.ASK):
                continue
            threshold = self._config["threshold" if intent == GOALS else "threshold_elsewhere"]
            found = self._goals(message.get(TEXT), threshold)
            for goal in found:
                reading.add_entity(message, "goal", goal, type(self).__name__)
            if found and intent == reading.FALLBACK:
                reading.set_intent(message, GOALS, 1.0)
        return messages

    def _goals(self, text: str, threshold: float) -> list[str]:
        clauses = list(dict.fromkeys(self._clauses(text)))[:LONGEST]
        if not clauses or self._model is None:
            return []
        rows = self._model.probabilities(encode(clauses))
        best = [(self._model.labels[row.argmax()], float(row.max())) for row in rows]
        found = [goal for goal, probability in best if goal != NO_GOAL and probability >= threshold]
        named = [goal for goal in dict.fromkeys(found) if goal != NOT_SURE]
        return named or ([NOT_SURE] if found else [])

    def _clauses(self, text: str) -> Iterator[str]:
        """Sentences, and their parts where a part can stand alone, without those that say what is not wanted."""
        for sentence in self._sentences(text).sents:
            parts = [part.strip() for part in _SPLIT.split(sentence.text)]
            whole = [] if len(parts) > 1 and all(len(part.split()) >= 3 for part in parts) else [sentence.text]
            for clause in whole or parts:
                if len(clause.split()) >= 2 and not _NEGATED.search(clause):
                    yield clause
