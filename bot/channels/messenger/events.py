"""Reads what the platform posts into events. Each is of a kind that is answered, noted, or skipped on purpose.

The shapes: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

Kind = Literal[
    "text", "quick_reply", "postback", "attachment", "edit", "referral",  # answered
    "echo", "handed_to_us", "taken_from_us",  # noted
    "own_echo", "unsent", "reaction", "read", "delivery", "optin", "handover_other", "change",  # skipped
    "unknown", "malformed", "other_page", "other_object",
]  # fmt: skip

ANSWERED: frozenset[Kind] = frozenset({"text", "quick_reply", "postback", "attachment", "edit", "referral"})
NOTED: frozenset[Kind] = frozenset({"echo", "handed_to_us", "taken_from_us"})
MOST_ID = 512  # characters
_LATEST = 10**14  # milliseconds since 1970; three thousand years
_UNANSWERED: Mapping[str, Kind] = {"reaction": "reaction", "read": "read", "delivery": "delivery", "optin": "optin"}


class BodyUnreadable(ValueError):  # noqa: N818 - names the state of the body
    """A webhook's body is no JSON object; the text repeats none of it."""


@dataclass(frozen=True, repr=False)
class Event:
    """One thing that happened. It has no repr, so that no log can show it.

    Attributes:
        kind: what it is.
        person: the page-scoped id of the person, or "" where there is none.
        when: milliseconds since 1970.
        id: the platform's id of the message, or what stands for it where there is none.
        text: what was typed, or a button's title.
        payload: what a button or link carries, or "".
        standby: whether another app has the thread.
    """

    kind: Kind
    person: str = ""
    when: int = 0
    id: str = ""
    text: str = ""
    payload: str = ""
    standby: bool = False


class _MalformedError(ValueError):
    """An event that lacks what its kind has."""


def is_id(found: object) -> TypeGuard[str]:
    """Whether something can be an id of the platform's, and so be written into a call."""
    return isinstance(found, str) and 0 < len(found) <= MOST_ID and found.isprintable()


def read_events(body: bytes, *, page: str, app: str) -> tuple[Event, ...]:
    """Every event of a webhook's body, in the order in which they happened.

    Args:
        page: the id of our page; what another page got is not ours.
        app: the id of our app, which tells our own echoes.

    Raises:
        BodyUnreadable: the body is no JSON object in UTF-8.
    """
    try:
        content = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise BodyUnreadable("The body is no JSON.") from None
    if not isinstance(content, dict):
        raise BodyUnreadable("The body is no JSON object.")
    if content.get("object") != "page":
        return (Event("other_object"),)
    entries = content.get("entry")
    if not isinstance(entries, list):
        return (Event("malformed"),)
    return tuple(
        sorted((event for entry in entries for event in _of_entry(entry, page, app)), key=lambda one: one.when)
    )


def _of_entry(entry: object, page: str, app: str) -> Iterator[Event]:
    if not isinstance(entry, dict):
        yield Event("malformed")
        return
    if entry.get("id") != page:
        yield Event("other_page")
        return
    parts = [entry.get(name, []) for name in ("messaging", "standby", "changes")]
    if not all(isinstance(part, list) for part in parts):
        yield Event("malformed")
        return
    messaging, standby, changes = parts
    for part, is_standby in ((messaging, False), (standby, True)):
        for found in part:
            try:
                yield _event(found, page, app, is_standby)
            except _MalformedError:
                yield Event("malformed")
    for _ in changes:
        yield Event("change")


def _event(found: object, page: str, app: str, standby: bool) -> Event:
    event = _object(found)
    when = event.get("timestamp", 0)
    if type(when) is not int or not 0 <= when < _LATEST:
        raise _MalformedError
    for name, kind in _UNANSWERED.items():
        if name in event:
            return Event(kind, when=when)
    if "request_thread_control" in event or "app_roles" in event:
        return Event("handover_other", when=when)
    message = _object(event["message"]) if "message" in event else {}
    is_echo = message.get("is_echo") is True
    person = _id(_object(event.get("recipient" if is_echo else "sender")).get("id"))
    if person == page or _id(_object(event.get("sender" if is_echo else "recipient")).get("id")) != page:
        raise _MalformedError  # neither from somebody to us nor from us to somebody

    def made(kind: Kind, text: object = "", payload: object = "", id: object = None) -> Event:
        if not isinstance(text, str) or not isinstance(payload, str):
            raise _MalformedError
        if id is None:
            id = json.dumps([person, when, kind, text, payload])
        elif not _id(id):
            raise _MalformedError
        return Event(kind, person, when, str(id), text, payload, standby)

    if is_echo:
        return made("own_echo" if str(message.get("app_id", "")) == app else "echo", id=message.get("mid"))
    if "message" in event:
        return _message(message, made)
    if "postback" in event:
        postback = _object(event["postback"])
        referral = _object(postback.get("referral", {}))
        return made("postback", postback.get("title", ""), postback.get("payload") or referral.get("ref", ""),
                    postback.get("mid"))  # fmt: skip
    if "message_edit" in event:
        edit = _object(event["message_edit"])
        # The message's id stays; each edit has a number.
        return made("edit", edit.get("text", ""), id=f"{_id(edit.get('mid'))} {edit.get('num_edit', when)}")
    if "referral" in event:
        return made("referral", payload=_object(event["referral"]).get("ref", ""))
    if "pass_thread_control" in event:
        owner = _object(event["pass_thread_control"]).get("new_owner_app_id")
        return made("handed_to_us" if str(owner) == app else "taken_from_us")
    if "take_thread_control" in event:
        owner = _object(event["take_thread_control"]).get("new_owner_app_id")
        return made("handed_to_us" if str(owner) == app else "taken_from_us")
    return Event("unknown", when=when)


def _message(message: dict[str, Any], made: Any) -> Event:
    mid = _id(message.get("mid"))
    event: Event
    if message.get("is_deleted") is True:
        event = made("unsent", id=mid)
    elif "quick_reply" in message:
        event = made("quick_reply", message.get("text", ""), _object(message["quick_reply"]).get("payload", ""), mid)
    elif message.get("text"):
        event = made("text", message["text"], id=mid)
    else:
        event = made("attachment", id=mid)  # a picture, a voice, a sticker, a place; it is not fetched
    return event


def _object(found: object) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise _MalformedError
    return found


def _id(found: object) -> str:
    if not is_id(found):
        raise _MalformedError
    return found
