"""Rasa entity extractor: the goals that a survivor names, several in one message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.understanding import messages as reading
from bot.understanding.linear_component import LinearComponent
from bot.understanding.passages import is_long, passages, sentences
from bot.understanding.sentence_encoder import encode
from bot.understanding.topic_classifier import GOALS

GOAL = "goal"
POSSIBLE_GOAL = "possible_goal"  # put on the list only where goals were asked for
NOT_SURE = "goal_not_sure"
NO_GOAL = "none"
REMOVE_GOAL = "remove_goal"
# Intents of messages in which hopes are read; who greets or says yes names none.
_READ = (GOALS, reading.ASK, reading.FALLBACK, reading.OUT_OF_SCOPE, reading.CRISIS)
MOST = 6  # clauses read in one message; more than people type, and it bounds the time

_SPLIT = re.compile(r"[,;:]|\b(?:and|but|also|plus|then|so)\b", re.IGNORECASE)
SHORTEST_PART = 3  # words
# Who asks a question names no hope by it ...
_QUESTION = re.compile(
    r"\?|^\W*(?:(?:so|and|but|well|ok|okay)\W+)*(?:do|does|did|can|could|will|would|is|are|am|was|what|whats|how|why|who|when|"
    r"where|should|must|may)\b",
    re.IGNORECASE,
)
# ... unless it says what is wanted as well ...
_WISH = re.compile(
    r"\b(?:i|we)(?:'?d| would| just| really| only| still| also)*\s+(?:want|need|like|love|hope|wish|wanna)\b", re.I
)
# ... and "I wish she would say sorry" asks nothing about apologies.
_WISH_FOR_OTHER = re.compile(
    r"^\W*(?:(?:well|so|and|but|honestly|maybe|mostly|mainly)\W+)*"
    r"(?:i|we)(?:'?d| would| just| really| only| still| also)*\s+(?:want|need|like|love|hope|wish)\s+(?:that\s+)?"
    r"(?:him|her|them|he|she|they|(?:that|the)\s+\w+)\b",
    re.IGNORECASE,
)
# These words alone are a full answer.
_NOT_SURE = re.compile(
    r"^\W*(?:(?:i'?m|i am|im)\s+)?(?:really\s+|still\s+)?"
    r"(?:(?:not|un)\s*(?:really\s+|so\s+)?sure|dunno|idk|i\s+dunno|no\s+idea|"
    r"i\s+(?:do not|don'?t)\s+(?:really\s+)?know)(?:\s+(?:yet|really|honestly|what\s+i\s+want))*\W*$",
    re.IGNORECASE,
)
# A wish of somebody else, or pressure, is no goal either.
_OTHERS = re.compile(
    r"^\W*(?:(?:my|our|his|her|the)\s+\w+|mom|mama|mum|dad|daddy|grandma|grandpa|he|she|they|people|everyone|everybody)\b"
    r"[^,;.]{0,30}?\b(?:says?|said|thinks?|wants?|keeps?|tells?|told|asked|asks|hopes?|wishes|insists?|pushing)\b",
    re.IGNORECASE,
)
# Somebody speaks of themselves.
_FIRST_PERSON = re.compile(r"\b(?:i|i'?(?:m|d|ve|ll)|me|my|mine|myself|we|us|our)\b", re.IGNORECASE)
# What a survivor says they do not want is no goal of theirs.
_NEGATED = re.compile(
    r"\b(?:do not|don'?t|dont|never|not|no longer|doesn'?t|doesnt)\s+(?:even\s+|really\s+|ever\s+)*"
    r"(?:want(?!\s+to\s+(?:be\s+afraid|be\s+scared|live|stay))|wanna(?!\s+be\s+(?:afraid|scared))|need|care|hope|wish|"
    r"looking|interested|after)\b"
    r"|\b(?:want|need)\s+nothing\b"
    r"|(?:\bnot|n'?t|\bno)\s+(?:\w+\s+)?(?:about|there\s+to|here\s+to|trying\s+to)\b"
    r"|\bnever\s+said\b|\bkeep\s+(?:your|his|her|their)\s+(?:\w+\s+)?(?:apology|apologies|sorry|money|excuses)\b",
    re.IGNORECASE,
)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class GoalReader(LinearComponent):
    """Logistic regression on each sentence and each of its parts: one of the sixteen goals, or none."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "strength": 3.0,
            # A sentence counts as a goal from this probability on, and a part of one from the higher one; in a message
            # that asks something, it is put on the list unasked only from the highest.
            "threshold": 0.2,
            "threshold_part": 0.6,
            "threshold_in_question": 0.97,
            # Where no topic is sure, the message is about goals if that much speaks for it, or no topic has this much.
            "share": 0.3,
            "topic": 0.6,
            # Where a goal is taken off the list, one counts from this share of all goals on.
            "threshold_removing": 0.5,
        }

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the goals against everything else that people say."""
        vectors, labels = [], []
        for example in training_data.intent_examples:
            rows = reading.sentence_vectors(example)
            if rows is not None and example.get(INTENT) not in (None, reading.CRISIS, reading.NO_CRISIS):
                _, _, goal = str(example.get(INTENT_RESPONSE_KEY) or "").partition(f"{GOALS}/")
                vectors.append(rows[0])
                labels.append(goal or NO_GOAL)
        return self.fit(vectors, labels)

    def process(self, messages: list[Message]) -> list[Message]:
        """Add an entity for each goal read, and the intent share_goals where nothing better was found."""
        for message in messages:
            if reading.is_payload(message) or self._model is None:
                continue
            intent = reading.intent_of(message)
            if _NOT_SURE.search(message.get(TEXT)) and intent != reading.CRISIS:
                found = {NOT_SURE: 1.0}
                intent = GOALS
                reading.set_intent(message, GOALS, 1.0)
            elif intent == REMOVE_GOAL:
                found = self._goal_to_remove(message)
            elif intent in _READ:
                found = self._goals(message)
            else:
                continue
            if intent == reading.ASK and _QUESTION.search(message.get(TEXT)) and not _WISH.search(message.get(TEXT)):
                continue
            surely = self._surely_named(message, intent, found)
            for goal in found:
                reading.add_entity(message, GOAL if goal in surely else POSSIBLE_GOAL, goal, type(self).__name__)
        return messages

    def _surely_named(self, message: Message, intent: str, found: Mapping[str, float]) -> set[str]:
        """The goals to put on the list even where none were asked for; the intent becomes share_goals if it is that."""
        if intent == reading.FALLBACK and found and self._speaks_of_goals(message, found):
            reading.set_intent(message, GOALS, 1.0)
            return set(found)
        if intent == reading.ASK and not _QUESTION.search(message.get(TEXT)) and _WISH.search(message.get(TEXT)):
            # Somebody who asks a question is not unsure of what they hope for.
            least = self._config["threshold_in_question"]
            sure = {goal for goal, share in found.items() if share >= least and goal != NOT_SURE}
            if sure and _WISH_FOR_OTHER.search(message.get(TEXT)):
                reading.set_intent(message, GOALS, 1.0)
            return sure
        return set(found) if intent in (GOALS, REMOVE_GOAL) else set()

    def _speaks_of_goals(self, message: Message, found: Mapping[str, float]) -> bool:
        """Whether a message that is no sure question is about goals: they are likely, or one is and no topic is."""
        if reading.share(message, GOALS) >= self._config["share"]:
            return True
        surest = max((share for goal, share in found.items() if goal != NOT_SURE), default=0.0)
        return bool(
            surest >= self._config["threshold_part"] and 0 < reading.confidence(message) < self._config["topic"]
        )

    def _goal_to_remove(self, message: Message) -> dict[str, float]:
        """The one goal that is likeliest; that it is about a goal is known already."""
        vectors = reading.sentence_vectors(message)
        if vectors is None or self._model is None:
            return {}
        ranking = [(goal, share) for goal, share in self._model.ranking(vectors[0]) if goal not in (NO_GOAL, NOT_SURE)]
        best, share = ranking[0]
        likely = share / sum(each for _, each in ranking) >= self._config["threshold_removing"]
        return {best: share} if likely else {}

    def _goals(self, message: Message) -> dict[str, float]:
        """Goals of the sentences and of their parts, each with its probability."""
        vectors = reading.sentence_vectors(message)
        if vectors is None or self._model is None:
            return {}
        clauses = _clauses(message.get(TEXT))
        if len(clauses) != len(vectors):  # otherwise it is one sentence, or the passages of a long message
            vectors = encode([clause for clause, _ in clauses])
        rows = self._model.probabilities(vectors)
        none = self._model.labels.index(NO_GOAL)
        found: dict[str, float] = {}
        # "My husband wants to shout, he is the angry one": what follows is his too, until I speak of myself.
        others = any(_OTHERS.search(clause) for clause, _ in clauses)
        for row, (clause, is_part) in zip(rows, clauses, strict=True):
            row[none] = 0.0  # how likely the likeliest goal is counts, and not whether none is likelier
            goal, share = self._model.labels[row.argmax()], float(row.max())
            if share < self._config["threshold_part" if is_part else "threshold"] or not _is_own_wish(clause):
                continue
            if not others or _FIRST_PERSON.search(clause):
                found[goal] = max(found.get(goal, 0.0), share)
        named = {goal: share for goal, share in found.items() if goal != NOT_SURE}
        return named or {goal: share for goal, share in found.items() if share >= self._config["threshold_part"]}


def _clauses(text: str) -> list[tuple[str, bool]]:
    """What is read by itself, with whether it is part of a sentence: sentences and parts, or passages if it is long."""
    if is_long(text):
        return [(passage, False) for passage in passages(text)]
    found: dict[str, bool] = {}
    for sentence in sentences(text):
        found.setdefault(sentence, False)
        for part in _SPLIT.split(sentence):
            if len(part.split()) >= SHORTEST_PART:
                found.setdefault(part.strip(), True)
    return list(found.items())[:MOST]


def _is_own_wish(clause: str) -> bool:
    """Whether a clause does not say what is not wanted, or what somebody else wants."""
    return not _NEGATED.search(clause) and not _OTHERS.search(clause)
