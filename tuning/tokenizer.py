"""The tokenizer of the tuned encoder: the pieces of the base one that English and Spanish need."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from tuning.base_encoder import BaseEncoder

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
# Short pieces stay whatever the word lists say, so that a misspelled word falls into few pieces.
_SHORT = re.compile(r"^▁?[a-z0-9áéíóúüñ¿¡'\u2019.,!?:;\-\"()/&%$#@*+=…]{1,4}$")
_LAST_LATIN = 0x24F
_FIRST_EMOJI = 0x1F300


def tokenizer(pieces: Iterable[tuple[str, float]]) -> Tokenizer:
    """A tokenizer of these pieces with their scores, the special ones first; capitals are read like small letters."""
    made = Tokenizer(models.Unigram(list(pieces), unk_id=SPECIAL.index("<unk>"), byte_fallback=False))
    made.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", SPECIAL.index("<s>")), ("</s>", SPECIAL.index("</s>"))]
    )
    return made


def needed_pieces(base: BaseEncoder, texts: list[str]) -> list[int]:
    """Indices of the pieces that `texts` use, and of those that any other word of the two languages can be made of."""
    whole = tokenizer(zip(base.pieces, base.scores.tolist(), strict=True))
    used = {piece for encoding in whole.encode_batch(texts) for piece in encoding.ids}
    for index, piece in enumerate(base.pieces[:-1]):
        alone = len(piece) == 1 and (ord(piece) <= _LAST_LATIN or ord(piece) >= _FIRST_EMOJI)
        if alone or _SHORT.match(piece):
            used.add(index)
    return sorted(used | set(range(len(SPECIAL))))
