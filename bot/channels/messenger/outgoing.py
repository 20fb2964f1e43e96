"""Makes the platform's messages of vetted replies. Its limits are kept by construction, and no choice is left out.

Up to three choices are buttons, which stay. More are quick replies below the last message, which vanish with the next;
above it, where they would vanish at once, they are buttons in several messages. What is more than quick replies can
hold stands in the text by number too. A choice's number is its place among those of the whole turn
(`bot.engine.conversation_state.Standing.numbered`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import regex

from bot.answers.messenger import more_choices
from bot.answers.rendering import Button, RenderedReply
from bot.channels.messenger import limits

Message = Mapping[str, Any]

# Where a text is cut, the best places first: between paragraphs, lines, sentences, and words.
_CUTS = tuple(map(regex.compile, (r"\s*\n\s*\n\s*", r"\s*\n\s*", r"(?<=[.!?][\"'\u201d]?)\s+", r"\s+")))
_LEAST_PART = 3  # a better place is taken only behind the first third of what fits


def messages_of(replies: Sequence[RenderedReply]) -> tuple[Message, ...]:
    """The `message` objects for the Send call, in order; each keeps the platform's limits."""
    choices = _numbered(replies)
    messages: list[Message] = []
    for place, (reply, own) in enumerate(zip(replies, choices, strict=True), start=1):
        messages += _messages(reply.text, own, is_last=place == len(replies))
    return tuple(messages)


def cut(text: str, longest: int) -> list[str]:
    """`text` in parts of at most `longest` characters; only blanks at the cuts are lost. Empty for blank text.

    It is cut at paragraphs, lines, sentences or words, in this order, and in a word only where the word is longer than
    a part; then never within what is read as one character, unless that alone is longer.
    """
    parts = []
    rest = text.strip()
    while len(rest) > longest:
        at, after = _place(rest, longest)
        parts.append(rest[:at])
        rest = rest[after:].lstrip()
    return [*parts, rest] if rest else parts


def _place(text: str, longest: int) -> tuple[int, int]:
    """Where a part ends, and where the next one begins."""
    for number, pattern in enumerate(_CUTS):
        least = longest // _LEAST_PART if number < len(_CUTS) - 1 else 1
        found: list[tuple[int, int]] = [
            match.span() for match in pattern.finditer(text, 0, longest + 1) if least <= match.start() <= longest
        ]
        if found:
            return found[-1]
    ends: list[int] = [match.end() for match in regex.finditer(r"\X", text[: longest + 1]) if match.end() <= longest]
    return (ends[-1], ends[-1]) if ends else (longest, longest)


def _numbered(replies: Sequence[RenderedReply]) -> list[list[tuple[int, Button]]]:
    """The choices of each reply with their numbers; a title that stands twice takes its number.

    The reply in Spanish stands before the turn, so its choices have no number of the turn's: they have none
    and, being few, are never listed by number.
    """
    titles = Counter(button.title for reply in replies for button in reply.buttons)
    payloads = {(button.title, button.payload) for reply in replies for button in reply.buttons}
    different = {title for title, _ in payloads if sum(title == one for one, _ in payloads) > 1}
    number = 0
    listed = []
    for reply in replies:
        own: list[tuple[int, Button]] = []
        for button in reply.buttons:
            number += reply.language == "en"
            twice = titles[button.title] > 1 and button.title in different and reply.language == "en"
            end = f" ({number})" if twice else ""
            own.append((number, Button(f"{cut(button.title, limits.TITLE - len(end))[0]}{end}", button.payload)))
        listed.append(own)
    return listed


def _messages(text: str, choices: Sequence[tuple[int, Button]], *, is_last: bool) -> Iterator[Message]:
    buttons = [button for _, button in choices]
    if not buttons:
        yield from ({"text": part} for part in cut(text, limits.TEXT))
    elif len(buttons) <= limits.TEMPLATE_BUTTONS or not is_last:
        yield from _with_templates(text, buttons)
    else:
        if len(buttons) > limits.QUICK_REPLIES:
            listed = "\n".join(f"{number}. {button.title}" for number, button in choices)
            text = f"{text}\n\n{listed}"
        *before, last = cut(text, limits.TEXT)
        yield from ({"text": part} for part in before)
        yield {"text": last, "quick_replies": [_quick(button) for button in buttons[: limits.QUICK_REPLIES]]}


def _with_templates(text: str, buttons: Sequence[Button]) -> Iterator[Message]:
    before, last = _ending(text)
    yield from ({"text": part} for part in before)
    for start in range(0, len(buttons), limits.TEMPLATE_BUTTONS):
        some = buttons[start : start + limits.TEMPLATE_BUTTONS]
        payload = {
            "template_type": "button",
            "text": more_choices() if start else last,
            "buttons": [{"type": "postback", "title": one.title, "payload": one.payload} for one in some],
        }
        yield {"attachment": {"type": "template", "payload": payload}}


def _ending(text: str) -> tuple[list[str], str]:
    """The parts of a text, the last of which fits above buttons."""
    *before, last = cut(text, limits.TEXT)
    *head, last = cut(last, limits.TEMPLATE_TEXT)
    return [*before, *head], last


def _quick(button: Button) -> Message:
    return {"content_type": "text", "title": button.title, "payload": button.payload}
