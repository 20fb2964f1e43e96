"""Stands in for packages that rasa imports everywhere and this project never uses.

They are TensorFlow with its kin, which only components outside config.yml need, and the clients of channels, stores and
brokers that Footbridge does not have. `install()` puts a finder on `sys.meta_path` that answers their imports with
inert modules. Names read from them can be subclassed, used as decorators and in annotations, which is all that
importing rasa asks for. Making an object of one raises `PackageIsAbsent`, so that what needs the real thing says so. A
real package, when installed, is left alone. Reasons and measurements: docs/decisions/0002-absent-packages.md.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from types import ModuleType
from typing import Any, cast

STANDS_IN_FOR = frozenset(
    # machine learning that no component of config.yml uses
    {"tensorflow", "keras", "tensorflow_hub", "tensorflow_text"}
    # rasa's own channels
    | {"aiogram", "fbmessenger", "slack_sdk", "twilio", "webexteamssdk"}
    # rasa's model stores, tracker stores and event brokers
    | {"aio_pika", "aiormq", "boto3", "botocore", "pymongo"}
)


class PackageIsAbsent(ImportError):  # noqa: N818 - names the state of the package
    """Something that needs a package was used; this project runs without it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is needed, and Footbridge does not install its package. If config.yml names DIETClassifier, "
            "TEDPolicy, UnexpecTEDIntentPolicy or ResponseSelector, or if credentials.yml or endpoints.yml name one of "
            "rasa's own channels or stores, remove it. See docs/decisions/0002-absent-packages.md."
        )


class _InertType(type):
    """A class whose unknown attributes are inert classes too; rasa reads some at import time."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _inert(f"{cls.__qualname__}.{name}")

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        # `@tf.function` and `@register_keras_serializable()` run at import; making an object is real use.
        if cls.__module__ == __name__ and cls.__name__[:1].islower():
            if len(args) == 1 and callable(args[0]) and not kwargs:
                return args[0]
            return _unchanged
        raise PackageIsAbsent(cls.__qualname__)


class Inert(metaclass=_InertType):
    """Base of every name read from a stand-in module."""


def _unchanged(decorated: Callable[..., Any]) -> Callable[..., Any]:
    return decorated


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
    """Finds the modules of `STANDS_IN_FOR`, last in line so that installed packages win."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in STANDS_IN_FOR:
            return None
        return importlib.machinery.ModuleSpec(fullname, _InertLoader(), is_package=True)


def install() -> None:
    """Add the stand-in once, and turn rasa's telemetry off before rasa is imported; again changes nothing."""
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    if not any(isinstance(finder, StandIn) for finder in sys.meta_path):
        sys.meta_path.append(StandIn())
