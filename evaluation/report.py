"""Puts what was measured into the Markdown files, between markers; the words around them are written by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path


class ReportError(ValueError):
    """A file has no place for a section; the message names the file and the markers it needs."""


def replace_section(path: Path, name: str, content: str) -> None:
    """Write `content` between `<!-- name -->` and `<!-- /name -->`, in place of what stands there.

    Raises:
        ReportError: the file is missing, or does not have the two markers once each, in this order.
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    written = path.read_text(encoding="utf-8") if path.is_file() else ""
    pattern = re.compile(f"({re.escape(begin)}).*({re.escape(end)})", re.DOTALL)
    if written.count(begin) != 1 or written.count(end) != 1 or not pattern.search(written):
        raise ReportError(f"{path} must have {begin} and {end} once each, in this order.")
    path.write_text(pattern.sub(lambda found: f"{found[1]}\n\n{content}\n\n{found[2]}", written), encoding="utf-8")


def confusion_list(confusions: Sequence[tuple[str, str, int]]) -> str:
    """Confusions (expected, guess, times) as a table in Markdown, or a sentence that there is none."""
    if not confusions:
        return "No message was taken for something else."
    rows = (f"| `{expected}` | `{guessed}` | {times} |" for expected, guessed, times in confusions)
    return "\n".join(["| Meant | Understood as | Messages |", "|---|---|---|", *rows])
