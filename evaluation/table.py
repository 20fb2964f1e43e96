"""The table: every measure of both sets beside its target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from evaluation import measures
from evaluation.messages import KINDS, VOICES
from evaluation.readings import ReadSet


@dataclass(frozen=True)
class Target:
    """The limit that a figure must keep, in the figure's unit."""

    limit: float
    at_least: bool
    unit: str = ""

    def is_met(self, value: float) -> bool:
        """Whether `value` keeps the limit."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        # Two places of a share at least, and all of one that has more.
        limit = f"{self.limit:g} {self.unit}" if self.unit else max(f"{self.limit:.2f}", f"{self.limit:g}", key=len)
        return f"{'at least' if self.at_least else 'at most'} {limit}"


@dataclass(frozen=True)
class Figure:
    """A measured value and how it is written."""

    value: float
    words: str

    @classmethod
    def share(cls, share: measures.Share) -> Figure:
        return cls(share.value, f"{share.value:.3f} ({share.part} of {share.whole})")

    @classmethod
    def milliseconds(cls, value: float) -> Figure:
        return cls(value, f"{value:.1f} ms")


def at_least(limit: float) -> Target:
    """The target of `limit` or more."""
    return Target(limit, at_least=True)


def at_most(limit: float, unit: str = "") -> Target:
    """The target of `limit` or less, in `unit`."""
    return Target(limit, at_least=False, unit=unit)


TRAINING = "Training"
MEASURES: Mapping[str, Target | None] = {
    "Topic right": at_least(0.90),
    **{f"Topic right: {voice}": None for voice in VOICES},
    "Topic understood, with help shown first or without": None,
    "Topic right or among the offered": at_least(0.97),
    "Answered with a wrong topic": at_most(0.03),
    "In scope, wrongly refused": at_most(0.05),
    "Help shown instead of the topic": None,
    "Out of scope refused: near": at_least(0.90),
    "Out of scope refused: far": at_least(0.99),
    **{f"Out of scope refused: {kind}": None for kind in KINDS if kind not in ("near", "far")},
    "Acts right": None,
    "Goals, micro F1": at_least(0.90),
    "Places right": at_least(0.97),
    "Spanish topic right": at_least(0.80),
    "A message read, median": at_most(8, "ms"),
    "A message read, 95th percentile": None,
    TRAINING: at_most(60, "s"),
}
"""What is measured, in the order of the table, each with the project's target or None."""


def figures(read: ReadSet) -> dict[str, Figure]:
    """The figure of every measure of a set, but for TRAINING, which is not measured on messages."""
    topics = [(one.message.topic, one.reading) for one in read.topics]
    found: dict[str, Figure] = {"Topic right": Figure.share(measures.accuracy(topics))}
    for voice in VOICES:
        spoken = [(one.message.topic, one.reading) for one in read.topics if one.message.voice == voice]
        found[f"Topic right: {voice}"] = Figure.share(measures.accuracy(spoken))
    found["Topic understood, with help shown first or without"] = Figure.share(measures.understood(topics))
    found["Topic right or among the offered"] = Figure.share(measures.accuracy_with_offers(topics))
    found["Answered with a wrong topic"] = Figure.share(measures.wrong_answers(topics))
    found["In scope, wrongly refused"] = Figure.share(measures.refusals([reading for _, reading in topics]))
    found["Help shown instead of the topic"] = Figure.share(measures.help_shown(topics))
    for kind in KINDS:
        readings = [one.reading for one in read.out_of_scope if one.message.kind == kind]
        found[f"Out of scope refused: {kind}"] = Figure.share(measures.refusals(readings))
    found["Acts right"] = Figure.share(measures.accuracy([(one.message.act, one.reading) for one in read.acts]))
    f1 = measures.micro_f1([(one.message.goals, one.reading.goals) for one in read.goals])
    found["Goals, micro F1"] = Figure(f1, f"{f1:.3f}")
    found["Places right"] = Figure.share(
        measures.exact_matches([(one.message.state, one.reading.state) for one in read.places])
    )
    found["Spanish topic right"] = Figure.share(
        measures.accuracy([(one.message.topic, one.reading) for one in read.spanish])
    )
    found["A message read, median"] = Figure.milliseconds(median(read.milliseconds))
    found["A message read, 95th percentile"] = Figure.milliseconds(measures.percentile_95(read.milliseconds))
    return found


def markdown(
    development: Mapping[str, Figure],
    final: Mapping[str, Figure],
    measures_and_targets: Mapping[str, Target | None] = MEASURES,
) -> str:
    """The table in Markdown. Whether a target is met is said of the figure of `final`.

    Raises:
        KeyError: a measure has no figure in `final`.
    """
    rows: list[Sequence[str]] = [("Measure", "Target", "Development", "Final", "Met")]
    for measure, target in measures_and_targets.items():
        figure = final[measure]
        met = "" if target is None else "yes" if target.is_met(figure.value) else "no"
        other = development[measure].words if measure in development else ""
        rows.append((measure, str(target or ""), other, figure.words, met))
    header, *body = (f"| {' | '.join(cells)} |" for cells in rows)
    return "\n".join([header, "|---|---|---|---|---|", *body])
