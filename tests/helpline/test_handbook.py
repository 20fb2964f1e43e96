"""The printed handbook: whole, dated, and readable from a stick in a browser without a network and without scripts."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from html import unescape
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright

from bot.answers.catalog import AnswerDataError, catalog
from bot.answers.helpline import helpline_guide
from bot.channels.helpline.handbook import TEMPLATES, WORDS_FILE, handbook
from bot.directory.importer import read_directory
from bot.directory.rows import STATES
from bot.settings import DATA, PROJECT
from tests.web.conftest import OPTIONS, chromium

MADE_ON = date(2026, 12, 1)
GUIDE = helpline_guide()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def text() -> str:
    return handbook(MADE_ON)


@pytest.fixture(scope="module")
def stick(tmp_path_factory: pytest.TempPathFactory, text: str) -> Path:
    """The handbook as a file."""
    path = tmp_path_factory.mktemp("stick") / "handbook.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=OPTIONS)
        yield launched
        launched.close()


def words_of(text: str) -> str:
    """What a person reads of the page, each run of blanks as one."""
    return " ".join(unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL)).split())


def test_it_says_when_it_was_made_and_from_which_words(text: str) -> None:
    assert f"Made on December 1, 2026. Content version {GUIDE.content_version}." in words_of(text)


def test_every_card_step_and_moment_is_in_it_with_its_id(text: str) -> None:
    anchors = set(re.findall(r' id="([^"]+)"', text))
    assert {f"card-{card}" for card in GUIDE.cards} <= anchors
    assert {f"step-{step.id}" for step in GUIDE.steps} <= anchors
    assert {f"moment-{moment.id}" for moment in GUIDE.moments} <= anchors
    shown = words_of(text)
    for card in GUIDE.cards.values():
        assert f"id {card.id}." in shown
        for line in (*card.say, *card.listen_for, *card.avoid, *card.caution, *card.questions):
            assert " ".join(line.split()) in shown, line
    for line in (*GUIDE.dos, *GUIDE.donts):
        assert line in shown


def test_every_place_program_office_and_number_of_the_directory_is_in_it(text: str) -> None:
    directory = read_directory(DATA / "directory")
    anchors = set(re.findall(r' id="([^"]+)"', text))
    assert {f"place-{code}" for code in STATES} <= anchors
    programs = [row for row in directory.programs if row.reach != "national"]
    assert {f"program-{row.id}" for row in programs} <= anchors
    assert {f"office-{row.id}" for row in directory.offices} <= anchors
    shown = words_of(text)
    phones = [*(row.phone for row in programs), *(row.phone for row in directory.offices)]
    assert all(phone.removeprefix("+") in shown for phone in phones if phone)
    for line in directory.resources:
        assert line.name in shown
    assert shown.count("Last seen: ") >= len(programs) + len(directory.offices)


def test_each_link_leads_to_something_in_it(text: str) -> None:
    anchors = re.findall(r' id="([^"]+)"', text)
    assert len(anchors) == len(set(anchors))
    links = re.findall(r'href="([^"]+)"', text)
    assert len(links) > 500
    assert {link for link in links if link.removeprefix("#") not in anchors} == set()
    assert {f"source-{number}" for number in catalog().sources} <= set(anchors)


def test_it_opens_from_a_file_without_asking_any_host(browser: Browser, stick: Path) -> None:
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(stick.as_uri())
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Hard moments").click()
    expect(page.locator("#moment-angry")).to_be_visible()
    assert set(asked) == {stick.as_uri()}
    context.close()


def test_axe_finds_nothing(browser: Browser, stick: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(stick.as_uri())
    # Of cards and entries, which are all built alike, one of each section is enough, and a tenth of the time.
    found = Axe().run(
        page,
        context={"exclude": [["article ~ article"]]},
        options={"runOnly": {"type": "tag", "values": RULES}},
    )
    assert found.violations_count == 0, found.generate_report()
    context.close()


@pytest.mark.parametrize("width", [360, 1024])
def test_nothing_runs_out_of_the_page(browser: Browser, stick: Path, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 700})
    page = context.new_page()
    page.goto(stick.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_the_template_holds_no_words_of_its_own() -> None:
    template = (TEMPLATES / "handbook.html").read_text(encoding="utf-8")
    outside = re.sub(r"<style>.*?</style>|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", template, flags=re.DOTALL)
    assert re.findall(r"[A-Za-z]+", outside) == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("  aim: Aim\n", "", "has no attribute 'aim'"),
        ("{version}", "{edition}", "'edition'"),
        ("{version}", "{version", "'made': a blank has no beginning or no end"),
    ],
)
def test_words_that_are_missing_or_broken_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, reason: str
) -> None:
    broken = tmp_path / "handbook.yml"
    words = WORDS_FILE.read_text(encoding="utf-8")
    assert old in words
    broken.write_text(words.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr("bot.channels.helpline.handbook.WORDS_FILE", broken)
    with pytest.raises(AnswerDataError, match=reason) as raised:
        handbook(MADE_ON)
    assert str(broken) in str(raised.value)


def _run(*options: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own: it sets up the logging of the whole process."""
    command = [sys.executable, "-m", "bot.cli", "staff-handbook", *options]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603


def test_the_command_writes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "handbook.html"
    assert _run("--output", str(path)).returncode == 0
    assert GUIDE.content_version in path.read_text(encoding="utf-8")
    assert _run().stdout.startswith("<!doctype html>")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    done = _run("--output", str(tmp_path / "missing" / "handbook.html"))
    assert done.returncode == 1
    assert "missing" in done.stderr
