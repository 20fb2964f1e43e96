"""What a console page knows of a call: ids of what was ticked, which travel in the page's form and are kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.answers.helpline import HelplineGuide

MOST_PROGRAMS = 20
Fields = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Call:
    """What the pages of one call pass on.

    Attributes:
        step: id of the script's step where one is.
        goals: ids of the hopes that were ticked, in the guide's order.
        programs: ids of the programs that were put on the sheet; the directory may not know them.
        keys: whether single keys work.
        fields: all that the form sent.
    """

    step: str
    goals: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    keys: bool = True
    fields: Fields = field(default_factory=dict)

    def sent(self, name: str) -> str:
        """The last value of a field, or ""."""
        return next(reversed(self.fields.get(name, ())), "")


def read_call(fields: Fields, guide: HelplineGuide) -> Call:
    """The call that a form carries; what the guide does not know is left out."""
    steps = [step.id for step in guide.steps]
    step = next((step for step in reversed(fields.get("step", ())) if step in steps), steps[0])
    ticked = set(fields.get("goal", ()))
    keys = [*fields.get("keys", ()), *fields.get("set_keys", ())]
    return Call(
        step=step,
        goals=tuple(card.id for card in guide.of_kind("goal") if card.id in ticked),
        programs=tuple(dict.fromkeys(fields.get("program", ())))[:MOST_PROGRAMS],
        keys=keys[-1:] != ["off"],
        fields=fields,
    )
