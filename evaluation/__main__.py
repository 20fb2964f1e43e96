"""Trains a model, lets it read the evaluation messages, and reports: `python -m evaluation`, or `make evaluate`.

Everything is trained in a temporary folder that is removed at the end. It writes docs/evaluation and the section
"How well it understands" of README.md, and prints the table.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bot import absent_packages, logs
from bot.answers.catalog import AnswerDataError, catalog
from bot.settings import PROJECT
from evaluation import measures, pictures, report, table
from evaluation.messages import FOLDER, SETS, EvaluationSet, MessageDataError, read_set
from evaluation.readings import ReadSet, read_messages
from evaluation.training import TrainingError, train

OUTPUT = PROJECT / "docs" / "evaluation"
COMMONEST = 10
THRESHOLDS = [step / 50 for step in range(51)]
BINS = 10
FEW = 20  # messages; a share of fewer says nothing


def main() -> None:
    """Measure both sets and write the report. A target that is missed does not stop the run."""
    sets = {name: read_set(FOLDER / name) for name in SETS}
    with tempfile.TemporaryDirectory(prefix="footbridge-evaluation-") as folder:
        # The settings of whoever runs this must not reach what is measured, nor the measured reach their files.
        for name in [name for name in os.environ if name.startswith("FOOTBRIDGE_")]:
            del os.environ[name]
        os.environ["FOOTBRIDGE_MODELS"] = str(Path(folder) / "models")
        os.environ["FOOTBRIDGE_DATABASE_URL"] = f"sqlite:///{Path(folder) / 'footbridge.db'}"
        os.environ["RASA_CACHE_DIRECTORY"] = str(Path(folder) / "cache")
        seconds = train(Path(folder))
        read = asyncio.run(_read(sets))
    trained = {table.TRAINING: table.Figure(seconds, f"{seconds:.0f} s")}
    written = table.markdown(table.figures(read["development"]), {**table.figures(read["final"]), **trained})
    _draw(read)
    report.replace_section(OUTPUT / "README.md", "evaluation", written)
    report.replace_section(OUTPUT / "README.md", "confusions", _confusions(read["development"]))
    report.replace_section(PROJECT / "README.md", "evaluation", written)
    print(written)


async def _read(sets: Mapping[str, EvaluationSet]) -> dict[str, ReadSet]:
    logs.configure()
    absent_packages.install()
    from bot.engine.engine import Engine
    from bot.settings import settings

    engine = Engine.load(settings().models)
    return {name: await read_messages(engine, messages) for name, messages in sets.items()}


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
    except (AnswerDataError, MessageDataError, report.ReportError, TrainingError, OSError) as error:
        sys.exit(str(error))
