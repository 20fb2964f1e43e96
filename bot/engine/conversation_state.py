"""What is kept of a conversation between two turns: ids and numbers, never words."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from rasa.shared.core.events import BotUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.actions.talk import LAST_SAID
from bot.answers.catalog import catalog
from bot.answers.rendering import plain
from bot.directory.rows import STATES
from bot.understanding.language_reader import LANGUAGE

BUTTONS_KEPT = 6  # turns whose buttons can still be typed

NUMBERED_CHANNELS = frozenset({"messenger"})  # where choices can be chosen by their number in the last turn
_NUMBER_AT_END = re.compile(r"\b[0-9]{1,2}$")
# Programs and offices; the actions hold what a person sends against the directory before they remember it.
_DIRECTORY_ID = re.compile(r"us-[a-z0-9-]{1,80}")
_MESSAGE_NUMBER = re.compile(r"[0-9a-f]{16}")
_PAYLOAD = re.compile(r"/(?P<act>[a-z_]{1,40})(?P<values>\{.*\})?")
# What the actions ask for, the forms of an answer, Spanish, and "again".
_WORDS_OF_ACTIONS = frozenset(
    ["goals", "state", "confirm", "consent", "paused", "words", "simpler", "shorter", "es", "yes"]
)


class WordsInState(ValueError):  # noqa: N818 - names what was found
    """Something that is no id was about to be kept; the message names the place, never the value."""


@dataclass(frozen=True)
class Standing:
    """Where a conversation stands between two turns.

    Attributes:
        slots: the slots' values by name, without empty ones.
        seen: for each of the last turns, the payloads of the buttons it showed, by `title_key` of their titles.
        numbered: the payloads of the last turn's buttons in order, where its channel lets them be chosen by number.
        message: the number that the last message came under, by which it is known if it arrives again, or "".
        told: whether somebody had written in Spanish before the last turn, and so had read all that is in Spanish.
    """

    slots: Mapping[str, Any] = field(default_factory=dict)
    seen: Sequence[Mapping[str, str]] = ()
    message: str = ""
    numbered: Sequence[str] = ()
    told: bool = False

    @classmethod
    def after(cls, tracker: DialogueStateTracker, before: Standing | None, message: str = "") -> Standing:
        """Where a conversation stands after a turn.

        Args:
            tracker: the turn as Rasa holds it: the slots and the events of this turn alone.
            before: where the conversation stood before the turn, None if it began with it.
            message: the number that the turn's message came under, or "".

        Raises:
            WordsInState: an action remembered something that is no id.
        """
        uttered = [event for event in tracker.events if isinstance(event, BotUttered)]
        slots = {name: value for name, value in tracker.current_slot_values().items() if value is not None}
        if said := [_said(event.metadata) for event in uttered if event.metadata.get("utter_action")]:
            slots[LAST_SAID] = said
        shown = [button for event in uttered for button in event.data.get("buttons") or ()]
        buttons = {title_key(str(button["title"])): str(button["payload"]) for button in shown}
        by_number = tracker.get_latest_input_channel() in NUMBERED_CHANNELS
        older = [{title: one for title, one in turn.items() if title not in buttons} for turn in (before or cls()).seen]
        numbered = tuple(str(button["payload"]) for button in shown) if by_number else ()
        told = bool((before or cls()).slots.get(LANGUAGE))
        standing = cls(slots, tuple([*older, buttons][-BUTTONS_KEPT:]), message, numbered, told)
        _check(standing)
        return standing

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Standing:
        """What `as_row` made."""
        numbered, told = tuple(row.get("numbered", ())), bool(row.get("told"))
        return cls(row["slots"], tuple(row["seen"]), row.get("message", ""), numbered, told)

    def as_row(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        return {
            "slots": dict(self.slots),
            "seen": [dict(turn) for turn in self.seen],
            "message": self.message,
            "numbered": list(self.numbered),
            "told": self.told,
        }

    def payload_for_title(self, text: str) -> str | None:
        """The payload of a button with the title `text` in one of the last turns, the latest if there are several.

        Where choices have numbers, the number alone ("2", "2.") and at the end of a title ("Put on my sheet 2") count.
        """
        if self.numbered and (found := _NUMBER_AT_END.search(plain(text))):
            title, number = plain(text)[: found.start()].strip(), int(found[0])
            payload = self.numbered[number - 1] if 1 <= number <= len(self.numbered) else None
            if payload and (not title or any(title_key(title) in turn for turn in self.seen[-1:])):
                return payload
        return next((turn[title_key(text)] for turn in reversed(self.seen) if title_key(text) in turn), None)


def is_message_number(text: str) -> bool:
    """Whether `text` is 64 bits in hexadecimal digits, which the page makes at random for each message."""
    return _MESSAGE_NUMBER.fullmatch(text) is not None


def title_key(title: str) -> str:
    """What stands for a button's title, so that no words are kept: the beginning of a digest of it, made plain."""
    return hashlib.sha256(plain(title).encode()).hexdigest()[:16]


def check_ids(name: str, value: Any) -> None:
    """Hold every string in a value of lists and mappings against the ids.

    Args:
        name: what the value is of, for the error.

    Raises:
        WordsInState: there is something that is no id.
    """
    if not all(_is_id(word) for word in _strings(value)):
        raise WordsInState(f"Something that is no id was to be kept in {name}, so it was not.")


def _said(metadata: Mapping[str, Any]) -> list[Any]:
    answer = str(metadata["utter_action"]).removeprefix("utter_")
    return [answer, dict(metadata.get("values") or {}), metadata.get("form") or "words"]


def _check(standing: Standing) -> None:
    """Actions keep ids only. This holds if one of them ever does not. Raises: WordsInState."""
    for name, value in standing.slots.items():
        check_ids(f"the slot {name!r}", value)
    if standing.message and not is_message_number(standing.message):
        raise WordsInState("A message came under something that is no number, so the turn was not kept.")
    for payload in standing.numbered:
        _check_payload(payload)
    for turn in standing.seen:
        for payload in turn.values():
            _check_payload(payload)


# A row has dozens of them, and the same ones come again and again. What raises is not remembered: only ids stay here.
@lru_cache(maxsize=4096)
def _check_payload(payload: str) -> None:
    """Hold a button's payload against the ids. Raises: WordsInState."""
    found = _PAYLOAD.fullmatch(payload)
    if found is None or not all(_is_id(word) for word in json.loads(found["values"] or "{}").values()):
        raise WordsInState("A button carries something that is no id, so the turn was not kept.")


def _is_id(word: str) -> bool:
    return word in _known_ids() or bool(_DIRECTORY_ID.fullmatch(word))


@lru_cache(maxsize=1)
def _known_ids() -> frozenset[str]:
    words = catalog()
    blanks: Iterable[str] = (blank for reply in words.replies.values() for blank in reply.blanks)
    slots_in_slots = ("asked_before", "waiting_topic")
    ids = (words.topics, words.goals, words.replies, words.families, STATES, _WORDS_OF_ACTIONS, blanks, slots_in_slots)
    return frozenset(word for kind in ids for word in kind)


def _strings(value: Any) -> Iterator[str]:
    """Every string in a value of lists and mappings, the keys of mappings among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield str(key)
            yield from _strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _strings(one)
