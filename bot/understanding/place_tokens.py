"""The words of a message or a place's name, in the form in which names of places are looked up."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import us

FEDERAL = "US"
CODES: frozenset[str] = frozenset(state.abbr for state in us.states.STATES_AND_TERRITORIES) | {"DC", FEDERAL}
_STATE_CODES = CODES - {FEDERAL}

_TOKEN = re.compile(
    r"(?P<zip>(?<![\w#$.,-])\d{5}(?:-\d{4})?(?![\w-]|[.,]\d))"
    r"|(?P<points>(?<![\w.])[A-Za-z]\.[ ]?[A-Za-z](?:\.[A-Za-z](?!\w))?(?:\.|(?!\w)))"
    r"|(?P<word>[^\W_]+(?:['\u2019][^\W_]+)*)"
)
_NAME_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_WRITTEN_SHORT = {"st": "saint", "ft": "fort", "mt": "mount"}
_IN_NAME = re.compile(r"[^\S\n]*-?[^\S\n]*")
_IN_NAME_AFTER_SHORT = re.compile(r"[^\S\n]*[-.]?[^\S\n]*")


class Token(NamedTuple):
    """One word of a message.

    raw: as typed. norm: as looked up. gap: what stands between the token before and this one.
    code: the two letters in capitals when they are a USPS code, or "". zip: the five digits of a ZIP code, or "".
    point: whether it ends with a point or one follows, as after an abbreviation.
    """

    raw: str
    norm: str
    gap: str
    code: str
    zip: str
    point: bool


def tokens_of(text: str) -> list[Token]:
    """The words of `text` in order."""
    tokens: list[Token] = []
    end = 0
    for match in _TOKEN.finditer(text):
        raw = match.group()
        gap = text[end : match.start()]
        end = match.end()
        point = text.startswith(".", end) or raw.endswith(".")
        if match.lastgroup == "zip":
            tokens.append(Token(raw, raw, gap, "", raw[:5], point))
            continue
        plain = raw.replace(".", "").replace(" ", "").casefold() if match.lastgroup == "points" else _plain(raw)
        code = plain.upper() if len(plain) == 2 and plain.upper() in _STATE_CODES else ""
        tokens.append(Token(raw, _WRITTEN_SHORT.get(plain, plain), gap, code, "", point))
    return tokens


def name_keys(name: str) -> set[str]:
    """The ways a place's name is looked up: "St. Mary's" as "saint mary" and "saint marys"."""
    keys = set()
    for spelling in (name, name.replace("'", "").replace("\u2019", "")):
        words = (_plain(match.group()) for match in _NAME_WORD.finditer(spelling))
        keys.add(" ".join(_WRITTEN_SHORT.get(word, word) for word in words))
    return keys


def is_one_name(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether tokens start to end (exclusive) can be one name: no comma or end of a sentence between."""
    return all(
        (_IN_NAME_AFTER_SHORT if len(tokens[at - 1].raw) <= 2 else _IN_NAME).fullmatch(tokens[at].gap)
        for at in range(start + 1, end)
    )


def _plain(word: str) -> str:
    """Small letters without accents, apostrophes and the 's of a possessive."""
    if not word.isascii():
        decomposed = unicodedata.normalize("NFKD", word).replace("\u2019", "'")
        word = "".join(character for character in decomposed if not unicodedata.combining(character))
    word = word.casefold()
    return word.removesuffix("'s").replace("'", "") if "'" in word else word
