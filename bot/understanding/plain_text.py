"""What arrives, as it is read: invisible marks gone, disguised letters made plain, stretched words short again.

A person's own letters stay: those of Spanish, other alphabets, and emoji. All of it takes time linear in the length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import yaml

from bot.settings import DATA
from bot.understanding.place_words import listed_names

LOOK_ALIKES = DATA / "look_alikes.yml"
DOUBLE_LETTERS = DATA / "double_letters.txt"

# Apostrophes and quotation marks of print and of other keyboards. NFKC would tear the accent (U+00B4) from its word.
_REPLACED = str.maketrans(
    dict.fromkeys("\u00b4\u02b9\u02bb\u02bc\u02bd\u2018\u2019\u201a\u201b\u2032\u2035\ua78c", "'")
    | dict.fromkeys("\u00ab\u00bb\u02ba\u201c\u201d\u201e\u201f\u2033\u2036\u301d\u301e\u301f", '"')
    | {"`": "'"}
    # One character each for a sentence of praise, a word or a unit; spelled out they are up to eighteen times as long.
    | dict.fromkeys(map(chr, (0xFDFA, 0xFDFB, *range(0x3300, 0x3400))), " ")
)
# Nothing is seen of them, and they are no format marks (Cf): joiner, fillers, variation selectors.
_FILLERS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
# Marks that go on any letter; those of one alphabet (vowels of Hindi, points of Hebrew) stand elsewhere.
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_MARK = re.compile(f"[{_MARKS}]")
_PILE = re.compile(f"[{_MARKS}]{{2,}}")
_MOST_MARKS = 3  # on one letter, as real writing has them; to sort a longer pile takes quadratic time
_BLANKS = re.compile("[\\s\x00-\x1f\x7f-\x9f\u2800\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]+")
_WORD = re.compile(r"[^\W\d_]+")
_GREEK_AND_CYRILLIC = (*range(0x0370, 0x0530), *range(0x1F00, 0x2000))  # the alphabets whose look-alikes carry marks
_NOT_LATIN = re.compile("[^A-Za-z\u00aa-\u02af\u1d00-\u1dbf\u1e00-\u1eff\u2c60-\u2c7f\ua722-\ua7ff\uab30-\uab6f]")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
_MOST_STRETCHED = 3  # runs in one word for which double letters are tried; each doubles the ways to read it
_MANY_OF_ONE = re.compile(r"([^\w\s]|_)\1{3,}")


class LookAlikeDataError(ValueError):
    """The file of look-alike letters cannot be used; the message names it and says what it takes."""


def read_look_alikes(path: Path) -> Mapping[str, str]:
    """The Latin letter for each look-alike.

    Raises:
        LookAlikeDataError: it is missing, no YAML, or holds something other than letters for Latin letters.
    """
    try:
        alphabets = yaml.safe_load(path.read_text(encoding="utf-8"))
        pairs = [
            (alike, latin) for letters in alphabets.values() for latin, row in letters.items() for alike in row.split()
        ]
    except (OSError, ValueError, yaml.YAMLError, AttributeError) as error:
        raise LookAlikeDataError(
            f"{path} cannot be read: {error}. A line under an alphabet's name takes a Latin letter and its look-alikes."
        ) from error
    for alike, latin in pairs:
        if len(alike) != 1 or alike.isascii() or len(latin) != 1 or not (latin.isascii() and latin.isalpha()):
            raise LookAlikeDataError(
                f"{path}: {latin}: {alike}: give one Latin letter, and after it single other letters."
            )
    return dict(pairs)


def _with_marks(look_alikes: Mapping[str, str]) -> dict[int, str]:
    """The table for `str.translate`, with the look-alikes that carry a mark as well: \u0451 is an e like \u0435."""
    table = {ord(alike): latin for alike, latin in look_alikes.items()}
    for letter in map(chr, _GREEK_AND_CYRILLIC):
        bare = unicodedata.normalize("NFD", letter)[0]
        if bare in look_alikes:
            table[ord(letter)] = look_alikes[bare]
    return table


_LATIN = _with_marks(read_look_alikes(LOOK_ALIKES))
_LOOK_ALIKE = re.compile(f"[{''.join(map(chr, _LATIN))}]")
_DOUBLED = listed_names(DOUBLE_LETTERS)


def plain_text(text: str) -> str:
    """`text` as it is read; cleaning it again changes nothing. No payloads: an id may hold a letter three times."""
    text = text.translate(_REPLACED)
    if not text.isascii():
        text = _MARK.sub("", unicodedata.normalize("NFKC", _PILE.sub("", _without_unseen(text))))
        if _LOOK_ALIKE.search(text):
            text = _WORD.sub(_in_latin, text)
    text = _BLANKS.sub(" ", text)
    if _STRETCHED.search(text):
        text = _WORD.sub(_unstretched, text)
    return _MANY_OF_ONE.sub(r"\1\1\1", text).strip()


def _without_unseen(text: str) -> str:
    """`text` without what is not seen, and without marks that no letter carries so many of."""
    kept: list[str] = []
    marks = 0
    for character in _FILLERS.sub("", text):
        if not character.isascii():
            category = unicodedata.category(character)
            if category == "Cf":
                continue
            marks = marks + 1 if category in ("Mn", "Me") else 0
            if marks > _MOST_MARKS:
                continue
        else:
            marks = 0
        kept.append(character)
    return "".join(kept)


def _in_latin(word: re.Match[str]) -> str:
    """The word with its look-alikes in Latin letters, if it has no letter of another alphabet beside them."""
    letters = word.group()
    latin = letters.translate(_LATIN)
    return letters if _NOT_LATIN.search(latin) else latin


def _unstretched(word: re.Match[str]) -> str:
    """ "killll" as "kill", which has a double letter, and "heeelp" as "help"."""
    pieces = _STRETCHED.split(word.group())  # what is not stretched, and between it the letters that are
    runs = len(pieces) // 2
    if 0 < runs <= _MOST_STRETCHED:
        for times in product((1, 2), repeat=runs):
            tried = _joined(pieces, times)
            if tried.casefold() in _DOUBLED:
                return tried
    return _joined(pieces, (1,) * runs)


def _joined(pieces: list[str], times: tuple[int, ...]) -> str:
    """Pieces of `_STRETCHED.split`, each stretched letter the given number of times."""
    rest = (letter * number + after for letter, number, after in zip(pieces[1::2], times, pieces[2::2], strict=True))
    return "".join((pieces[0], *rest))
