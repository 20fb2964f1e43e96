"""The linear model behind topics and goals: probabilities, and the same answers after saving and loading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.understanding.linear_model import LinearModel
from bot.understanding.sentence_encoder import DIMENSIONS, encode

TAUGHT = {
    "cost": ["how much does it cost", "is it free", "do i have to pay"],
    "time": ["how long does it take", "is it quick", "how many months"],
    "place": ["where is the prison", "which state is it in", "what city is that"],
}


@pytest.fixture(scope="module")
def taught() -> LinearModel:
    texts = [text for examples in TAUGHT.values() for text in examples]
    labels = [label for label, examples in TAUGHT.items() for _ in examples]
    return LinearModel.train(encode(texts), labels, strength=30.0)


def test_vectors_have_unit_length_and_the_same_words_the_same_vector() -> None:
    vectors = encode(["how long does it take", "is it free", "how long does it take"])
    assert vectors.shape == (3, DIMENSIONS)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert np.allclose(vectors[0], vectors[2], atol=1e-6)
    assert encode([]).shape == (0, DIMENSIONS)


def test_probabilities_sum_to_one_and_the_ranking_is_in_order(taught: LinearModel) -> None:
    vectors = encode(["what does it cost me", "how many weeks", ""])
    assert np.allclose(taught.probabilities(vectors).sum(axis=1), 1, atol=1e-5)
    ranking = taught.ranking(vectors[0])
    assert ranking[0][0] == "cost"
    assert [share for _, share in ranking] == sorted((share for _, share in ranking), reverse=True)


def test_a_model_answers_the_same_after_saving_and_loading(taught: LinearModel, tmp_path: Path) -> None:
    taught.save(tmp_path)
    loaded = LinearModel.load(tmp_path)
    vectors = encode(["what does it cost me", "how many weeks", "in which town"])
    assert loaded.labels == taught.labels
    assert np.array_equal(loaded.probabilities(vectors), taught.probabilities(vectors))


def test_training_twice_gives_the_same_model(taught: LinearModel) -> None:
    texts = [text for examples in TAUGHT.values() for text in examples]
    labels = [label for label, examples in TAUGHT.items() for _ in examples]
    again = LinearModel.train(encode(texts), labels, strength=30.0)
    assert np.allclose(again.weights, taught.weights, atol=1e-6)


def test_too_few_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="three labels or more"):
        LinearModel.train(encode(["a", "b"]), ["one", "two"], strength=1.0)
