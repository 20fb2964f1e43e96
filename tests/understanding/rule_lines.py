"""A line of words that a pattern of bot/data/safety/rules.yml stands for, made from the pattern itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

_INNERMOST = re.compile(r"\(([^()]*)\)(\??)")
_GROUP = re.compile(r"<(\w+)>")


def one_line(pattern: str, words: Mapping[str, tuple[str, ...]], last: bool = False) -> str:
    """The first, or the last, way to say each part of `pattern`, without what may be missing."""
    at = -1 if last else 0
    while _INNERMOST.search(pattern):
        pattern = _INNERMOST.sub(lambda found: "" if found[2] else found[1].split("|")[at], pattern)
    said = (part for part in pattern.split() if part != ".." and not part.endswith("?"))
    return _GROUP.sub(lambda found: words[found[1]][at], " ".join(said))
