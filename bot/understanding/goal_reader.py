"""Rasa entity extractor: the goals that a survivor names, several in one message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.understanding import messages as reading
from bot.understanding.linear_component import LinearComponent
from bot.understanding.safety_net import CRISIS
from bot.understanding.sentence_encoder import encode
from bot.understanding.topic_classifier import GOALS

NOT_SURE = "goal_not_sure"
NO_GOAL = "none"
REMOVE_GOAL = "remove_goal"
LONGEST = 40  # clauses read in one message; more than anyone types, and it bounds the time

# Outside the talk about goals only a wish of one's own is a goal: "he wants to say sorry" and "must I" are none.
_WISH = re.compile(
    r"^\W*(?:(?:well|so|and|but|honestly|maybe|mostly|mainly)\W+)*"
    r"(?:i|we)(?:'?d| would| just| really| only| still| also)*\s+(?:want|need|like|love|hope|wish|"
    r"(?:do not|don'?t)\s+want\s+to\s+(?:be\s+(?:afraid|scared)|live|stay))\b",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"[,;:]|\b(?:and|but|also|plus|then)\b", re.IGNORECASE)
# These words alone are a full answer.
_NOT_SURE = re.compile(
    r"^\W*(?:(?:i'?m|i am|im)\s+)?(?:really\s+|still\s+)?"
    r"(?:(?:not|un)\s*(?:really\s+|so\s+)?sure|dunno|idk|i\s+dunno|no\s+idea|"
    r"i\s+(?:do not|don'?t)\s+(?:really\s+)?know)(?:\s+(?:yet|really|honestly|what\s+i\s+want))*\W*$",
    re.IGNORECASE,
)
# A wish of somebody else, or pressure, is no goal either.
_OTHERS = re.compile(
    r"^\W*(?:my\s+\w+|he|she|they|people|everyone|everybody)\s+"
    r"(?:says?|said|thinks?|wants?|keeps?|tells?|told|asked|asks|is\s+pushing|are\s+pushing)\b",
    re.IGNORECASE,
)
# What a survivor says they do not want is no goal of theirs.
_NEGATED = re.compile(
    r"\b(?:do not|don'?t|dont|never|not|no longer|doesn'?t|doesnt)\s+(?:even\s+|really\s+|ever\s+)*"
    r"(?:want(?!\s+to\s+(?:be\s+afraid|be\s+scared|live|stay))|need|care|hope|wish|looking|interested|after)\b"
    r"|\b(?:want|need)\s+nothing\b",
    re.IGNORECASE,
)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class GoalReader(LinearComponent):
    """Logistic regression on each clause: one of the sixteen goals, or none."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "strength": 30.0,
            # A clause counts as a goal from this probability on, in a message that is about goals ...
            "threshold": 0.35,
            # ... from this one on in any other message, if the clause is a wish ...
            "threshold_elsewhere": 0.7,
            # ... and from this one on, among the goals alone, where one is taken off the list.
            "threshold_removing": 0.3,
        }

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        super().__init__(config, storage, resource)
        self._sentences = spacy.blank("en")
        self._sentences.add_pipe("sentencizer")

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the goals against everything else that people say."""
        vectors, labels = [], []
        for example in training_data.intent_examples:
            vector = reading.sentence_vector(example)
            if vector is not None and example.get(INTENT):
                _, _, goal = str(example.get(INTENT_RESPONSE_KEY) or "").partition(f"{GOALS}/")
                vectors.append(vector)
                labels.append(goal or NO_GOAL)
        return self.fit(vectors, labels)

    def process(self, messages: list[Message]) -> list[Message]:
        """Add an entity `goal` for each goal read, and the intent share_goals where nothing better was found."""
        for message in messages:
            if reading.is_payload(message) or self._model is None:
                continue
            intent = reading.intent_of(message)
            if _NOT_SURE.search(message.get(TEXT)) and intent != CRISIS:
                found = [NOT_SURE]
                reading.set_intent(message, GOALS, 1.0)
            elif intent == GOALS:
                found = self._goals(self._clauses(message.get(TEXT), fewest=1), self._config["threshold"])
            elif intent == REMOVE_GOAL:
                found = self._goal_to_remove(message)
            elif intent in (reading.ASK, reading.FALLBACK):
                wishes = [clause for clause in self._clauses(message.get(TEXT)) if _WISH.search(clause)]
                found = self._goals(wishes, self._config["threshold_elsewhere"])
            else:
                continue
            for goal in found:
                reading.add_entity(message, "goal", goal, type(self).__name__)
            if found and intent == reading.FALLBACK:
                reading.set_intent(message, GOALS, 1.0)
        return messages

    def _goal_to_remove(self, message: Message) -> list[str]:
        """The one goal that is likeliest; that it is about a goal is known already."""
        vector = reading.sentence_vector(message)
        if vector is None or self._model is None:
            return []
        ranking = [(goal, share) for goal, share in self._model.ranking(vector) if goal not in (NO_GOAL, NOT_SURE)]
        best, share = ranking[0]
        return [best] if share / sum(each for _, each in ranking) >= self._config["threshold_removing"] else []

    def _goals(self, given: Iterable[str], threshold: float) -> list[str]:
        clauses = list(dict.fromkeys(given))[:LONGEST]
        if not clauses or self._model is None:
            return []
        rows = self._model.probabilities(encode(clauses))
        best = [(self._model.labels[row.argmax()], float(row.max())) for row in rows]
        found = [goal for goal, probability in best if goal != NO_GOAL and probability >= threshold]
        named = [goal for goal in dict.fromkeys(found) if goal != NOT_SURE]
        return named or ([NOT_SURE] if found else [])

    def _clauses(self, text: str, fewest: int = 3) -> Iterator[str]:
        """Sentences, or their parts where each has `fewest` words, without those that say what is not wanted."""
        for sentence in self._sentences(text).sents:
            parts = [part.strip() for part in _SPLIT.split(sentence.text) if part.strip()]
            apart = len(parts) > 1 and all(len(part.split()) >= fewest for part in parts)
            for clause in parts if apart else [sentence.text]:
                if not _NEGATED.search(clause) and not _OTHERS.search(clause):
                    yield clause
