"""The trained model as a file: where it is, whether it fits its inputs, and training it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.settings import DATA, PROJECT

DOMAIN = PROJECT / "domain.yml"
CONFIG = PROJECT / "config.yml"
TRAINING_DATA = (DATA / "nlu", DATA / "safety" / "training", DATA / "rules")
# The rules of the safety net say which examples teach that nobody is in danger.
_INPUTS = (
    DOMAIN,
    CONFIG,
    *TRAINING_DATA,
    DATA / "safety" / "rules.yml",
    DATA / "encoder",
    PROJECT / "bot" / "understanding",
)


class ModelMissing(FileNotFoundError):  # noqa: N818 - names the state of the model
    """There is no trained model; the message says how to make one."""


class ModelUnreadable(ValueError):  # noqa: N818 - names the state of the model
    """The trained model's file is damaged; the message says how to make a new one."""


class TrainingFailed(RuntimeError):  # noqa: N818 - names what happened to the training
    """The model could not be trained in a process of its own, which has said why."""


def model_path(models: Path) -> Path:
    """Where the model trained from today's inputs lies, whether or not it is there."""
    return models / f"footbridge-{_fingerprint()}.tar.gz"


def find_model(models: Path) -> Path:
    """The model trained from today's inputs.

    Raises:
        ModelMissing: there is none, or only one trained from other inputs.
        ModelUnreadable: its file is no readable archive.
    """
    path = model_path(models)
    if not path.is_file():
        raise ModelMissing(f"{path} is missing. Run `footbridge train` (or `make train`) to make it.")
    try:
        with tarfile.open(path) as archive:
            if not archive.getnames():
                raise tarfile.ReadError("empty")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ModelUnreadable(
            f"{path} cannot be read ({error}). Delete it and run `footbridge train` (or `make train`)."
        ) from error
    return path


def train_model(models: Path) -> Path:
    """Train from `config.yml`, `domain.yml` and `bot/data`, and remove models of other inputs.

    Raises:
        OSError: the folder cannot be written.
    """
    from rasa.model_training import train

    models.mkdir(parents=True, exist_ok=True)
    path = model_path(models)
    # Made in a folder of its own and then put in place, so that a model is there whole or not at all.
    with TemporaryDirectory(dir=models) as folder, redirect_stdout(sys.stderr):  # rasa prints; stdout is the command's
        train(
            domain=str(DOMAIN),
            config=str(CONFIG),
            training_files=[str(given) for given in TRAINING_DATA],
            output=folder,
            fixed_model_name=path.name,
            force_training=True,
        )
        (Path(folder) / path.name).replace(path)
    for other in models.glob("footbridge-*.tar.gz"):
        if other != path:
            other.unlink()
    return path


def train_model_apart(models: Path) -> None:
    """Train as `train_model` does, in a process of its own, so that this one holds nothing that only training needs.

    Raises:
        TrainingFailed: there is no model; stderr says why.
    """
    command = [sys.executable, "-P", "-m", "bot.cli", "train"]
    done = subprocess.run(command, env={**os.environ, "FOOTBRIDGE_MODELS": str(models)}, check=False)  # noqa: S603
    if done.returncode:
        raise TrainingFailed(f"The model was not trained (status {done.returncode}); the lines above say why.")


def _fingerprint() -> str:
    """A digest of everything the model is made from, so that an outdated model is never served."""
    digest = hashlib.sha256()
    for given in _INPUTS:
        for path in sorted([given] if given.is_file() else given.rglob("*")):
            if path.suffix in {".yml", ".py", ".onnx", ".json"}:
                digest.update(path.relative_to(PROJECT).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
