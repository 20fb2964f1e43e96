"""Tunes the sentence encoder on the project's examples and writes bot/data/encoder: `python -m tuning`.

It learns to tell every topic, act and goal apart, and who is in danger, in English and Spanish; what is kept is the
encoder without its last layers, with 8-bit weights. The same examples give the same encoder but for the rounding of the
machine. Half an hour to an hour on two cores; docs/decisions/0005-classifier.md has what it gains.
"""

from __future__ import annotations

import logging
import math
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import yaml
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel
from wordfreq import top_n_list

from tuning.base_encoder import BaseEncoder
from tuning.tokenizer import SPECIAL, needed_pieces, tokenizer

logger = logging.getLogger("tuning")

EXAMPLES = (Path("bot/data/nlu"), Path("bot/data/safety/training"))
OUT = Path("bot/data/encoder")
# What is no label to learn: an example of it says only what a message is not.
NOT_A_LABEL = "no_goal"
# Whether somebody is in danger is learned beside what they ask: from these and from examples that name a crisis ...
CRISIS = "crisis"
NO_CRISIS = "no_crisis"
# ... and from all others that there is none, but for those that may be either.
MAYBE_CRISIS = frozenset({"ask/safety_now", "ask/grounding_now", "ask/went_badly", "leave", "out_of_scope/abuse"})

SEED = 0
EPOCHS = 4
BATCH = 32
LONGEST = 96  # pieces
RATE = 2e-4
LAST_LAYER_RATE = 2e-2
WARM_UP = 0.1
SMOOTHING = 0.1
DROPOUT = 0.1
WITH_SLIPS = 0.25  # share of examples that get a slip of the keyboard each time they are seen
WORDS = {"en": 120_000, "es": 60_000}
LETTERS = "abcdefghijklmnopqrstuvwxyz"

IGNORED = -100  # the label that torch's loss leaves out


@dataclass(frozen=True)
class Example:
    """A text with what is learned from it.

    Attributes:
        text: what somebody might type.
        asked: intent, with its kind where it has one, or None.
        crisis: id of the crisis, NO_CRISIS, or None where it may be either.
    """

    text: str
    asked: str | None
    crisis: str | None

    @classmethod
    def of(cls, text: str, intent: str, metadata: Mapping[str, str]) -> Example:
        """The example of an entry: what it teaches is told by its intent and its metadata."""
        kind, crisis = metadata.get("kind"), metadata.get("crisis")
        if intent in (CRISIS, NO_CRISIS):
            return cls(text, None, crisis or NO_CRISIS)
        asked = f"{intent}/{kind}" if kind else intent
        asked_or_none = None if intent == NOT_A_LABEL else asked
        return cls(text, asked_or_none, crisis or (None if asked in MAYBE_CRISIS else NO_CRISIS))


def examples(folders: Sequence[Path]) -> list[Example]:
    """Every example of the files below `folders`."""
    found: list[Example] = []
    for path in sorted(path for folder in folders for path in folder.rglob("*.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            if "intent" in entry:
                lines = [line for line in entry["examples"].splitlines() if line.startswith("- ")]
                found += [Example.of(line[2:].strip(), entry["intent"], entry.get("metadata") or {}) for line in lines]
    return found


class Network(torch.nn.Module):
    """The encoder, the mean of its vectors, and a layer for each thing to learn, which are thrown away afterwards."""

    def __init__(self, encoder: BertModel, words: Tokenizer, labels: Sequence[int]) -> None:
        super().__init__()
        self.encoder = encoder
        self.words = words
        self.dropout = torch.nn.Dropout(DROPOUT)
        self.last = torch.nn.ModuleList(torch.nn.Linear(encoder.config.hidden_size, count) for count in labels)
        for layer in self.last:
            torch.nn.init.normal_(layer.weight, std=0.02)
            torch.nn.init.zeros_(layer.bias)

    def forward(self, texts: Sequence[str]) -> list[torch.Tensor]:
        """Scores of the labels of each thing to learn, shape (len(texts), labels)."""
        found = self.words.encode_batch(list(texts))
        ids = torch.tensor([each.ids for each in found])
        mask = torch.tensor([each.attention_mask for each in found])
        vectors = self.dropout(mean_vector(self.encoder, ids, mask))
        return [layer(vectors) for layer in self.last]


def mean_vector(encoder: BertModel, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Vectors of unit length, the mean over the pieces of each text, shape (texts, hidden)."""
    hidden = encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()
    weights = mask[..., None].float()
    return torch.nn.functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=1)


class Vectors(torch.nn.Module):
    """What is shipped: pieces in, one vector a text out."""

    def __init__(self, encoder: BertModel) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Vectors of unit length, shape (texts, hidden)."""
        return mean_vector(self.encoder, input_ids, attention_mask)


def transformer(base: BaseEncoder, kept: list[int]) -> BertModel:
    """The base encoder's transformer with the embeddings of the pieces `kept`."""
    sizes = base.sizes
    model = BertModel(
        BertConfig(
            vocab_size=len(kept),
            hidden_size=sizes.hidden,
            num_hidden_layers=sizes.layers,
            num_attention_heads=sizes.heads,
            intermediate_size=sizes.inner,
            max_position_embeddings=sizes.positions,
            type_vocab_size=sizes.types,
            layer_norm_eps=base.epsilon,
            pad_token_id=SPECIAL.index("<pad>"),
            attn_implementation="eager",
        ),
        add_pooling_layer=False,
    )
    model.load_state_dict(_weights(base, kept), strict=False)
    return model


def _weights(base: BaseEncoder, kept: list[int]) -> dict[str, torch.Tensor]:
    """The base encoder's tensors by the names of transformers."""
    hidden, inner = base.sizes.hidden, base.sizes.inner
    embeddings = torch.tensor(base.matrix("emb.word", base.sizes.vocabulary, hidden)[kept])
    weights = {
        "embeddings.word_embeddings.weight": embeddings,
        "embeddings.position_embeddings.weight": torch.tensor(base.vector("emb.pos")).view(-1, hidden),
        "embeddings.token_type_embeddings.weight": torch.tensor(base.vector("emb.type")).view(-1, hidden),
        "embeddings.LayerNorm.weight": torch.tensor(base.vector("emb.ln.w")),
        "embeddings.LayerNorm.bias": torch.tensor(base.vector("emb.ln.b")),
    }
    matrices = {
        "q": ("attention.self.query", hidden, hidden),
        "k": ("attention.self.key", hidden, hidden),
        "v": ("attention.self.value", hidden, hidden),
        "ao": ("attention.output.dense", hidden, hidden),
        "fi": ("intermediate.dense", inner, hidden),
        "fo": ("output.dense", hidden, inner),
    }
    norms = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
    for layer in range(base.sizes.layers):
        ours, theirs = f"encoder.layer.{layer}", f"l{layer}"
        for short, (name, rows, columns) in matrices.items():
            weights[f"{ours}.{name}.weight"] = torch.tensor(base.matrix(f"{theirs}.{short}.w", rows, columns))
            weights[f"{ours}.{name}.bias"] = torch.tensor(base.vector(f"{theirs}.{short}.b"))
        for short, name in norms.items():
            weights[f"{ours}.{name}.weight"] = torch.tensor(base.vector(f"{theirs}.{short}.w"))
            weights[f"{ours}.{name}.bias"] = torch.tensor(base.vector(f"{theirs}.{short}.b"))
    return weights


def with_slip(text: str, chance: random.Random) -> str:
    """`text`, now and then with one or two letters left out, swapped, doubled or wrong."""
    if chance.random() >= WITH_SLIPS:
        return text
    letters = list(text)
    for _ in range(chance.choice([1, 1, 2])):
        if len(letters) < 6:
            break
        at = chance.randrange(1, len(letters) - 1)
        if not letters[at].isalpha():
            continue
        kind = chance.random()
        if kind < 0.35:
            del letters[at]
        elif kind < 0.7:
            letters[at], letters[at - 1] = letters[at - 1], letters[at]
        elif kind < 0.85:
            letters.insert(at, letters[at])
        else:
            letters[at] = chance.choice(LETTERS)
    return "".join(letters)


def batches(texts: Sequence[str], chance: random.Random) -> Iterator[list[int]]:
    """Indices in random batches of texts that are about equally long."""
    order = list(range(len(texts)))
    chance.shuffle(order)
    made = []
    for start in range(0, len(order), BATCH * 20):
        chunk = sorted(order[start : start + BATCH * 20], key=lambda index: len(texts[index]))
        made += [chunk[at : at + BATCH] for at in range(0, len(chunk), BATCH)]
    chance.shuffle(made)
    yield from made


def numbered(labels: Sequence[str | None]) -> tuple[torch.Tensor, torch.Tensor]:
    """The labels as numbers, IGNORED where there is none, and the weight of each: the rarer, the more it counts."""
    names = sorted({label for label in labels if label is not None})
    numbers = torch.tensor([IGNORED if label is None else names.index(label) for label in labels])
    shares = torch.bincount(numbers[numbers != IGNORED], minlength=len(names)).float()
    return numbers, (shares.mean() / shares).sqrt()


def tune(network: Network, texts: Sequence[str], answers: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> None:
    """Train all weights of `network` in place, on what `numbered` gives for each thing to learn."""
    chance = random.Random(SEED)  # noqa: S311 - slips of the keyboard are no secret
    optimizer = torch.optim.AdamW(
        [
            {"params": network.encoder.parameters(), "lr": RATE, "weight_decay": 0.01},
            {"params": network.last.parameters(), "lr": LAST_LAYER_RATE, "weight_decay": 0.0},
        ]
    )
    steps = EPOCHS * math.ceil(len(texts) / BATCH)
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, step / (WARM_UP * steps + 1)) * max(0.0, (steps - step) / steps)
    )
    losses = [
        torch.nn.CrossEntropyLoss(weight, ignore_index=IGNORED, label_smoothing=SMOOTHING) for _, weight in answers
    ]
    network.train()
    for epoch in range(EPOCHS):
        total = 0.0
        for batch in batches(texts, chance):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                scores = network([with_slip(texts[index], chance) for index in batch])
            loss = torch.zeros(())
            for score, (numbers, _), loss_of in zip(scores, answers, losses, strict=True):
                if (numbers[batch] != IGNORED).any():  # the mean of nothing is no number
                    loss = loss + loss_of(score.float(), numbers[batch])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            rate.step()
            total += float(loss.detach()) * len(batch)
        logger.info("Epoch %d of %d: loss %.3f", epoch + 1, EPOCHS, total / len(texts))


def export(encoder: BertModel, words: Tokenizer, folder: Path) -> None:
    """Write `model.onnx`, with 8-bit weights, and `tokenizer.json` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    encoder.eval()
    found = words.encode_batch(["how much does it cost", "why"])
    ids = torch.tensor([each.ids for each in found])
    mask = torch.tensor([each.attention_mask for each in found])
    free = {0: "texts", 1: "pieces"}
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "whole.onnx"
        torch.onnx.export(
            Vectors(encoder),
            (ids, mask),
            str(whole),
            input_names=["input_ids", "attention_mask"],
            output_names=["vector"],
            dynamic_axes={"input_ids": free, "attention_mask": free, "vector": {0: "texts"}},
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(
            str(whole),
            str(folder / "model.onnx"),
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul", "Gather"],
        )
    words.no_padding()
    words.no_truncation()
    words.save(str(folder / "tokenizer.json"))


def main() -> None:
    """Read, tune, write."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    torch.manual_seed(SEED)
    given = examples(EXAMPLES)
    texts = [example.text for example in given]
    answers = [numbered([example.asked for example in given]), numbered([example.crisis for example in given])]
    counts = [len(weights) for _, weights in answers]
    base = BaseEncoder.installed()
    vocabulary = [word for language, count in WORDS.items() for word in top_n_list(language, count)]
    kept = needed_pieces(base, vocabulary + texts)
    words = tokenizer((base.pieces[index], float(base.scores[index])) for index in kept)
    words.enable_padding(pad_id=SPECIAL.index("<pad>"), pad_token="<pad>")  # noqa: S106 - a piece, no password
    words.enable_truncation(LONGEST)
    logger.info("%d examples, %d and %d labels, %d pieces", len(texts), *counts, len(kept))
    network = Network(transformer(base, kept), words, counts)
    tune(network, texts, answers)
    export(network.encoder, words, OUT)
    logger.info("Wrote %s.", OUT)


if __name__ == "__main__":
    main()
