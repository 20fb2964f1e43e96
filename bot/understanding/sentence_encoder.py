"""The sentence encoder in bot/data/encoder: one vector for a text in English or Spanish. `make encoder` makes it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Encoding, Tokenizer

from bot.settings import DATA

DIMENSIONS = 384
LONGEST = 80  # pieces of words that are read of one text, about sixty words
BATCH = 32

Vectors = npt.NDArray[np.float32]


@lru_cache(maxsize=1)
def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(DATA / "encoder" / "tokenizer.json"))
    tokenizer.enable_truncation(LONGEST)
    return tokenizer


@lru_cache(maxsize=1)
def _session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # One thread: conversations share the cores. Without the arena, memory that a long text needed is given back.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(str(DATA / "encoder" / "model.onnx"), options, ["CPUExecutionProvider"])


def encode(texts: Sequence[str]) -> Vectors:
    """Vectors of unit length, shape (len(texts), 384). The first call in a process loads the encoder."""
    found = _tokenizer().encode_batch(list(texts))
    if len(found) <= BATCH:
        return _vectors(found)
    vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    by_length = sorted(range(len(texts)), key=lambda index: len(found[index].ids))
    batches = [by_length[start : start + BATCH] for start in range(0, len(by_length), BATCH)]
    with ThreadPoolExecutor() as pool:  # training: the libraries beneath let go of Python's lock
        for batch, part in zip(
            batches, pool.map(lambda rows: _vectors([found[row] for row in rows]), batches), strict=True
        ):
            vectors[batch] = part
    return vectors


def _vectors(texts: Sequence[Encoding]) -> Vectors:
    """Vectors of one batch; shorter texts are filled up, and the mask says with how much."""
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    longest = max(len(text.ids) for text in texts)
    ids = np.zeros((len(texts), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, text in enumerate(texts):
        ids[row, : len(text.ids)] = text.ids
        mask[row, : len(text.ids)] = 1
    (vectors,) = _session().run(["vector"], {"input_ids": ids, "attention_mask": mask})
    return np.asarray(vectors, dtype=np.float32)
