"""A process that only serves conversations runs without what trains a model, and says so where it is needed."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot import absent_packages
from bot.absent_packages import NOT_INSTALLED, NOT_SERVED, PackageIsAbsent, StandIn, absence_behind
from bot.engine.engine import Engine
from bot.engine.model import TrainingFailed, train_model_apart
from bot.settings import PROJECT

# One of each kind: a topic, goals, a place with its programs, danger, and words that mean nothing here.
_SAID = ("how much does it cost", "i want him to say sorry", "That is all", "Iowa", "i want to die", "asdf qwer zxcv")

_SERVING = """
import asyncio, json, sys
from bot import absent_packages, logs
logs.configure()
absent_packages.install(serving=True)
from bot.engine.engine import Engine
from bot.channels.web import server
from bot.settings import settings

engine = Engine.load(settings().models)

async def talk():
    turns = [await engine.turn("one", text, begin=True) for text in json.loads(sys.argv[1])]
    return [[reply.id for reply in turn.replies] for turn in turns]

said = asyncio.run(talk())
files = {name.partition(".")[0] for name, module in list(sys.modules.items()) if getattr(module, "__file__", None)}
print(json.dumps([said, sorted(files & absent_packages.NOT_SERVED)]))
"""


def _python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code, *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )


async def test_serving_without_what_trains_answers_the_same(engine: Engine) -> None:
    done = _python(_SERVING, json.dumps(_SAID))
    assert done.returncode == 0, done.stderr
    said, loaded = json.loads(done.stdout)
    assert said == [[reply.id for reply in (await engine.turn("with all", text, begin=True)).replies] for text in _SAID]
    assert loaded == []


def test_training_in_a_process_that_serves_says_where_to_train() -> None:
    done = _python(
        "from bot import absent_packages\n"
        "absent_packages.install(serving=True)\n"
        "import numpy\n"
        "from bot.understanding.linear_model import LinearModel\n"
        "LinearModel.train(numpy.eye(3, dtype=numpy.float32), ['a', 'b', 'c'], strength=1.0)\n"
    )
    assert done.returncode == 1
    said = done.stderr.splitlines()[-1]
    assert "PackageIsAbsent: sklearn.linear_model.LogisticRegression needs sklearn, which this process leaves" in said
    assert "`footbridge train`" in said


def test_what_is_made_from_an_absent_package_names_both() -> None:
    keras = importlib.import_module("keras")

    class Net(keras.Model):  # type: ignore[name-defined,misc]
        pass

    with pytest.raises(PackageIsAbsent, match=r"Net needs keras, which Footbridge does not install.*config\.yml"):
        Net()


def test_no_absent_package_answers_a_question() -> None:
    """matplotlib asks TensorFlow, where it is imported, whether an array is a tensor, and takes no error for a no."""
    with pytest.raises(PackageIsAbsent, match=r"tensorflow\.is_tensor needs tensorflow"):
        importlib.import_module("tensorflow").is_tensor(1.0)


def test_packages_that_are_installed_are_left_out_only_where_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [finder for finder in sys.meta_path if not isinstance(finder, StandIn)])
    others = list(sys.meta_path)
    absent_packages.install()
    absent_packages.install()
    assert sys.meta_path[:-1] == others
    absent_packages.install(serving=True)
    absent_packages.install(serving=True)
    assert sys.meta_path[1:-1] == others
    first, last = sys.meta_path[0], sys.meta_path[-1]
    assert isinstance(first, StandIn)
    assert isinstance(last, StandIn)
    assert (first.packages, last.packages) == (NOT_SERVED, NOT_INSTALLED)


def test_an_absent_package_is_found_behind_the_error_it_led_to() -> None:
    absent = PackageIsAbsent("sklearn.pipeline.Pipeline", "sklearn")
    with pytest.raises(RuntimeError) as caught:  # noqa: PT012 - the error behind is what is tested
        try:
            raise absent
        except ImportError as error:
            raise RuntimeError("a component cannot be loaded") from error
    assert absence_behind(caught.value) is absent
    assert absence_behind(RuntimeError("something else")) is None


def test_a_training_apart_that_fails_has_said_why(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The folder of the model would lie inside a file, so `footbridge train` cannot make it."""
    (tmp_path / "file").touch()
    with pytest.raises(TrainingFailed, match="status 1"):
        train_model_apart(tmp_path / "file" / "models")
    said = capfd.readouterr()
    assert str(tmp_path / "file" / "models") in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
