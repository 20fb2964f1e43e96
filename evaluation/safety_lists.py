"""The lists of docs/safety.md: the rules as a table for clinicians, and what is still missed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.understanding.safety_rules import Guard, RuleBook
from evaluation import safety_measures as measures
from evaluation.safety_readings import SafetyRead

_SIGNS = re.compile(r"([\\`*_\[\]<>#|~&])")


def rules_table(book: RuleBook) -> str:
    """The rules, then the guards, then the groups of words, each as a table in Markdown."""
    rules = [
        (f"`{rule.id}`", f"`{rule.crisis}`", _patterns(rule.says), ", ".join(rule.unless) or "(nowhere)")
        for rule in book.rules
    ]
    guards = [(name, _reach(guard), _patterns(guard.words)) for name, guard in book.guards.items()]
    groups = [(_code(f"<{name}>"), _patterns(words)) for name, words in book.words.items()]
    return "\n\n".join(
        (
            _table(("Rule", "Shows", "Says one of", "Silent where"), rules),
            _table(("Silent where", "One of the words stands", "Words"), guards),
            _table(("Stands for one of", "Words"), groups),
        )
    )


def known_mistakes(read: Sequence[SafetyRead], order: Sequence[str]) -> str:
    """The messages of a set that is open to look at: what is missed, by crisis, and the false alarms, by kind.

    Args:
        read: the messages.
        order: ids of the crises.
    """
    missed = _grouped((one.message.crisis or "", one) for one in measures.missed(read))
    alarms = _grouped((one.message.kind, one) for one in measures.false_alarms(read))
    parts = ["### Missed", "Nothing." if not missed else ""]
    for crisis in order:
        if crisis in missed:
            lines = [f"- {_plain(one.message.text)}" for one in missed[crisis]]
            parts.append("\n".join((f"`{crisis}`, {len(lines)}:", "", *lines)))
    parts += ["### False alarms", "None." if not alarms else ""]
    for kind, found in sorted(alarms.items()):
        lines = [f"- {_plain(one.message.text)} ({_why(one)})" for one in found]
        parts.append("\n".join((f"{kind.replace('_', ' ')}, {len(lines)}:", "", *lines)))
    return "\n\n".join(part for part in parts if part)


def _grouped(found: Iterable[tuple[str, SafetyRead]]) -> dict[str, list[SafetyRead]]:
    groups: dict[str, list[SafetyRead]] = {}
    for name, one in found:
        groups.setdefault(name, []).append(one)
    return groups


def _why(one: SafetyRead) -> str:
    """What was shown for a message, and what made the net speak."""
    return "; ".join(f"`{firing.crisis}`, {firing.layer} `{firing.rule}`" for firing in one.reading.firings)


def _reach(guard: Guard) -> str:
    where = "anywhere else in the sentence" if guard.before is None else f"at most {guard.before} words before"
    if guard.until:
        where += f", without {', '.join(map(_code, guard.until))} between"
    return f"{where}, or the pattern stands in quotation marks" if guard.quoted else where


def _patterns(written: Iterable[str]) -> str:
    return "<br>".join(map(_code, written))


def _code(written: str) -> str:
    """A pattern as it stands in the file, in a cell of a table."""
    return "`" + written.replace("|", "\\|") + "`"


def _plain(text: str) -> str:
    """Words that Markdown shows as they are."""
    return _SIGNS.sub(r"\\\1", text)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (header, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(header), *lines[1:]])
