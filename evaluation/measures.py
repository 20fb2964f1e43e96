"""The measures: pure functions from what was expected and what was understood to counts, shares and curves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from statistics import quantiles

from evaluation.readings import Reading

OUT_OF_SCOPE = "out_of_scope"
# The topic that a message of danger belongs to: help shown at once is the right answer to it.
DANGER = "safety_now"
# The topic of somebody who is overwhelmed: the help shown for CRISIS_FLASHBACK holds its words, so that this help, and
# no other, is right for it too.
GROUNDING = "grounding_now"
CRISIS_FLASHBACK = "crisis_flashback"
HELP = "help"

Expected = tuple[str, Reading]
"""The id of the topic or act that is right, and what was understood."""


@dataclass(frozen=True)
class Share:
    """`part` of `whole` messages. Raises ValueError if there is none."""

    part: int
    whole: int

    def __post_init__(self) -> None:
        if not self.whole:
            raise ValueError("A share of no messages cannot be taken.")

    @property
    def value(self) -> float:
        """0 to 1."""
        return self.part / self.whole


def guess(reading: Reading) -> str:
    """What the assistant would take the message for: its best guess, or HELP where it shows help instead."""
    return HELP if reading.crisis else reading.topic


def is_right(expected: str, reading: Reading) -> bool:
    """Whether the best guess is the expected topic or act.

    Help shown at once is right for DANGER, and the help for a flashback for GROUNDING; it is wrong for all else.
    """
    if reading.crisis:
        return expected == DANGER or (expected == GROUNDING and reading.crisis == CRISIS_FLASHBACK)
    return reading.topic == expected


def is_refused(reading: Reading) -> bool:
    """Whether the message is taken for out of scope: nothing is answered, nothing offered, no help shown."""
    return guess(reading) == OUT_OF_SCOPE and not reading.answered and not reading.offered


def accuracy(pairs: Sequence[Expected]) -> Share:
    """How often the best guess is right."""
    return Share(sum(is_right(expected, reading) for expected, reading in pairs), len(pairs))


def understood(pairs: Sequence[Expected]) -> Share:
    """How often the best guess is right, where help is shown first too: "go on" leads to it then."""
    return Share(
        sum(is_right(expected, reading) or reading.topic == expected for expected, reading in pairs), len(pairs)
    )


def accuracy_with_offers(pairs: Sequence[Expected]) -> Share:
    """How often the best guess is right, or the right one is among the buttons offered."""
    reached = (
        is_right(expected, reading) or (not reading.crisis and expected in reading.offered)
        for expected, reading in pairs
    )
    return Share(sum(reached), len(pairs))


def wrong_answers(pairs: Sequence[Expected]) -> Share:
    """How often a wrong topic or act is answered at once; help shown is counted by `help_shown` alone."""
    wrong = (reading.answered and not reading.crisis and not is_right(expected, reading) for expected, reading in pairs)
    return Share(sum(wrong), len(pairs))


def help_shown(pairs: Sequence[Expected]) -> Share:
    """How often help is shown that is not right, of the messages that are not about DANGER."""
    others = [(expected, reading) for expected, reading in pairs if expected != DANGER]
    return Share(
        sum(reading.crisis is not None and not is_right(expected, reading) for expected, reading in others), len(others)
    )


def refusals(readings: Sequence[Reading]) -> Share:
    """How often a message is refused: right when it is out of scope, wrong when it is in scope."""
    return Share(sum(map(is_refused, readings)), len(readings))


def micro_f1(pairs: Sequence[tuple[Set[str], Set[str]]]) -> float:
    """F1, 0 to 1, of (expected, found) sets of ids, with every id of every message counted once.

    Messages without an id count by the ids wrongly found in them. Raises ValueError if no id is expected or found.
    """
    hits = sum(len(expected & found) for expected, found in pairs)
    named = sum(len(expected) + len(found) for expected, found in pairs)
    if not named:
        raise ValueError("F1 cannot be taken where nothing is expected and nothing found.")
    return 2 * hits / named


def exact_matches(pairs: Sequence[tuple[str | None, str | None]]) -> Share:
    """How often what was found equals what was expected, None included."""
    return Share(sum(expected == found for expected, found in pairs), len(pairs))


def percentile_95(values: Sequence[float]) -> float:
    """The 95th percentile of two values or more."""
    return quantiles(values, n=20, method="inclusive")[-1]


def commonest_confusions(pairs: Sequence[Expected], most: int) -> list[tuple[str, str, int]]:
    """The commonest wrong best guesses as (expected, guess, times), most often first, then by name."""
    counts = Counter((expected, guess(reading)) for expected, reading in pairs if not is_right(expected, reading))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(expected, guessed, times) for (expected, guessed), times in ordered[:most]]


@dataclass(frozen=True)
class ConfusionRow:
    """Best guesses for the messages of one family: how many were right, and what the wrong ones belong to."""

    right: int
    wrong: Mapping[str, int]

    @property
    def whole(self) -> int:
        """All messages of the family."""
        return self.right + sum(self.wrong.values())


def family_confusions(pairs: Sequence[Expected], family_of: Mapping[str, str], other: str) -> dict[str, ConfusionRow]:
    """Confusions by family, in the order in which the families first come.

    Args:
        pairs: expected and understood.
        family_of: family of each topic; OUT_OF_SCOPE and HELP are families of their own.
        other: family of every guess that `family_of` does not have (an act).
    """

    def family(name: str) -> str:
        return name if name in (OUT_OF_SCOPE, HELP) else family_of.get(name, other)

    right: Counter[str] = Counter()
    wrong: dict[str, Counter[str]] = {}
    for expected, reading in pairs:
        counts = wrong.setdefault(family(expected), Counter())
        if is_right(expected, reading):
            right[family(expected)] += 1
        else:
            counts[family(guess(reading))] += 1
    return {name: ConfusionRow(right[name], counts) for name, counts in wrong.items()}


@dataclass(frozen=True)
class ThresholdPoint:
    """What a threshold on confidence would do.

    Attributes:
        threshold: the least confidence at which the best guess is answered.
        answered: share of messages in scope that are answered with a topic or act.
        right: share of right ones among those; None when they are too few.
        out_of_scope_answered: share of messages out of scope that are answered with a topic or act.
    """

    threshold: float
    answered: float
    right: float | None
    out_of_scope_answered: float


def threshold_curve(
    in_scope: Sequence[Expected], out_of_scope: Sequence[Reading], thresholds: Sequence[float], few: int
) -> list[ThresholdPoint]:
    """One point for each threshold. Messages for which help is shown are left out: no threshold changes that.

    Args:
        in_scope: expected and understood.
        out_of_scope: what was understood of messages that no topic answers.
        thresholds: 0 to 1.
        few: of fewer answered messages than this, no share of right ones is taken.
    """
    inside = [(expected, reading) for expected, reading in in_scope if not reading.crisis]
    outside = [reading for reading in out_of_scope if not reading.crisis]
    points = []
    for threshold in thresholds:
        answered = [pair for pair in inside if _is_answered(pair[1], threshold)]
        points.append(
            ThresholdPoint(
                threshold,
                Share(len(answered), len(inside)).value,
                accuracy(answered).value if len(answered) >= few else None,
                Share(sum(_is_answered(reading, threshold) for reading in outside), len(outside)).value,
            )
        )
    return points


def _is_answered(reading: Reading, threshold: float) -> bool:
    return reading.topic != OUT_OF_SCOPE and reading.confidence >= threshold


@dataclass(frozen=True)
class ReliabilityPoint:
    """Messages of like confidence: their mean confidence, the share of right best guesses, and how many they are."""

    confidence: float
    right: float
    messages: int


def reliability_curve(pairs: Sequence[Expected], bins: int) -> list[ReliabilityPoint]:
    """A point for each of `bins` equal ranges of confidence that has messages, lowest first.

    Messages for which help is shown, or whose best guess is out of scope, are left out: their confidence is not that
    of a topic or act.
    """
    held: dict[int, list[Expected]] = {}
    for expected, reading in pairs:
        if guess(reading) not in (HELP, OUT_OF_SCOPE):
            held.setdefault(min(int(reading.confidence * bins), bins - 1), []).append((expected, reading))
    return [
        ReliabilityPoint(
            sum(reading.confidence for _, reading in members) / len(members), accuracy(members).value, len(members)
        )
        for _, members in sorted(held.items())
    ]
