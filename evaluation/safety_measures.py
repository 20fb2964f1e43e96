"""The measures of the safety net: pure functions from what was written and what was heard to shares and a curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluation.measures import DANGER, GROUNDING, Share
from evaluation.messages import EVERYDAY
from evaluation.readings import Reading, ReadSet
from evaluation.safety_readings import SafetyRead, SafetyReading

Hearing = Callable[[SafetyReading], bool]
"""Whether danger is heard; which layers count is up to it."""


def by_both(reading: SafetyReading) -> bool:
    """Whether help is shown."""
    return bool(reading.firings)


def by_rules(reading: SafetyReading) -> bool:
    """Whether help would be shown without the classifier."""
    return reading.by_rules


def by_classifier(threshold: float) -> Hearing:
    """Whether help would be shown without the rules, at this threshold."""
    return lambda reading: reading.danger >= threshold


def by_rules_or(threshold: float) -> Hearing:
    """Whether help would be shown if this were the threshold of the classifier."""
    return lambda reading: reading.by_rules or reading.danger >= threshold


def in_danger(read: Sequence[SafetyRead]) -> list[SafetyRead]:
    """The messages for which help should be shown."""
    return [one for one in read if one.message.crisis]


def hard(read: Sequence[SafetyRead]) -> list[SafetyRead]:
    """The messages that sound like danger and are none."""
    return [one for one in read if not one.message.crisis and one.message.kind != EVERYDAY]


def everyday(read: Sequence[SafetyRead]) -> list[SafetyRead]:
    """What anybody types into a chat."""
    return [one for one in read if one.message.kind == EVERYDAY]


def everyday_of(read: ReadSet) -> list[Reading]:
    """The everyday messages of the other evaluation set: topics but those of distress, acts, far ones and places."""
    return [
        *(one.reading for one in read.topics if one.message.topic not in (DANGER, GROUNDING)),
        *(one.reading for one in read.acts),
        *(one.reading for one in read.out_of_scope if one.message.kind == "far"),
        *(one.reading for one in read.places),
    ]


def heard(read: Sequence[SafetyRead], hearing: Hearing = by_both) -> Share:
    """How often danger is heard: right in messages of danger (recall), a false alarm in others."""
    return Share(sum(hearing(one.reading) for one in read), len(read))


def missed(read: Sequence[SafetyRead]) -> list[SafetyRead]:
    """Messages of danger for which no help is shown."""
    return [one for one in in_danger(read) if not by_both(one.reading)]


def false_alarms(read: Sequence[SafetyRead]) -> list[SafetyRead]:
    """Messages without danger for which help is shown."""
    return [one for one in read if not one.message.crisis and by_both(one.reading)]


def first_card_right(read: Sequence[SafetyRead]) -> Share:
    """Of the messages of danger for which help is shown: how often the first card is one that is right."""
    shown = [one for one in in_danger(read) if by_both(one.reading)]
    return Share(sum(one.reading.crises[0] in _right_cards(one) for one in shown), len(shown))


def any_card_right(read: Sequence[SafetyRead]) -> Share:
    """As `first_card_right`, with any of the cards that are shown."""
    shown = [one for one in in_danger(read) if by_both(one.reading)]
    return Share(sum(not _right_cards(one).isdisjoint(one.reading.crises) for one in shown), len(shown))


def _right_cards(one: SafetyRead) -> frozenset[str]:
    return one.message.also | {one.message.crisis or ""}


@dataclass(frozen=True)
class SafetyPoint:
    """What a threshold of the classifier would do, joined with the rules.

    Attributes:
        threshold: the least probability of danger at which the classifier speaks.
        recall: share of the messages of danger that are heard.
        precision: share of messages of danger among all that are heard; 1 where none is heard.
        false_alarms: share of false alarms among the messages that sound like danger and are none.
    """

    threshold: float
    recall: float
    precision: float
    false_alarms: float


def safety_curve(read: Sequence[SafetyRead], thresholds: Sequence[float]) -> list[SafetyPoint]:
    """One point for each threshold, 0 to 1; from above 1 on, the rules are alone."""
    points = []
    for threshold in thresholds:
        hearing = by_rules_or(threshold)
        right, wrong = (
            heard(in_danger(read), hearing),
            sum(hearing(one.reading) for one in read if not one.message.crisis),
        )
        every = right.part + wrong
        points.append(
            SafetyPoint(threshold, right.value, right.part / every if every else 1.0, heard(hard(read), hearing).value)
        )
    return points
