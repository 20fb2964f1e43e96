"""Trains a model, lets it read the evaluation messages, and reports: `python -m evaluation`, or `make evaluate`.

Everything is trained in a temporary folder that is removed at the end. It writes docs/evaluation, docs/safety.md and
the tables of README.md, and prints them.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot import absent_packages, logs
from bot.answers.catalog import AnswerDataError, catalog
from bot.settings import PROJECT
from bot.understanding.safety_rules import SafetyRulesError, read_rule_book
from evaluation import measures, pictures, report, safety_lists, safety_measures, safety_table, table
from evaluation.messages import (
    FOLDER,
    SAFETY_FOLDER,
    SETS,
    EvaluationSet,
    MessageDataError,
    SafetyMessage,
    read_safety_set,
    read_set,
)
from evaluation.readings import ReadSet, read_messages
from evaluation.safety_readings import NetClock, SafetyRead, read_safety_messages
from evaluation.training import TrainingError, train

OUTPUT = PROJECT / "docs" / "evaluation"
SAFETY_PAGE = PROJECT / "docs" / "safety.md"
COMMONEST = 10
THRESHOLDS = [step / 50 for step in range(51)]
FINE_THRESHOLDS = [step / 200 for step in range(201)]
BINS = 10
FEW = 20  # messages; a share of fewer says nothing


def main() -> None:
    """Measure both sets and write the report. A target that is missed does not stop the run."""
    sets = {name: read_set(FOLDER / name) for name in SETS}
    safety_sets = {name: read_safety_set(SAFETY_FOLDER / f"{name}.csv") for name in SETS}
    with tempfile.TemporaryDirectory(prefix="footbridge-evaluation-") as folder:
        # The settings of whoever runs this must not reach what is measured, nor the measured reach their files.
        for name in [name for name in os.environ if name.startswith("FOOTBRIDGE_")]:
            del os.environ[name]
        os.environ["FOOTBRIDGE_MODELS"] = str(Path(folder) / "models")
        os.environ["FOOTBRIDGE_DATABASE_URL"] = f"sqlite:///{Path(folder) / 'footbridge.db'}"
        os.environ["RASA_CACHE_DIRECTORY"] = str(Path(folder) / "cache")
        seconds = train(Path(folder))
        read, heard, threshold = asyncio.run(_read(sets, safety_sets))
    trained = {table.TRAINING: table.Figure(seconds, f"{seconds:.0f} s")}
    written = table.markdown(table.figures(read["development"]), {**table.figures(read["final"]), **trained})
    _draw(read)
    report.replace_section(OUTPUT / "README.md", "evaluation", written)
    report.replace_section(OUTPUT / "README.md", "confusions", _confusions(read["development"]))
    report.replace_section(PROJECT / "README.md", "evaluation", written)
    print(written)
    print(f"\n{_report_safety(read, heard, threshold)}")


async def _read(
    sets: Mapping[str, EvaluationSet], safety_sets: Mapping[str, Sequence[SafetyMessage]]
) -> tuple[dict[str, ReadSet], dict[str, list[SafetyRead]], float]:
    """What is understood of each set, what the safety net hears in its own, and the threshold of its classifier."""
    logs.configure()
    absent_packages.install()
    from bot.engine.engine import Engine
    from bot.settings import settings
    from bot.understanding.safety_classifier import shipped_threshold

    clock = NetClock()
    with clock.running():
        engine = Engine.load(settings().models)
        read = {name: await read_messages(engine, messages) for name, messages in sets.items()}
        heard = {name: await read_safety_messages(engine, messages, clock) for name, messages in safety_sets.items()}
    return read, heard, shipped_threshold()


def _report_safety(read: Mapping[str, ReadSet], heard: Mapping[str, Sequence[SafetyRead]], threshold: float) -> str:
    """Write what the safety net heard; return its table."""
    figures = {
        name: safety_table.figures(messages, safety_measures.everyday_of(read[name]))
        for name, messages in heard.items()
    }
    written = table.markdown(figures["development"], figures["final"], safety_table.targets())
    book = read_rule_book()
    pictures.draw_safety(
        OUTPUT / "safety.png",
        {name: safety_measures.safety_curve(messages, FINE_THRESHOLDS) for name, messages in heard.items()},
        {name: safety_measures.safety_curve(messages, [threshold])[0] for name, messages in heard.items()},
    )
    report.replace_section(SAFETY_PAGE, "safety", written)
    report.replace_section(SAFETY_PAGE, "layers", safety_table.layers(heard, threshold))
    # Of the final set, nothing but counts is written anywhere.
    report.replace_section(SAFETY_PAGE, "mistakes", safety_lists.known_mistakes(heard["development"], book.order))
    report.replace_section(SAFETY_PAGE, "rules", safety_lists.rules_table(book))
    report.replace_section(PROJECT / "README.md", "safety", written)
    return written


def _confusions(read: ReadSet) -> str:
    return report.confusion_list(measures.commonest_confusions(_topics_and_out_of_scope(read), COMMONEST))


def _draw(read: Mapping[str, ReadSet]) -> None:
    families = {name: family.title for name, family in catalog().families.items()}
    family_of = {topic: name for name, family in catalog().families.items() for topic in family.topics}
    pictures.draw_confusion(
        OUTPUT / "confusion.png",
        measures.family_confusions(_topics_and_out_of_scope(read["development"]), family_of, other="act"),
        row_labels={**families, measures.OUT_OF_SCOPE: "Out of scope"},
        column_labels={
            **families,
            "act": "An act",
            measures.HELP: "Help shown",
            measures.OUT_OF_SCOPE: "Out of scope",
        },
    )
    topics = {name: [(one.message.topic, one.reading) for one in one_set.topics] for name, one_set in read.items()}
    pictures.draw_confidence(
        OUTPUT / "confidence.png",
        {
            name: measures.threshold_curve(topics[name], [one.reading for one in one_set.out_of_scope], THRESHOLDS, FEW)
            for name, one_set in read.items()
        },
        {name: measures.reliability_curve(topics[name], BINS) for name in read},
    )


def _topics_and_out_of_scope(read: ReadSet) -> list[measures.Expected]:
    return [(one.message.topic, one.reading) for one in read.topics] + [
        (measures.OUT_OF_SCOPE, one.reading) for one in read.out_of_scope
    ]


if __name__ == "__main__":
    try:
        main()
    except (AnswerDataError, MessageDataError, report.ReportError, SafetyRulesError, TrainingError, OSError) as error:
        sys.exit(str(error))
