"""The form of a code that somebody types into the web page to go on there with what they named elsewhere."""

from __future__ import annotations

import re
import secrets

# Without vowels, so that no code is a word, and without letters and digits that look alike.
_LETTERS, _DIGITS = "BCDFGHJKMNPQRTVWXY", "346789"
_HALF = 4  # characters
_CODE = re.compile(rf"\s*([{_LETTERS}{_DIGITS}]{{{_HALF}}})[- ]?([{_LETTERS}{_DIGITS}]{{{_HALF}}})\s*", re.IGNORECASE)


def new_code() -> str:
    """A code such as "7KQ4-M9XP", one of 10^11; it has a digit, which no words that somebody types have by chance."""
    while True:
        letters = "".join(secrets.choice(_LETTERS + _DIGITS) for _ in range(2 * _HALF))
        if code := read_code(letters):
            return code


def read_code(text: str) -> str | None:
    """The code that `text` is, as `new_code` writes it; None where it is none."""
    found = _CODE.fullmatch(text)
    if not found or not any(digit in text for digit in _DIGITS):
        return None
    return f"{found[1]}-{found[2]}".upper()
