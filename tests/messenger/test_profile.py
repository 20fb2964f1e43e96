"""The page's profile and links, set and shown by the command line against the stand-in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.answers.catalog import catalog
from bot.channels.messenger.cli import PROFILE
from bot.channels.messenger.links import links
from bot.channels.messenger.profile import ProfileError, read_profile
from bot.channels.messenger.stand_in import StandIn, profile_problems
from bot.engine.gate import renderer
from bot.settings import PROJECT


def run(platform: StandIn, *command: str, **changed: str) -> subprocess.CompletedProcess[str]:
    """`footbridge messenger` as a process of its own, with the settings of the stand-in."""
    given = {
        "FOOTBRIDGE_MESSENGER_GRAPH": platform.address,
        "FOOTBRIDGE_MESSENGER_PAGE": platform.page_id,
        "FOOTBRIDGE_MESSENGER_TOKEN": platform.page_token,
        "FOOTBRIDGE_MESSENGER_SECRET": platform.app_secret,
        "FOOTBRIDGE_MESSENGER_APP": "4711",
        "FOOTBRIDGE_MESSENGER_VERIFY_TOKEN": "verify",
        "FOOTBRIDGE_MESSENGER_HASH_KEYS": "k" * 32,
    }
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "bot.cli", "messenger", *command],
        cwd=PROJECT,
        env={**os.environ, **given, **changed},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_profile_is_what_the_platform_takes() -> None:
    profile = read_profile(PROFILE, renderer().is_payload)
    assert profile_problems(profile) == []


def test_the_profile_is_applied_and_then_differs_no_more(stand_in: StandIn) -> None:
    before = run(stand_in, "profile", "diff")
    assert "+  payload: /open_chat" in before.stdout
    assert run(stand_in, "profile", "apply").returncode == 0
    assert stand_in.profile["get_started"] == {"payload": "/open_chat"}
    assert run(stand_in, "profile", "diff").stdout == "The page has the profile of the file.\n"
    assert "Help numbers" in run(stand_in, "profile", "show").stdout


def test_a_dead_token_ends_with_a_line_that_repeats_no_secret(stand_in: StandIn) -> None:
    ended = run(stand_in, "profile", "apply", FOOTBRIDGE_MESSENGER_TOKEN=stand_in.app_secret)
    assert (ended.returncode, ended.stderr) == (1, "the platform refused a call: token_dead (code 190)\n")
    assert stand_in.profile == {}


def test_a_missing_setting_is_named(stand_in: StandIn) -> None:
    ended = run(stand_in, "profile", "show", FOOTBRIDGE_MESSENGER_TOKEN="")
    assert ended.returncode == 1
    assert "FOOTBRIDGE_MESSENGER_TOKEN is missing" in ended.stderr


@pytest.mark.parametrize("name", ["TOKEN", "SECRET"])
@pytest.mark.parametrize("wrong", ["page tokén", "“page-token”", "page token"])
def test_what_cannot_be_sent_as_a_secret_is_named_and_not_repeated(stand_in: StandIn, name: str, wrong: str) -> None:
    ended = run(stand_in, "profile", "show", **{f"FOOTBRIDGE_MESSENGER_{name}": wrong})
    assert ended.returncode == 1
    assert f"FOOTBRIDGE_MESSENGER_{name} takes letters" in ended.stderr
    assert wrong not in ended.stderr


@pytest.mark.parametrize("page", ["", " ", "https://www.facebook.com/page"])
def test_no_link_is_made_of_what_names_no_page(stand_in: StandIn, page: str) -> None:
    ended = run(stand_in, "links", page)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "not its address" in ended.stderr


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("/open_chat", "/own_words", "'/own_words' is no choice"),
        ("greeting:", "greetings:", "takes these parts"),
        ("payload: /open_chat", "nothing: here", "payload"),
    ],
)
def test_a_profile_that_cannot_be_used_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "profile.yml"
    path.write_text(PROFILE.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(ProfileError, match=says) as raised:
        read_profile(path, renderer().is_payload)
    assert str(path) in str(raised.value)


def test_there_is_a_link_for_each_topic() -> None:
    found = [link for _, link in links("our page", catalog())]
    assert found[0] == "https://m.me/our%20page"
    assert {link.partition("?ref=")[2] for link in found[1:]} == set(catalog().topics)
