"""No evaluation message, nor a near copy of one, is a training example. Messages are named by row and never quoted."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import yaml
from rapidfuzz import fuzz, process

from bot.settings import DATA
from evaluation.messages import FOLDER, SAFETY_FOLDER, SETS

NEAR = 90  # of 100, rapidfuzz's token_sort_ratio
SHORT = 2  # words; lines of so few words are near copies only when they are equal


def test_the_words_are_compared_and_not_their_dress() -> None:
    training = ["Can I meet him, please?", "hello", "\U0001f622", "what if he doesn't say he is sorry"]
    copies = [
        "can i meet him please",
        "please, can I meet him",
        "HELLO!",
        "\U0001f622",
        "what if he doesnt say hes sorry",
    ]
    others = ["hallo", "hello there", "can my brother meet him", "\U0001f600", "he is sorry"]
    assert sorted({at for at, _ in _near_copies(copies, training)}) == [0, 1, 2, 3, 4]
    assert _near_copies(others, training) == []


@pytest.mark.parametrize("name", SETS)
def test_no_evaluation_message_is_a_training_example(name: str) -> None:
    training, messages = _training_lines(), [*_messages(FOLDER / name), *_messages(SAFETY_FOLDER, f"{name}.csv")]
    assert len(training) > 10_000  # no file was overlooked
    assert len(messages) > 1_800
    found = _near_copies([text for _, text in messages], [text for _, text in training])
    leaks = [f"{messages[mine][0]} is like {training[theirs][0]}" for mine, theirs in found]
    assert not leaks, f"{len(leaks)} leaks:\n" + "\n".join(leaks)


def _near_copies(mine: Sequence[str], theirs: Sequence[str]) -> list[tuple[int, int]]:
    """Positions of like lines, each line of `mine` with the first of `theirs` that it is most like."""
    ours, others = [_normal(line) for line in mine], [_normal(line) for line in theirs]
    scores = process.cdist(ours, others, scorer=fuzz.token_sort_ratio, score_cutoff=NEAR, workers=-1)
    best = np.argmax(scores, axis=1)
    first = {line: position for position, line in reversed(list(enumerate(others)))}
    found = []
    for position, line in enumerate(ours):
        if line in first:
            found.append((position, first[line]))
        elif len(line.split()) > SHORT and scores[position, best[position]] >= NEAR:
            found.append((position, int(best[position])))
    return found


def _normal(line: str) -> str:
    """Letters and digits only, case folded, words apart; a line without any stays as it is."""
    kept = "".join(sign for sign in line.casefold() if sign.isalnum() or sign.isspace())
    return " ".join(kept.split()) or line.strip()


def _messages(folder: Path, files: str = "*.csv") -> list[tuple[str, str]]:
    """Place and text of every message of a set."""
    read = []
    for path in sorted(folder.glob(files)):
        with path.open(encoding="utf-8", newline="") as file:
            rows = enumerate(csv.DictReader(file), start=2)
            read += [(f"{folder.name}/{path.name} row {number}", row["text"]) for number, row in rows]
    return read


def _training_lines() -> list[tuple[str, str]]:
    """Place and text of every training example."""
    return [
        (f"{path.relative_to(DATA)} {entry['intent']} example {number}", line.strip().removeprefix("- "))
        for folder in (DATA / "nlu", DATA / "safety" / "training")
        for path in sorted(folder.rglob("*.yml"))
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        if "intent" in entry
        for number, line in enumerate(entry["examples"].splitlines(), start=1)
    ]
