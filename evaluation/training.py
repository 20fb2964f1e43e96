"""Trains a model with the real command and times it."""

from __future__ import annotations

import subprocess
import sysconfig
import time
from pathlib import Path

TRAINING_DEADLINE = 600.0  # seconds; it only ends a run that hangs and is no target


class TrainingError(RuntimeError):
    """No model could be trained; the message holds what the command printed."""


def train(folder: Path) -> float:
    """Run `footbridge train` in this process's environment; return the seconds that the whole command took.

    Args:
        folder: takes a file with what the command prints.

    Raises:
        TrainingError: the command is not installed, fails, or takes longer than TRAINING_DEADLINE.
    """
    command = Path(sysconfig.get_path("scripts")) / "footbridge"
    if not command.is_file():
        raise TrainingError(f"{command} is missing. Run `make install-tests`, then `make evaluate`.")
    printed = folder / "train.txt"
    began = time.perf_counter()
    try:
        with printed.open("wb") as sink:
            subprocess.run(
                [command, "train"], stdout=sink, stderr=subprocess.STDOUT, timeout=TRAINING_DEADLINE, check=True
            )
    except subprocess.SubprocessError as error:
        said = printed.read_text(errors="replace").strip() or "(nothing)"
        raise TrainingError(f"`footbridge train` failed ({error}). It printed:\n{said}") from error
    return time.perf_counter() - began
