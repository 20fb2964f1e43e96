"""Stands in for packages that rasa imports everywhere and this project, or this process, never uses.

Never used are TensorFlow with its kin, which only components outside config.yml need, and the clients of channels,
stores and brokers that Footbridge does not have; they are not installed. Used elsewhere are scikit-learn and its kin,
for training, and the libraries of rasa's own server and shell; a process that only serves conversations leaves them out
to stay small. `install()` puts finders on `sys.meta_path` that answer their imports with inert modules. Names read from
them can be subclassed and used in annotations and in `isinstance`, which is all that importing rasa asks for. Calling
one raises `PackageIsAbsent`, so that what needs the real thing says so. Reasons and measurements:
docs/decisions/0002-absent-packages.md.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from types import ModuleType
from typing import Any, cast

NOT_INSTALLED = frozenset(
    # machine learning that no component of config.yml uses
    {"tensorflow", "keras", "tensorflow_hub", "tensorflow_text"}
    # rasa's own channels
    | {"aiogram", "fbmessenger", "slack_sdk", "twilio", "webexteamssdk"}
    # rasa's model stores, tracker stores and event brokers
    | {"aio_pika", "aiormq", "boto3", "botocore", "pymongo"}
)
NOT_SERVED = frozenset(
    # what trains and tests a model
    {"matplotlib", "scipy", "sklearn"}
    # rasa's own server and channels, lock store, reminders and shell
    | {"apscheduler", "prompt_toolkit", "questionary", "redis", "sanic", "socketio"}
)


class PackageIsAbsent(ImportError):  # noqa: N818 - names the state of the package
    """Something that needs a package was used, in a process or a project that runs without it."""

    def __init__(self, name: str, package: str) -> None:
        if package in NOT_SERVED:
            why = (
                "which this process leaves out because it only serves conversations. If a component of config.yml "
                "needs it to answer, take the package out of NOT_SERVED in bot/absent_packages.py. To train, use "
                "`footbridge train`; for rasa's own server, shell and tests, use `rasa`."
            )
        else:
            why = (
                "which Footbridge does not install. If config.yml names DIETClassifier, TEDPolicy, "
                "UnexpecTEDIntentPolicy or ResponseSelector, or if credentials.yml or endpoints.yml name one of rasa's "
                "own channels or stores, remove it."
            )
        super().__init__(f"{name} needs {package}, {why} See docs/decisions/0002-absent-packages.md.")


class _InertType(type):
    """A class whose unknown attributes are inert classes too; rasa reads some at import time."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _inert(f"{cls.__qualname__}.{name}")

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        inert = next(base for base in cls.__mro__ if base.__module__ == __name__)  # `cls`, or what it is made from
        raise PackageIsAbsent(cls.__qualname__, inert.__qualname__.partition(".")[0])


class Inert(metaclass=_InertType):
    """Base of every name read from a stand-in module."""


def _inert(name: str) -> type[Inert]:
    return cast(
        type[Inert], _InertType(name.rpartition(".")[2], (Inert,), {"__module__": __name__, "__qualname__": name})
    )


class _InertModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = _inert(f"{self.__name__}.{name}")
        setattr(self, name, made)
        return made


class _InertLoader(Loader):
    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = _InertModule(spec.name)
        module.__path__ = []
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run: names are made when they are read."""


class StandIn(MetaPathFinder):
    """Finds inert modules for `packages`, names of top-level packages."""

    def __init__(self, packages: frozenset[str]) -> None:
        self.packages = packages

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in self.packages:
            return None
        return importlib.machinery.ModuleSpec(fullname, _InertLoader(), is_package=True)


def install(serving: bool = False) -> None:
    """Add the stand-ins, and turn rasa's telemetry off before rasa is imported; again changes nothing.

    Args:
        serving: whether this process only serves conversations, and so leaves out `NOT_SERVED` too. Call it before
            they are imported.
    """
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    here = [finder.packages for finder in sys.meta_path if isinstance(finder, StandIn)]
    if NOT_INSTALLED not in here:
        sys.meta_path.append(StandIn(NOT_INSTALLED))  # last in line, so that a package that is installed wins
    if serving and NOT_SERVED not in here:
        sys.meta_path.insert(0, StandIn(NOT_SERVED))  # first in line, because these are installed


def absence_behind(error: BaseException) -> PackageIsAbsent | None:
    """The absent package that led to `error`, or None."""
    behind: BaseException | None = error
    while behind:
        if isinstance(behind, PackageIsAbsent):
            return behind
        behind = behind.__cause__ or behind.__context__
    return None
