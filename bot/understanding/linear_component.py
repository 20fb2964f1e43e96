"""The base of Rasa components that are trained as one linear model: how it is kept in the trained model, and loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage

from bot.understanding.linear_model import LinearModel
from bot.understanding.sentence_encoder import Vectors

ComponentT = TypeVar("ComponentT", bound="LinearComponent")


class LinearComponent(GraphComponent):  # type: ignore[misc]
    """A component with a linear model on sentence vectors; `config["strength"]` is scikit-learn's C."""

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._model: LinearModel | None = None

    @classmethod
    def create(
        cls: type[ComponentT],
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ComponentT:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls: type[ComponentT],
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ComponentT:
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._model = LinearModel.load(folder)
        return component

    def fit(self, vectors: Sequence[Vectors], labels: Sequence[str], balanced: bool = True) -> Resource:
        """Train on one vector and one label an example, and keep the model."""
        self._model = LinearModel.train(np.stack(vectors), labels, self._config["strength"], balanced)
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource
