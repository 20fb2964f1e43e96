"""The pictures: confusion between families of topics, what confidence is worth, and the threshold of the safety net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from evaluation.measures import ConfusionRow, ReliabilityPoint, ThresholdPoint
from evaluation.safety_measures import SafetyPoint

# Okabe and Ito's colours, which people with any colour vision can tell apart (https://jfly.uni-koeln.de/color/).
_BLUE, _ORANGE, _GREEN, _GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
_DPI = 130
_BAR = 0.02  # width of a bar, in confidence


def draw_confusion(
    path: Path, rows: Mapping[str, ConfusionRow], row_labels: Mapping[str, str], column_labels: Mapping[str, str]
) -> None:
    """Save a heat map of best guesses: a row a family, the share of right ones first, then where the others went.

    Args:
        path: the PNG file.
        rows: counts of each family in `row_labels`.
        row_labels: label of each family, top to bottom.
        column_labels: label of each family that a wrong guess may belong to, left to right.
    """
    counts = np.array(
        [[rows[row].right, *(rows[row].wrong.get(column, 0) for column in column_labels)] for row in row_labels]
    )
    shares = counts / counts.sum(axis=1, keepdims=True)
    figure = Figure(figsize=(12, 6.6), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    # Wrong guesses are few; on a straight scale every one of them would look like none.
    picture = axes.imshow(shares, cmap=matplotlib.colormaps["cividis"], norm=PowerNorm(0.5, 0, 1), aspect="auto")
    axes.set_xticks(range(len(column_labels) + 1), ["Right", *column_labels.values()], rotation=35, ha="left")
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(row_labels)), [f"{label} ({rows[row].whole})" for row, label in row_labels.items()])
    axes.tick_params(length=0)
    axes.axvline(0.5, color="white", linewidth=3)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            shade = "black" if shares[row, column] > 0.3 else "white"
            axes.text(column, row, str(count), ha="center", va="center", color=shade, fontsize=10)
    axes.set_xlabel("What the best guess was: right, or a wrong topic of the family named above (number of messages)")
    axes.set_ylabel("What was meant (messages)")
    bar = figure.colorbar(picture, ax=axes, label="Share of the row", pad=0.01, format=PercentFormatter(1, decimals=0))
    bar.set_ticks([0, 0.05, 0.2, 0.5, 1])
    _save(figure, path)


def draw_confidence(
    path: Path,
    thresholds: Mapping[str, Sequence[ThresholdPoint]],
    reliability: Mapping[str, Sequence[ReliabilityPoint]],
) -> None:
    """Save, for each set by name, what each threshold would do, and how often a confidence is right."""
    figure = Figure(figsize=(14, 5.4), dpi=_DPI, layout="constrained")
    panels = figure.subplots(1, len(thresholds) + 1)
    for axes, (name, points) in zip(panels, thresholds.items(), strict=False):
        _draw_thresholds(axes, points)
        axes.set_title(f"A threshold on confidence: {name}")
    _draw_reliability(panels[-1], reliability)
    _save(figure, path)


def _draw_thresholds(axes: Axes, points: Sequence[ThresholdPoint]) -> None:
    at = [point.threshold for point in points]
    right = [np.nan if point.right is None else point.right for point in points]
    axes.plot(at, [point.answered for point in points], color=_BLUE, label="in scope: answered")
    axes.plot(at, right, color=_ORANGE, linestyle="--", label="in scope: right among the answered")
    axes.plot(
        at,
        [point.out_of_scope_answered for point in points],
        color=_GREEN,
        linestyle=":",
        linewidth=2.5,
        label="out of scope: answered",
    )
    axes.set_xlabel("Answer when the confidence is at least")
    axes.set_ylabel("Share of messages")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False)
    _unit_square(axes)


def _draw_reliability(axes: Axes, curves: Mapping[str, Sequence[ReliabilityPoint]]) -> None:
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1, label="as sure as it is right")
    styles = ((_BLUE, "-", "o", -_BAR), (_ORANGE, "--", "s", 0))
    for (name, points), (color, line, marker, offset) in zip(curves.items(), styles, strict=True):
        sure = [point.confidence for point in points]
        axes.plot(sure, [point.right for point in points], color=color, linestyle=line, marker=marker, label=name)
        whole = sum(point.messages for point in points)
        axes.bar(
            [confidence + offset for confidence in sure],
            [point.messages / whole for point in points],
            width=_BAR,
            align="edge",
            color=color,
            alpha=0.35,
            label=f"{name}: share of the messages",
        )
    axes.set_title("How often a confidence is right")
    axes.set_xlabel("Mean confidence of the messages")
    axes.set_ylabel("Share of right best guesses")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False)
    _unit_square(axes)


def draw_safety(path: Path, curves: Mapping[str, Sequence[SafetyPoint]], shipped: Mapping[str, SafetyPoint]) -> None:
    """Save what each threshold of the classifier would do beside the rules, for both sets.

    Args:
        path: the PNG file.
        curves: points of each set by name, in the order of their thresholds.
        shipped: the point of each set at the threshold that is shipped.
    """
    figure = Figure(figsize=(12, 5.6), dpi=_DPI, layout="constrained")
    both, over = figure.subplots(1, 2)
    styles = ((_BLUE, "-"), (_ORANGE, "--"))
    for (name, points), (color, line) in zip(curves.items(), styles, strict=True):
        found = [point.recall for point in points]
        both.plot(found, [point.precision for point in points], color=color, linestyle=line, label=name)
        both.plot([shipped[name].recall], [shipped[name].precision], "o", color=color, label=f"{name}: as shipped")
        at = [point.threshold for point in points]
        over.plot(at, found, color=color, linestyle=line, label=f"{name}: danger heard")
        alarms = [point.false_alarms for point in points]
        over.plot(at, alarms, color=color, linestyle=line, linewidth=1, alpha=0.7, label=f"{name}: false alarms")
    over.axvline(next(iter(shipped.values())).threshold, color=_GREY, linewidth=1, label="as shipped")
    both.set_title("Danger heard, and how often it is danger")
    both.set_xlabel("Of the messages of danger: heard (recall)")
    both.set_ylabel("Of the messages heard: danger (precision)")
    over.set_title("The threshold of the classifier, beside the rules")
    over.set_xlabel("The classifier speaks when danger is at least this likely")
    over.set_ylabel("Share of messages")
    for axes in (both, over):
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), frameon=False, ncols=2)
        _unit_square(axes)
    _save(figure, path)


def _unit_square(axes: Axes) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.03)
    axes.grid(color="#dddddd", linewidth=0.7)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without a date and a version in the file, the same figures make the same file.
    figure.savefig(path, format="png", metadata={"Software": None})
