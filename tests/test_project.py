"""The project holds together: Rasa's files, the data, the settings and their documentation name the same things."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.answers.catalog import catalog
from bot.directory.importer import read_directory
from bot.engine.action_endpoint import InProcessActions
from bot.engine.gate import renderer
from bot.settings import DATA, PROJECT, SettingError, Settings
from bot.understanding.safety_rules import read_rule_book

DOMAIN: dict[str, Any] = yaml.safe_load((PROJECT / "domain.yml").read_text(encoding="utf-8"))
RULES: list[dict[str, Any]] = [
    rule
    for path in sorted((DATA / "rules").glob("*.yml"))
    for rule in yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]
]
EXAMPLES: list[tuple[str, str]] = [
    (entry["intent"], line.strip().removeprefix("- "))
    for folder in (DATA / "nlu", DATA / "safety" / "training")
    for path in sorted(folder.glob("*.yml"))
    for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
    for line in entry["examples"].splitlines()
]


def test_every_intent_has_a_rule() -> None:
    ruled = {step["intent"] for rule in RULES for step in rule["steps"] if "intent" in step}
    # no_goal and no_crisis only teach what is no goal and no danger; they are never read.
    assert ruled == set(DOMAIN["intents"]) - {"no_goal", "no_crisis"}


def test_every_action_of_the_domain_is_used_and_exists() -> None:
    used = {step["action"] for rule in RULES for step in rule["steps"] if "action" in step} - {"action_listen"}
    assert used == set(DOMAIN["actions"])
    ours = {action for action in DOMAIN["actions"] if action.startswith("action_")}
    assert set(InProcessActions()._executor.actions) == ours
    spoken = {action.removeprefix("utter_") for action in DOMAIN["actions"] if action.startswith("utter_")}
    assert spoken <= set(catalog().replies)


def test_every_button_carries_an_intent_of_the_domain() -> None:
    acts = {button.act for reply in catalog().replies.values() for button in reply.buttons if button.act}
    assert acts <= set(DOMAIN["intents"])


def test_every_example_has_an_intent_and_stands_once() -> None:
    for intent, example in EXAMPLES:
        name, _, part = intent.partition("/")
        assert name in DOMAIN["intents"], f"{intent}: {example}"
        assert not part or part in catalog().topics or part in catalog().goals, intent
    normal = Counter(" ".join(re.findall(r"\w+", example.lower())) for _, example in EXAMPLES)
    assert [example for example, times in normal.items() if times > 1 and example] == []


def test_every_topic_and_goal_has_examples() -> None:
    counts = Counter(intent for intent, _ in EXAMPLES)
    topics = {f"ask/{topic}" for topic in catalog().topics} - {"ask/find_program"} | {"find_program"}
    goals = {f"share_goals/{goal}" for goal in catalog().goals}
    assert {intent for intent in topics | goals if counts[intent] < 10} == set()


def test_every_crisis_has_rules_examples_and_a_reply() -> None:
    order = read_rule_book().order
    assert set(order) == {reply for reply in catalog().replies if reply.startswith("crisis_")}
    assert order[:3] == ["crisis_danger", "crisis_suicide", "crisis_selfharm"]
    taught = {path.stem for path in (DATA / "safety" / "training").glob("*.yml")}
    assert taught == {*order, "no_crisis"}


def test_every_crisis_reply_gives_a_number_before_its_fifth_sentence() -> None:
    for reply in catalog().replies.values():
        if reply.id.startswith("crisis_"):
            first = re.split(r"(?<=[.!?])\s", reply.words)[:4]
            assert re.search(r"\b(911|988|1-8\d\d-\d{3}-\d{4})\b", " ".join(first)), reply.id


def test_every_reply_renders_with_ids_for_its_blanks() -> None:
    ids: dict[str, str | tuple[str, ...]] = {
        "topic": "cost",
        "topics": ("cost", "formats"),
        "goal": "goal_apology",
        "goals": ("goal_apology",),
        "state": "IA",
        "states": ("IA", "US"),
        "program": "us-ia-doc-vois",
        "programs": ("us-ia-doc-vois",),
        "office": _an_office(),
        "family": "choosing",
        "web_page": "https://chat.example.org",
        "web_code": "7KQ4-M9XP",
    }
    for reply in catalog().replies.values():
        rendered = renderer().render(reply.id, {blank: ids[kind] for blank, kind in reply.blanks.items()})
        assert rendered.text
        assert "{" not in rendered.text, reply.id
        assert all(button.title and renderer().is_payload(button.payload) for button in rendered.buttons), reply.id


def test_every_program_and_office_has_a_card() -> None:
    """Codes without words in words.yml, and anything else that a row could break, would show here."""
    data = read_directory(DATA / "directory")
    for program in data.programs:
        card = renderer().render("program_card", {"program": program.id})
        assert program.name in card.paragraphs
        assert "_" not in " ".join(line for line in card.blocks[-1].lines if "http" not in line), program.id
    for office in data.offices:
        assert office.name in renderer().render("office_card", {"office": office.id}).paragraphs


@pytest.mark.parametrize(
    "text",
    [
        "/keep_program",
        '/keep_program{"state": "IA"}',
        '/ask{"topic": "cost", "goal": "goal_apology"}',
        '/ask{"topic": ["cost"]}',
        '/ask{"topic": "' + "[" * 150_000,
        '/keep_program{"program": "us-ia-doc-vois; DROP"}',
        "/no_such_act",
    ],
)
def test_a_payload_that_no_button_carries_is_none(text: str) -> None:
    assert not renderer().is_payload(text)


def _an_office() -> str:
    rows = (DATA / "directory" / "offices.csv").read_text(encoding="utf-8").splitlines()
    return rows[1].partition(",")[0]


def test_every_setting_is_documented() -> None:
    documented = set(re.findall(r"`(FOOTBRIDGE_[A-Z_]+)`", (PROJECT / "docs" / "settings.md").read_text()))
    in_code = {
        f"FOOTBRIDGE_{name}"
        for name in re.findall(r'value\("([A-Z_]+)"', (PROJECT / "bot" / "settings.py").read_text())
    }
    tests = {name for name in documented if name.startswith("FOOTBRIDGE_TEST_")}
    assert documented - tests == in_code


@pytest.mark.parametrize("document", ["privacy.md", "threat-model.md"])
def test_every_test_that_a_document_names_is_there(document: str) -> None:
    text = (PROJECT / "docs" / document).read_text(encoding="utf-8")
    written = "\n".join(path.read_text(encoding="utf-8") for path in (PROJECT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)\(", written))
    named = re.findall(r"`(test_\w+)`", text)
    files = re.findall(r"`(tests/[\w/.]+)`", text)
    assert named or files
    assert [name for name in named if name not in there] == []
    assert [path for path in files if not (PROJECT / path).is_file()] == []


def test_the_readme_leads_to_every_document() -> None:
    linked = set(re.findall(r"\]\(docs/([\w-]+\.md)\)", (PROJECT / "README.md").read_text(encoding="utf-8")))
    assert {path.name for path in (PROJECT / "docs").glob("*.md")} <= linked


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FOOTBRIDGE_PORT", "eighty"),
        ("FOOTBRIDGE_PORT", "70000"),
        ("FOOTBRIDGE_EXIT_URL", "javascript:alert(1)"),
        ("FOOTBRIDGE_TALK_MINUTES", "4"),
        ("FOOTBRIDGE_TALK_MINUTES", "half"),
    ],
)
def test_a_bad_setting_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingError, match=variable):
        Settings.from_environment({variable: value})


def test_modules_import_downwards_only() -> None:
    """channels -> engine -> understanding, actions -> answers -> directory; channels -> staff -> directory."""
    below = {
        "channels": {"channels", "engine", "answers", "staff", "directory"},
        "engine": {"engine", "actions", "understanding", "answers", "directory"},
        "actions": {"actions", "answers", "directory"},
        "understanding": {"understanding"},
        "answers": {"answers", "directory"},
        "staff": {"staff", "directory"},
        "directory": {"directory"},
    }
    for package, allowed in below.items():
        for path in (PROJECT / "bot" / package).rglob("*.py"):
            for imported in re.findall(r"^\s*(?:from|import) bot\.(\w+)", path.read_text(), re.MULTILINE):
                assert imported in allowed | {"settings"}, f"{path.relative_to(PROJECT)} imports bot.{imported}"


def test_what_needs_an_absent_package_says_so() -> None:
    from rasa.core.channels.slack import SlackBot
    from rasa.utils.tensorflow.models import RasaModel

    from bot.absent_packages import PackageIsAbsent

    with pytest.raises(PackageIsAbsent, match=r"config\.yml"):
        RasaModel()
    with pytest.raises(PackageIsAbsent, match=r"credentials\.yml"):
        SlackBot("token")


def test_rasa_checks_the_data_and_finds_no_conflict() -> None:
    rasa = Path(sys.executable).parent / "rasa"
    done = subprocess.run(  # noqa: S603 - rasa itself, with fixed arguments
        [rasa, "data", "validate", "--data", "bot/data"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LOG_LEVEL": "INFO"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "No story structure conflicts found" in done.stderr + done.stdout
