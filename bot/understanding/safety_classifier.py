"""Rasa entity extractor: the second layer of the safety net, which hears what no rule has words for."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Any

import yaml
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, METADATA, METADATA_INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.settings import PROJECT
from bot.understanding import messages as reading
from bot.understanding.linear_component import LinearComponent
from bot.understanding.linear_model import LinearModel, Probabilities
from bot.understanding.safety_rules import Firing, SafetyRules, read_rule_book, safety_rules

LAYER = "classifier"
MOST_CRISES = 2  # cards that the classifier adds; more than two cannot be read in danger
# Topics and acts whose messages may or may not be danger: only what names a crisis is learned from them.
MAYBE_CRISIS = frozenset({"ask/safety_now", "ask/grounding_now", "ask/went_badly", "leave"})


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class SafetyClassifier(LinearComponent):
    """Logistic regression on the vector of the message, or of each passage: one of the eleven crises, or none."""

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        super().__init__(config, storage, resource)
        self._order = read_rule_book().order

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "strength": 3.0,
            # A crisis is heard from this probability on that there is one; docs/safety.md has the curve.
            "threshold": 0.07,
            # Crises that need another probability, where they are the likeliest.
            "sure": {},
            # Another crisis than the likeliest, or than what a rule heard, is heard beside it from this probability on.
            "threshold_also": 0.5,
        }

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the crises against everything else that people say."""
        rules = safety_rules()
        vectors, labels = [], []
        for example in training_data.intent_examples:
            rows = reading.sentence_vectors(example)
            if rows is not None:
                for label in _labels(example, rules):
                    vectors.append(rows[0])
                    labels.append(label)
        # As often as they are: that danger is rare is true, and the threshold says what follows.
        return self.fit(vectors, labels, balanced=False)

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the crises that are heard to those that the rules heard, in the order in which help is given.

        The highest probability of danger in the message and its passages is kept with it, heard or not.
        """
        for message in messages:
            if not reading.is_payload(message) and self._model is not None:
                heard = reading.firings(message)
                heard += self._hear(message, {firing.crisis for firing in heard})
                if heard:
                    heard.sort(key=lambda firing: self._order.index(firing.crisis))
                    reading.set_crises(message, heard)
        return messages

    def _hear(self, message: Message, known: Set[str]) -> list[Firing]:
        """What is heard beside the crises that are `known` from the rules."""
        vectors = reading.sentence_vectors(message)
        if vectors is None or self._model is None or not re.search(r"[^\W_]", message.get(TEXT)):
            return []
        rows = self._model.probabilities(vectors)
        reading.set_danger(message, 1 - float(rows[:, self._model.labels.index(reading.NO_CRISIS)].min()))
        heard = self._crises(self._model, rows)
        if known:
            heard = [(crisis, share) for crisis, share in heard if share >= self._config["threshold_also"]]
        return [Firing(crisis, LAYER, f"{share:.2f}") for crisis, share in heard if crisis not in known]

    def _crises(self, model: LinearModel, rows: Probabilities) -> list[tuple[str, float]]:
        """Crises with their probability, from the rows in which it is unlikely that there is none, likeliest first."""
        none = model.labels.index(reading.NO_CRISIS)
        heard: dict[str, float] = {}
        for row in rows:
            shares = {label: float(share) for label, share in zip(model.labels, row, strict=True)}
            del shares[reading.NO_CRISIS]
            best = max(shares, key=lambda crisis: shares[crisis])
            if 1 - float(row[none]) < self._config["sure"].get(best, self._config["threshold"]):
                continue
            for crisis, share in shares.items():
                if crisis == best or share >= self._config["threshold_also"]:
                    heard[crisis] = max(heard.get(crisis, 0.0), share)
        return sorted(heard.items(), key=lambda found: -found[1])[:MOST_CRISES]


def shipped_threshold() -> float:
    """The threshold of `config.yml`, or the default where it names none; OSError if the file cannot be read."""
    pipeline = yaml.safe_load((PROJECT / "config.yml").read_text(encoding="utf-8"))["pipeline"]
    given: dict[str, Any] = next(
        (part for part in pipeline if str(part["name"]).endswith(f".{SafetyClassifier.__name__}")), {}
    )
    return float({**SafetyClassifier.get_default_config(), **given}["threshold"])


def _labels(example: Message, rules: SafetyRules) -> list[str]:
    """What an example teaches about danger: crises, that there is none, or nothing."""
    said = (example.get(METADATA) or {}).get(METADATA_INTENT) or {}
    if said.get("crisis"):
        return [said["crisis"], *said.get("also", [])]
    intent = example.get(INTENT_RESPONSE_KEY) or example.get(INTENT)
    # Where a rule speaks, a question about something else was asked by somebody who is in danger as well.
    silent = intent == reading.NO_CRISIS or (intent not in MAYBE_CRISIS and not rules.find(example.get(TEXT)))
    return [reading.NO_CRISIS] if silent else []
