"""No utterance outside the gate, on any path."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.trackers import DialogueStateTracker

from bot.actions.talk import FootbridgeAction, Talk
from bot.answers.catalog import catalog
from bot.answers.rendering import UnvettedWordsError
from bot.engine.engine import Engine
from bot.engine.gate import AnswerGate, GatedChannel, renderer
from bot.settings import PROJECT

TRACKER = DialogueStateTracker("gate", [])


async def _generate(answer: str, **response: Any) -> dict[str, Any]:
    return await AnswerGate().generate(answer, TRACKER, "web", **response)


async def test_a_vetted_answer_passes_with_its_words_and_buttons() -> None:
    message = {**await _generate("cost"), "utter_action": "cost"}
    reply = await AnswerGate().admit(message, "web")
    assert reply.paragraphs == (catalog().topics["cost"].words.strip(),)
    assert [button.payload for button in reply.buttons][:1] == ['/ask{"topic": "support_person"}']


@pytest.mark.parametrize(
    ("answer", "response"),
    [
        ("cost", {"text": "It is free, I promise."}),
        ("cost", {"buttons": [{"title": "Call him", "payload": "/call"}]}),
        ("cost", {"custom": {"text": "hello"}}),
        ("cost", {"values": {"state": "IA"}}),
        ("cost", {"form": "louder"}),
        ("no_such_answer", {}),
        ("programs_found", {}),
        ("programs_found", {"values": {"state": "Iowa, and all will be well"}}),
        ("programs_found", {"values": {"state": "ZZ"}}),
        ("programs_found", {"values": "IA"}),
        ("program_card", {"values": {"program": "us-ia-no-such-program"}}),
        ("goal_added", {"values": {"goal": "You will be healed."}}),
        ("sheet", {"values": {"goals": ["goal_apology", "Trust me."], "programs": []}}),
        ("sheet", {"values": {"goals": [{"title": "Trust me."}], "programs": []}}),
    ],
)
async def test_own_words_and_unknown_ids_are_refused(answer: str, response: dict[str, Any]) -> None:
    with pytest.raises((UnvettedWordsError, LookupError)):
        await _generate(answer, **response)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Another sentence."},
        {"buttons": [{"title": "Other", "payload": "/other"}]},
        {"utter_action": None},
        {"utter_action": "formats"},
    ],
)
async def test_a_message_changed_after_the_gate_is_stopped_on_its_way_out(change: dict[str, Any]) -> None:
    message = {**await _generate("cost"), "utter_action": "cost", **change}
    channel = GatedChannel(AnswerGate(), "web")
    with pytest.raises(UnvettedWordsError):
        await channel.send_response("gate", message)
    assert channel.replies == []


async def test_an_action_that_speaks_for_itself_is_not_heard(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.actions.conversation import ActionMenu

    def speak(self: FootbridgeAction, talk: Talk) -> None:
        talk._dispatcher.utter_message(text="He will say sorry, I promise.")

    monkeypatch.setattr(ActionMenu, "act", speak)
    turn = await engine.turn("speaks", "/help_menu", begin=True)
    assert [reply.id for reply in turn.replies] == ["something_broke"]
    assert "988" in turn.replies[0].text


async def test_every_button_leads_to_an_answer(engine: Engine) -> None:
    """Presses every button of every answer that needs no blanks, each in a conversation of its own."""
    words = renderer()
    plain = [*catalog().topics, *(reply.id for reply in catalog().replies.values() if not reply.blanks)]
    payloads = {button.payload for answer in plain for button in words.render(answer).buttons}
    assert len(payloads) > 40
    for number, payload in enumerate(sorted(payloads)):
        assert words.is_payload(payload), payload
        turn = await engine.turn(f"button {number}", payload, begin=True)
        assert turn.replies, payload
        assert "something_broke" not in [reply.id for reply in turn.replies], payload


def test_no_code_holds_a_sentence_for_survivors() -> None:
    """What Rasa or the actions could say in words of their own: responses in the domain, text in an action."""
    domain = yaml.safe_load((PROJECT / "domain.yml").read_text(encoding="utf-8"))
    assert "responses" not in domain
    for path in (PROJECT / "bot" / "actions").glob("*.py"):
        assert not re.search(r"utter_message\([^)]*\b(text|json_message|buttons|image)=", path.read_text()), path


def test_templates_hold_no_words_of_their_own() -> None:
    for path in Path(PROJECT / "bot" / "channels" / "web" / "templates").glob("*.html"):
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>|\{#.*?#\}", " ", path.read_text(), flags=re.DOTALL)
        assert re.findall(r"[A-Za-z]+", text) == [], path


def test_script_shows_no_words_of_its_own() -> None:
    script = (PROJECT / "bot" / "channels" / "web" / "static" / "chat.js").read_text()
    shown = re.findall(r"(?:textContent|innerHTML|innerText)\s*=\s*([\"'`].*)", script)
    assert shown == []


async def test_rasa_itself_speaks_through_the_gate(engine: Engine) -> None:
    output = GatedChannel(engine._gate, "web")
    async with engine._conversations.hold("rasa itself"):
        await engine._agent.handle_message(UserMessage("/greet", output, "rasa itself"))
    assert [reply.id for reply in output.replies] == ["greet"]
