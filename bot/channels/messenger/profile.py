"""The page's Messenger profile (bot/data/messenger/profile.yml): Get Started, menu, first questions, greeting."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.channels.messenger.graph import GraphClient

FIELDS = ("get_started", "greeting", "ice_breakers", "persistent_menu")


class ProfileError(ValueError):
    """The file of the profile cannot be used; the message names it and what to change."""


def read_profile(path: Path, is_payload: Callable[[str], bool]) -> Mapping[str, Any]:
    """The profile as the platform takes it.

    Args:
        is_payload: whether a text is a payload of ours.

    Raises:
        ProfileError: the file is missing or no YAML, a field is missing or unknown, or a payload is not ours.
    """
    try:
        profile = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProfileError(f"{path} cannot be read ({type(error).__name__}).") from error
    if not isinstance(profile, dict) or sorted(profile) != sorted(FIELDS):
        raise ProfileError(f"{path} takes these parts and no others: {', '.join(FIELDS)}.")
    try:
        menus = [*profile["persistent_menu"], *profile["ice_breakers"]]
        payloads = [profile["get_started"]["payload"]]
        payloads += [item["payload"] for menu in menus for item in menu["call_to_actions"]]
    except (KeyError, TypeError) as error:
        raise ProfileError(f"{path}: a payload or a list of choices is missing ({error}).") from error
    for payload in payloads:
        if not is_payload(str(payload)):
            raise ProfileError(f"{path}: {payload!r} is no choice that a button of ours carries.")
    return profile


async def difference(graph: GraphClient, profile: Mapping[str, Any]) -> str:
    """What would change on the page if the profile were applied, as a diff; empty where it is the same.

    Raises: GraphError.
    """
    there = await graph.profile(FIELDS)
    before, after = (as_text(one).splitlines(keepends=True) for one in (there, profile))
    return "".join(difflib.unified_diff(before, after, "on the page", "in the file"))


def as_text(profile: Mapping[str, Any]) -> str:
    """A profile as YAML, its fields in order."""
    return str(yaml.safe_dump(dict(profile), sort_keys=True, allow_unicode=True, width=120))
