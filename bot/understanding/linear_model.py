"""A linear classifier kept as plain arrays: trained with scikit-learn, answered with numpy, stored as safetensors."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

# Twice as many change no development message's best label, and take twice as long.
ITERATIONS = 80

Probabilities = npt.NDArray[np.float32]


@dataclass(frozen=True)
class LinearModel:
    """Multinomial logistic regression.

    Attributes:
        labels: the classes, length C.
        weights: shape (C, D).
        bias: shape (C,).
    """

    labels: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]

    @classmethod
    def train(
        cls, vectors: npt.NDArray[np.float32], labels: Sequence[str], strength: float, balanced: bool = True
    ) -> LinearModel:
        """Fit on `vectors`, shape (N, D), with one label each; `strength` is scikit-learn's C.

        `balanced` lets rare labels count as much as common ones.

        Raises:
            ValueError: fewer than three different labels.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        if len(set(labels)) < 3:
            raise ValueError(f"a classifier needs three labels or more; the training data has {sorted(set(labels))}")
        fitted = LogisticRegression(C=strength, max_iter=ITERATIONS, class_weight="balanced" if balanced else None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it stops there on purpose
            fitted.fit(vectors, list(labels))
        return cls(
            tuple(str(label) for label in fitted.classes_),
            fitted.coef_.astype(np.float32),
            fitted.intercept_.astype(np.float32),
        )

    def probabilities(self, vectors: npt.NDArray[np.float32]) -> Probabilities:
        """Probabilities for `vectors`, shape (N, D): shape (N, C), each row sums to 1."""
        scores = vectors @ self.weights.T + self.bias
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)

    def ranking(self, vector: npt.NDArray[np.float32]) -> list[tuple[str, float]]:
        """Labels with their probabilities for one vector of shape (D,), most likely first."""
        found = self.probabilities(vector.reshape(1, -1))[0]
        return [(self.labels[index], float(found[index])) for index in np.argsort(-found, kind="stable")]

    def save(self, folder: Path) -> None:
        """Write `labels.txt` and `weights.safetensors` into `folder`."""
        (folder / "labels.txt").write_text("\n".join(self.labels), encoding="utf-8")
        save_file({"weights": self.weights, "bias": self.bias}, folder / "weights.safetensors")

    @classmethod
    def load(cls, folder: Path) -> LinearModel:
        """Read what `save` wrote."""
        arrays = load_file(folder / "weights.safetensors")
        labels = (folder / "labels.txt").read_text(encoding="utf-8").split("\n")
        return cls(tuple(labels), arrays["weights"], arrays["bias"])
