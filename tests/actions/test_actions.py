"""Each action against a real directory in a database file: what it says, by id, and what it remembers."""

from __future__ import annotations

from typing import Any

import pytest

from bot.engine.action_endpoint import InProcessActions

Said = list[tuple[str, dict[str, Any]]]


async def _run(
    action: str, entities: dict[str, list[str]] | None = None, slots: dict[str, Any] | None = None, said: str = ""
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
            "latest_message": {"entities": found, "intent_ranking": []},
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
        {"asking": "consent", "asked_before": "goals", "waiting_topic": "sexual_assault"},
    ),
    (
        "action_read_waiting",
        {},
        {"asking": "consent", "asked_before": "goals", "waiting_topic": "sexual_assault"},
        [("sexual_assault", {})],
        {"asking": "goals", "asked_before": None, "waiting_topic": None},
    ),
    (
        "action_crisis",
        {"crisis": ["crisis_danger", "crisis_suicide"]},
        {"asking": "consent", "asked_before": "goals", "waiting_topic": "sexual_assault"},
        [("crisis_danger", {}), ("crisis_suicide", {})],
        {"asking": "paused", "asked_before": "goals", "waiting_topic": None},
    ),
    (
        "action_go_on",
        {},
        {"asking": "paused", "asked_before": "goals"},
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
