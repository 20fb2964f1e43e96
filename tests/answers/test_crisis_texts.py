"""The cards that a person in danger sees: short, numbers first, honest about what a program can do."""

from __future__ import annotations

import re

import pytest

from bot.actions.leading_away import leading_away
from bot.answers.catalog import Reply, catalog
from bot.engine.gate import renderer
from tests.answers.test_answer_texts import numbers_to_call

CARDS = [reply for reply in catalog().replies.values() if reply.id.startswith("crisis_")]
LED_AWAY = [catalog().replies[reply] for reply in leading_away().replies.values()]
# Nobody was told, nobody watches, and nobody is on the way: a program can say none of it.
CLAIMS = [
    r"\b(we|I)('ve| have| had| am| are)? (called|calling|alert(ed|ing)|notif(ied|ying)|report(ed|ing)|informed)\b",
    r"\b(we|I)('ve|'ll| have| had| will) (told|tell|sent|send|call|contact|contacted|alert|notify|report)\b",
    r"\b(help|someone|somebody|police|officer|ambulance|counselor|person) (is|are) (on (the|its|their) way|coming)\b",
    r"\b(someone|somebody|police|a counselor|a person|they) will (call|text|contact|come|reach|check on|be with) you\b",
    r"\b(has|have) been (told|called|notified|alerted|informed|reported|sent)\b",
    r"\b(was|were|is|are being) (notified|alerted|dispatched)\b",
    r"(?<!No one )(?<!Nobody )\b(is|are) (watching|monitoring|reading) (this|your|the) (chat|messages?|page)\b",
]

each_card = pytest.mark.parametrize("card", CARDS, ids=[card.id for card in CARDS])
each_instead = pytest.mark.parametrize("reply", LED_AWAY, ids=[reply.id for reply in LED_AWAY])


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s", text)[0]


@each_card
def test_the_shorter_card_is_short_and_its_numbers_come_first(card: Reply) -> None:
    shorter = renderer().render(card.id, form="shorter").text
    assert len(shorter.split()) <= 30
    assert numbers_to_call(_first_sentence(shorter))
    assert numbers_to_call(shorter) <= numbers_to_call(renderer().render(card.id).text)
    assert "I am a computer program" in shorter
    assert "?" not in shorter


@each_card
def test_a_card_says_in_every_form_and_channel_that_a_program_says_it(card: Reply) -> None:
    for channel in ("web", "messenger"):  # on the helpline a person says it
        for form in ("words", "shorter"):
            said = renderer().render(card.id, form=form, channel=channel).text
            assert re.search(r"\bI( am|'m) a computer program\b", said), (channel, form)


@each_card
def test_the_shorter_card_keeps_the_buttons(card: Reply) -> None:
    assert renderer().render(card.id, form="shorter").buttons == renderer().render(card.id).buttons


@each_instead
def test_what_is_said_instead_gives_numbers_first_and_ways_out(reply: Reply) -> None:
    words = renderer().render(reply.id).text
    assert len(words.split()) <= 60
    assert numbers_to_call(_first_sentence(words))
    assert "I am a computer program" in words
    assert "?" not in words
    assert {"not_me", "talk_to_person", "stop"} <= {button.act for button in reply.buttons}


def test_a_card_that_leads_away_and_the_reply_after_it_offer_the_same_way_to_say_otherwise() -> None:
    for crisis, reply in leading_away().replies.items():
        card, instead = (
            [button for button in catalog().replies[one].buttons if button.act == "not_me"] for one in (crisis, reply)
        )
        assert card == instead
        assert [button.values for button in card] == [{"card": crisis}]


def test_the_card_of_somebody_who_did_harm_leads_to_no_tool() -> None:
    acts = {button.act for button in catalog().replies["crisis_perpetrator"].buttons}
    acts |= {button.act for button in catalog().replies["led_away_perpetrator"].buttons}
    assert acts == {"talk_to_person", "not_me", "stop"}


def test_the_menu_of_somebody_who_is_led_away_has_no_tool() -> None:
    assert not {button.act for button in catalog().replies["menu_of_topics"].buttons} & leading_away().acts


def test_being_okay_is_answered_with_the_number_and_no_question() -> None:
    words = renderer().render("glad_you_are_okay").text
    assert "988 any time" in words
    assert "?" not in words
    assert len(words.split()) <= 30


@pytest.mark.parametrize("claim", CLAIMS)
def test_no_answer_says_that_somebody_was_told_or_is_coming(claim: str) -> None:
    words = catalog()
    texts = {topic.id: f"{topic.words} {topic.simpler}" for topic in words.topics.values()}
    texts |= {reply.id: f"{reply.words} {reply.shorter}" for reply in words.replies.values()}
    texts |= {goal.id: goal.confirmed for goal in words.goals.values()}
    texts |= dict(words.page)
    assert [name for name, text in texts.items() if re.search(claim, text, re.IGNORECASE)] == []


@pytest.mark.parametrize(
    "text",
    [
        "I have called the police.",
        "We will send somebody to you.",
        "Help is on the way.",
        "Someone is coming.",
        "A counselor will call you.",
        "The police have been told.",
        "Your advocate was notified.",
        "A team is watching this chat.",
    ],
)
def test_such_a_claim_would_be_found(text: str) -> None:
    assert any(re.search(claim, text, re.IGNORECASE) for claim in CLAIMS)
