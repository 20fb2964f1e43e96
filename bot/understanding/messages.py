"""What the components read from and write to a Rasa message, in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from rasa.shared.nlu.constants import (
    ENTITIES,
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message

from bot.understanding.safety_rules import Firing

ASK = "ask"
CRISIS = "crisis"
NO_CRISIS = "no_crisis"
DANGER = "danger"
FALLBACK = "nlu_fallback"
OUT_OF_SCOPE = "out_of_scope"


def is_payload(message: Message) -> bool:
    """Whether the message is a button's payload, which Rasa reads by itself."""
    return str(message.get(TEXT) or "").startswith("/")


def sentence_vectors(message: Message) -> npt.NDArray[np.float32] | None:
    """The vectors that SentenceFeaturizer added, shape (passages, 384), or None."""
    for features in message.features:
        if features.attribute == TEXT and features.is_dense():
            return np.asarray(features.features, dtype=np.float32)
    return None


def intent_of(message: Message) -> str | None:
    """The intent chosen so far."""
    intent = message.get(INTENT)
    return intent.get(INTENT_NAME_KEY) if isinstance(intent, dict) else intent


def confidence(message: Message) -> float:
    """The probability of the likeliest label, 0 where nothing was ranked."""
    ranking = message.get(INTENT_RANKING_KEY) or []
    return float(ranking[0][PREDICTED_CONFIDENCE_KEY]) if ranking else 0.0


def set_intent(message: Message, name: str | None, confidence: float) -> None:
    """Choose the intent; the ranking stays as the classifier left it."""
    message.set(INTENT, {INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: confidence}, add_to_output=True)


def set_ranking(message: Message, ranking: Sequence[tuple[str, float]]) -> None:
    """Store labels with their probabilities, most likely first."""
    listed = [{INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: confidence} for name, confidence in ranking]
    message.set(INTENT_RANKING_KEY, listed, add_to_output=True)


def share(message: Message, label: str) -> float:
    """The probability of a label in the ranking, 0 if it is not there."""
    ranking = message.get(INTENT_RANKING_KEY) or []
    return next((float(found[PREDICTED_CONFIDENCE_KEY]) for found in ranking if found[INTENT_NAME_KEY] == label), 0.0)


def add_entity(message: Message, entity: str, value: str, extractor: str) -> None:
    """Add one entity. Its span is left at 0: nothing downstream needs to know where in the text it stood."""
    found: list[dict[str, Any]] = list(message.get(ENTITIES) or [])
    found.append({"entity": entity, "value": value, "start": 0, "end": 0, "extractor": extractor})
    message.set(ENTITIES, found, add_to_output=True)


def has_entity(message: Message, entity: str) -> bool:
    """Whether an entity of this kind was found."""
    return any(found["entity"] == entity for found in message.get(ENTITIES) or [])


def set_crises(message: Message, firings: Sequence[Firing]) -> None:
    """Keep these crises, and no others, each with the layer and the rule that heard it."""
    others: list[dict[str, Any]] = [found for found in message.get(ENTITIES) or [] if found["entity"] != CRISIS]
    heard = [
        {"entity": CRISIS, "value": one.crisis, "start": 0, "end": 0, "extractor": one.layer, "rule": one.rule}
        for one in firings
    ]
    message.set(ENTITIES, [*heard, *others], add_to_output=True)


def firings(message: Message) -> list[Firing]:
    """What made the safety net speak so far, in order."""
    return [
        Firing(str(found["value"]), str(found["extractor"]), str(found["rule"]))
        for found in message.get(ENTITIES) or []
        if found["entity"] == CRISIS
    ]


def set_danger(message: Message, probability: float) -> None:
    """Store how sure the classifier of the safety net is, from 0 to 1, that there is danger of some kind."""
    message.set(DANGER, probability, add_to_output=True)
