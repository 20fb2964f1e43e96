"""Rasa intent classifier: which topic a message asks about, or which act it is."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, METADATA, METADATA_INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.understanding import messages as reading
from bot.understanding.linear_component import LinearComponent
from bot.understanding.linear_model import LinearModel
from bot.understanding.safety_rules import LAYER as RULES_LAYER
from bot.understanding.sentence_encoder import Vectors

GOALS = "share_goals"
FIND_PROGRAM = "find_program"
NO_GOAL = "no_goal"
TOPIC = "topic"
LIKELY_TOPIC = "likely_topic"
OFFERED = 3  # topics offered as buttons when it is not sure which one is meant
RANKED = 10  # labels kept with a message; Rasa copies them several times in a turn

# Acts that say that nobody is in danger, or that a help card is about somebody else.
TAKEN_BACK = ("im_okay", "not_me")
# Their examples teach other components.
_NOT_TOPICS = (NO_GOAL, reading.CRISIS, reading.NO_CRISIS)
# Labels of what Footbridge does not answer: other subjects, and words that mean nothing here.
_UNKNOWN = (reading.OUT_OF_SCOPE, reading.FALLBACK)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(LinearComponent):
    """Logistic regression on the sentence vector; of the passages of a long message, the surest one counts.

    A topic is the retrieval intent `ask` with the topic as an entity, so that one rule answers them all. Where it is
    about something else, the intent is `out_of_scope`. Below the threshold, as when two topics are close, it is
    `nlu_fallback`, and the entities `likely_topic` are the topics to offer. Where SafetyNet found a crisis, the intent
    is `crisis`, whatever the topic.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            # scikit-learn's C; docs/decisions/0005-classifier.md has what was tried, and the curves of the thresholds.
            "strength": 10.0,
            # Below this probability, offer the likely topics instead of answering.
            "threshold": 0.7,
            # For acts, which are undone in a word: below this probability, they are not done.
            "threshold_act": 0.5,
            # Where nothing is that sure: say that it does not know from this share on that what it does not answer has,
            # against the best that it knows.
            "refuse": 0.2,
            # Labels that need another probability: help in danger is shown on less.
            "sure": {"ask/safety_now": 0.3},
        }

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on every example's vector.

        Goals count as one class here, GoalReader tells them apart. An intent whose examples say `metadata: {kind: ...}`
        is learned as several, because what it holds has nothing else in common; `{only: goals}` is for GoalReader.
        """
        vectors, labels = [], []
        for example in training_data.intent_examples:
            rows = reading.sentence_vectors(example)
            label = example.get(INTENT_RESPONSE_KEY) or example.get(INTENT)
            said = (example.get(METADATA) or {}).get(METADATA_INTENT) or {}
            if rows is not None and label not in _NOT_TOPICS and said.get("only") != "goals":
                kind = said.get("kind")
                vectors.append(rows[0])
                labels.append(GOALS if label.startswith(f"{GOALS}/") else f"{label}/{kind}" if kind else label)
        return self.fit(vectors, labels)

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent, ranking and the topic, or the likely topics, of a question."""
        for message in messages:
            if not reading.is_payload(message):
                self._classify(message)
                if reading.intent_of(message) in TAKEN_BACK:
                    # Somebody who says so is believed; what the rules heard stands.
                    by_rules = [firing for firing in reading.firings(message) if firing.layer == RULES_LAYER]
                    reading.set_crises(message, by_rules)
                if reading.has_entity(message, reading.CRISIS):
                    reading.set_intent(message, reading.CRISIS, 1.0)
        return messages

    def _classify(self, message: Message) -> None:
        vectors = reading.sentence_vectors(message)
        # Emoji, punctuation and blanks carry no words; the classifier would answer them by its priors.
        if self._model is None or vectors is None or not re.search(r"[^\W_]", message.get(TEXT)):
            reading.set_ranking(message, [])
            reading.set_intent(message, reading.FALLBACK, 0.0)
            return
        ranking = self._ranking(self._model, vectors)
        reading.set_ranking(message, ranking[:RANKED])
        intent, confidence = self._decide(ranking)
        name, _, topic = intent.partition("/")
        reading.set_intent(message, name, confidence)
        if name == reading.ASK:
            reading.add_entity(message, TOPIC, topic, type(self).__name__)
        elif name == reading.FALLBACK and not self._refuses(ranking):
            for likely in topics_among(ranking)[:OFFERED]:
                reading.add_entity(message, LIKELY_TOPIC, likely, type(self).__name__)

    def _ranking(self, model: LinearModel, vectors: Vectors) -> list[tuple[str, float]]:
        """Labels with the best probability a passage gives them; one of them about something else refuses nothing."""
        found = model.probabilities(vectors)
        unknown = np.array([_is_unknown(label) for label in model.labels])
        shares = np.where(unknown, found.min(axis=0), found.max(axis=0))
        return [(model.labels[index], float(shares[index])) for index in np.argsort(-shares, kind="stable")]

    def _decide(self, ranking: list[tuple[str, float]]) -> tuple[str, float]:
        """The intent to act on, with its confidence."""
        best, confidence = ranking[0]
        if not _is_unknown(best) and confidence >= self._needed(best):
            return best, confidence
        if self._refuses(ranking):
            return max(_unknown(ranking), key=lambda found: found[1])
        return reading.FALLBACK, confidence

    def _needed(self, label: str) -> float:
        """The probability from which on a label is acted on."""
        # Taking a question for a hope, or for the search for a program, is as wrong as another topic.
        act = not label.startswith(f"{reading.ASK}/") and label not in (GOALS, FIND_PROGRAM)
        return float(self._config["sure"].get(label, self._config["threshold_act" if act else "threshold"]))

    def _refuses(self, ranking: list[tuple[str, float]]) -> bool:
        unknown = sum(share for _, share in _unknown(ranking))
        best = next(share for label, share in ranking if not _is_unknown(label))
        return bool(unknown >= self._config["refuse"] * (unknown + best))


def _is_unknown(label: str) -> bool:
    """Whether a label, or the intent that it is a kind of, is one of what Footbridge does not answer."""
    return label.partition("/")[0] in _UNKNOWN


def _unknown(ranking: list[tuple[str, float]]) -> list[tuple[str, float]]:
    return [(label, share) for label, share in ranking if _is_unknown(label)]


def topics_among(ranking: list[tuple[str, float]]) -> list[str]:
    """Ids of topics among ranked labels, in order; looking for a program is both a topic and an act."""
    return [
        label.removeprefix(f"{reading.ASK}/")
        for label, _ in ranking
        if label.startswith(f"{reading.ASK}/") or label == FIND_PROGRAM
    ]
