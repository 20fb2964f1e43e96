"""Each action against a real directory in a database file: what it says, by id, and what it remembers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.actions.leading_away import LED_AWAY, LedAwayDataError, leading_away, read_leading_away
from bot.answers.catalog import catalog
from bot.engine.action_endpoint import InProcessActions
from bot.settings import PROJECT

Said = list[tuple[str, dict[str, Any]]]


async def _run(
    action: str,
    entities: dict[str, list[str]] | None = None,
    slots: dict[str, Any] | None = None,
    said: str = "",
    intent: str = "",
) -> tuple[Said, dict[str, Any]]:
    """Run an action as Rasa does; what it said and the slots it set."""
    found = [{"entity": kind, "value": value} for kind, values in (entities or {}).items() for value in values]
    events: list[dict[str, Any]] = []
    if said:
        events = [
            {"event": "user"},
            {"event": "bot", "metadata": {"utter_action": said, "values": {}, "form": "words"}},
        ]
    call = {
        "next_action": action,
        "sender_id": "action",
        "tracker": {
            "sender_id": "action",
            "slots": slots or {},
            "latest_message": {"entities": found, "intent": {"name": intent}, "intent_ranking": []},
            "events": [*events, {"event": "user"}],
        },
        "domain": {},
    }
    done = await InProcessActions().request(json=call)
    replies = [(reply["response"], reply.get("values") or {}) for reply in done["responses"]]
    return replies, {event["name"]: event["value"] for event in done["events"] if event["event"] == "slot"}


CASES: list[tuple[str, dict[str, list[str]], dict[str, Any], Said, dict[str, Any]]] = [
    ("action_answer", {"topic": ["cost"]}, {}, [("cost", {})], {"last_topic": "cost", "times_asked": {"cost": 1}}),
    (
        "action_answer",
        {"topic": ["cost"]},
        {"times_asked": {"cost": 2}},
        [("cost", {}), ("offer_person", {})],
        {"last_topic": "cost", "times_asked": {"cost": 3}},
    ),
    (
        "action_answer",
        {"topic": ["sexual_assault"]},
        {"asking": "goals"},
        [("consent", {"topic": "sexual_assault"})],
        {"asking": "consent", "asked_before": ["goals"], "waiting_topic": "sexual_assault"},
    ),
    (
        "action_read_waiting",
        {},
        {"asking": "consent", "asked_before": ["goals"], "waiting_topic": "sexual_assault"},
        [("sexual_assault", {})],
        {"asking": "goals", "asked_before": None, "waiting_topic": None},
    ),
    (
        "action_crisis",
        {"crisis": ["crisis_danger", "crisis_suicide"]},
        {"asking": "consent", "asked_before": ["goals"], "waiting_topic": "sexual_assault"},
        [("crisis_danger", {}), ("crisis_suicide", {})],
        {
            "asking": "paused",
            "asked_before": ["goals", "consent"],
            "waiting_topic": "not set",
            "crises_shown": ["crisis_danger", "crisis_suicide"],
            "led_away": "not set",
        },
    ),
    (
        "action_crisis",
        {"crisis": ["crisis_child", "crisis_minor"]},
        {"asking": "consent", "asked_before": ["goals"], "waiting_topic": "sexual_assault"},
        [("crisis_child", {}), ("crisis_minor", {})],
        {
            "asking": "paused",
            "asked_before": None,
            "waiting_topic": None,
            "led_away": ["crisis_minor"],
            "led_away_from": {"asked_before": ["goals", "consent"], "waiting_topic": "sexual_assault"},
        },
    ),
    (
        "action_crisis",
        {"crisis": ["crisis_danger"]},
        {"asking": "paused", "asked_before": ["goals"]},
        [("crisis_danger", {})],
        {"asking": "not set", "asked_before": "not set"},
    ),
    (
        "action_not_me",
        {"card": ["crisis_minor"]},
        {"led_away": ["crisis_ongoing_abuse", "crisis_minor"], "asking": "paused"},
        [("believed", {}), ("led_away_ongoing_abuse", {})],
        {"led_away": ["crisis_ongoing_abuse"], "asking": "not set"},
    ),
    (
        "action_not_me",
        {},
        {
            "led_away": ["crisis_minor"],
            "asking": "paused",
            "led_away_from": {"asked_before": ["goals", "consent"], "waiting_topic": "sexual_assault"},
        },
        [("believed", {}), ("consent", {"topic": "sexual_assault"})],
        {"led_away": None, "led_away_from": None, "asking": "consent", "asked_before": ["goals"]},
    ),
    (
        "action_im_okay",
        {},
        {"asking": "paused", "asked_before": ["confirm"], "possible_state": "IA"},
        [("glad_you_are_okay", {}), ("confirm_place", {"state": "IA"})],
        {"asking": "confirm", "asked_before": None},
    ),
    (
        "action_go_on",
        {},
        {"asking": "paused", "asked_before": ["goals"]},
        [("back_to_goals", {})],
        {"asking": "goals", "asked_before": None},
    ),
    ("action_go_on", {}, {"asking": "paused", "asked_before": None}, [("menu", {})], {"asking": None}),
    (
        "action_share_goals",
        {"goal": ["goal_apology", "goal_answers"]},
        {"goals": ["goal_apology"]},
        [("goal_known", {"goal": "goal_apology"}), ("goal_added", {"goal": "goal_answers"}), ("ask_more_goals", {})],
        {"goals": ["goal_apology", "goal_answers"], "asking": "goals"},
    ),
    (
        "action_share_goals",
        {"goal": ["goal_not_sure"]},
        {"asking": "goals"},
        [("goal_added", {"goal": "goal_not_sure"}), ("after_not_sure", {})],
        {"goals": ["goal_not_sure"], "asking": None},
    ),
    (
        "action_remove_goal",
        {"goal": ["goal_apology"]},
        {"goals": ["goal_apology", "goal_answers"]},
        [("goal_removed", {"goal": "goal_apology"})],
        {"goals": ["goal_answers"]},
    ),
    (
        "action_give_place",
        {"possible_state": ["IL", "MO"]},
        {},
        [("which_place", {"states": ["IL", "MO"]})],
        {"asking": "state"},
    ),
    (
        "action_give_place",
        {"possible_state": ["IA"]},
        {},
        [("confirm_place", {"state": "IA"})],
        {"asking": "confirm", "possible_state": "IA"},
    ),
    (
        "action_place_confirmed",
        {},
        {"asking": "confirm", "possible_state": "TX"},
        [
            ("programs_found", {"state": "TX"}),
            ("program_card", {"program": "us-tx-tdcj-vomd"}),
            ("program_card", {"program": "us-tx-bridges-to-life"}),
            ("programs_end", {"state": "TX"}),
        ],
        {"asking": None, "possible_state": None, "state": "TX", "programs_shown": 2.0},
    ),
    (
        "action_keep_program",
        {"program": ["us-tx-tdcj-vomd"]},
        {"programs_kept": ["us-ia-doc-vois"]},
        [("program_kept", {"program": "us-tx-tdcj-vomd"})],
        {"programs_kept": ["us-ia-doc-vois", "us-tx-tdcj-vomd"]},
    ),
    (
        "action_drop_program",
        {"program": ["us-tx-tdcj-vomd"]},
        {"programs_kept": ["us-tx-tdcj-vomd"]},
        [("program_dropped", {"program": "us-tx-tdcj-vomd"})],
        {"programs_kept": []},
    ),
    (
        "action_show_sheet",
        {},
        {"goals": ["goal_apology"], "programs_kept": ["us-ia-doc-vois"]},
        [("sheet", {"goals": ["goal_apology"], "programs": ["us-ia-doc-vois"]})],
        {},
    ),
    ("action_stop", {}, {"asking": "state"}, [("stopped", {})], {"asking": None}),
    (
        "action_not_understood",
        {},
        {"asking": "state"},
        [("place_not_understood", {"topics": ["what_is_vom", "retraumatization_risk", "find_program"]})],
        {"not_understood_in_a_row": 1.0},
    ),
]


@pytest.mark.parametrize(
    ("action", "entities", "slots", "said", "remembered"),
    CASES,
    ids=[f"{case[0]} {case[1] or case[2]}" for case in CASES],
)
async def test_action(
    action: str, entities: dict[str, list[str]], slots: dict[str, Any], said: Said, remembered: dict[str, Any]
) -> None:
    replies, set_slots = await _run(action, entities, slots)
    assert replies == said
    assert {name: set_slots.get(name, "not set") for name in remembered} == remembered


@pytest.mark.parametrize("state", ["ID", "NJ", "RI", "US"])
async def test_where_nothing_is_listed_the_office_and_the_national_contacts_are_offered(state: str) -> None:
    replies, slots = await _run("action_give_place", {"state": [state]})
    said = [answer for answer, _ in replies]
    assert said[0] == ("no_programs_federal" if state == "US" else "no_programs")
    assert "office_card" in said
    assert said[-1] == "national_contacts"
    assert slots["state"] == state


async def test_more_programs_shows_every_program_of_a_state_once() -> None:
    replies, slots = await _run("action_give_place", {"state": ["CA"]})
    seen: list[str] = []
    for _ in range(10):
        cards = [values["program"] for answer, values in replies if answer == "program_card"]
        assert len(cards) <= 3
        seen += cards
        if "programs_end" in [answer for answer, _ in replies]:
            break
        replies, slots = await _run("action_more_programs", slots=slots)
    assert len(seen) == len(set(seen)) == 17


async def test_a_question_is_not_asked_twice_in_one_turn() -> None:
    """After consent was asked in this turn, action_ask_again stays silent."""
    call_said, _ = await _run("action_ask_again", slots={"asking": "goals"})
    assert [answer for answer, _ in call_said] == ["back_to_goals"]
    nothing, _ = await _run("action_ask_again", slots={"asking": None})
    assert nothing == []


async def test_an_action_that_fails_answers_with_help_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.actions import programs

    def fail() -> None:
        raise RuntimeError("no directory")

    monkeypatch.setattr(programs, "_directory", fail)
    replies, slots = await _run("action_give_place", {"state": ["IA"]}, {"asking": "state"})
    assert replies == [("something_broke", {})]
    assert slots == {}


@pytest.mark.parametrize(
    ("action", "slots", "said", "expected"),
    [
        ("action_repeat", {}, "cost", ["cost"]),
        ("action_repeat", {}, "", ["nothing_to_repeat"]),
        ("action_simpler", {}, "cost", ["cost"]),
        ("action_simpler", {}, "menu", ["no_simpler_words"]),
        ("action_sources", {"last_topic": "cost"}, "cost", ["sources_of"]),
        ("action_sources", {}, "", ["sources_in_general"]),
    ],
)
async def test_what_was_said_before(action: str, slots: dict[str, Any], said: str, expected: list[str]) -> None:
    replies, _ = await _run(action, slots=slots, said=said)
    assert [answer for answer, _ in replies] == expected


LED = [(crisis, reply) for crisis, reply in leading_away().replies.items()]
DOMAIN = yaml.safe_load((PROJECT / "domain.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("crisis", "reply"), LED)
@pytest.mark.parametrize("act", sorted(leading_away().acts))
async def test_acts_are_led_away(act: str, crisis: str, reply: str) -> None:
    """By the intent, so that it holds for whatever action the rules would have picked."""
    replies, slots = await _run("action_show_sheet", slots={"led_away": [crisis]}, intent=act)
    assert replies == [(reply, {})]
    assert slots == {}


@pytest.mark.parametrize(("crisis", "reply"), LED)
async def test_topics_are_led_away_and_others_are_answered(crisis: str, reply: str) -> None:
    for topic in catalog().topics.values():
        replies, _ = await _run("action_answer", {"topic": [topic.id]}, {"led_away": [crisis]}, intent="ask")
        closed = topic.id in leading_away().topics[crisis]
        assert [said for said, _ in replies] == [reply if closed else "consent" if topic.heavy else topic.id]


async def test_the_reply_in_place_of_a_topic_is_said_once_in_a_turn() -> None:
    replies, _ = await _run(
        "action_ask_again", {"topic": ["readiness_reflection"]}, {"led_away": ["crisis_minor"]}, intent="ask"
    )
    assert [said for said, _ in replies] == ["led_away_minor"]


@pytest.mark.parametrize("crisis", [crisis for crisis, _ in LED])
@pytest.mark.parametrize(
    "topic",
    ["what_is_vom", "retraumatization_risk", "safety_now", "grounding_now", "chat_privacy", "counselling_peers"],
)
def test_what_explains_and_helps_is_never_closed(crisis: str, topic: str) -> None:
    assert topic not in leading_away().topics[crisis]


async def test_no_goal_is_taken_beside_an_answer_while_somebody_is_led_away() -> None:
    named = {"topic": ["cost"], "goal": ["goal_apology"]}
    replies, slots = await _run("action_answer", named, {"led_away": ["crisis_minor"]}, intent="ask")
    assert replies == [("cost", {})]
    assert "goals" not in slots


async def test_nothing_closed_is_offered_to_somebody_who_is_not_understood() -> None:
    likely = {"likely_topic": ["find_program", "letter_bank", "cost"]}
    replies, _ = await _run("action_not_understood", likely, {"led_away": ["crisis_perpetrator"]})
    assert replies == [("not_understood", {"topics": ["cost", "what_is_vom", "retraumatization_risk"]})]


def test_the_acts_that_are_led_away_are_intents() -> None:
    assert leading_away().acts <= {intent for intent in DOMAIN["intents"] if isinstance(intent, str)}


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("says: led_away_minor", "says: led_away_nobody", "led_away_nobody"),
        ("- readiness_reflection", "- readyness", "readyness"),
        ("acts:", "act:", "KeyError"),
        ("crises:", "crises: [", "yaml|Scanner|Parser"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, before: str, after: str, named: str) -> None:
    broken = tmp_path / "led_away.yml"
    broken.write_text(LED_AWAY.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    with pytest.raises(LedAwayDataError, match=rf"(?s)led_away\.yml.*({named})"):
        read_leading_away(broken, catalog())
