"""The same dialogue on the helpline: each answer as its card, everything else as on the web."""

from __future__ import annotations

import pytest

from bot.answers.catalog import catalog
from bot.answers.helpline import helpline_guide
from bot.answers.rendering import RenderedReply
from bot.cli import as_contract
from bot.engine.engine import Engine
from bot.engine.gate import renderer

GUIDE = helpline_guide()
HEADINGS = GUIDE.headings
ANSWERS = [*catalog().topics, *(card.id for card in GUIDE.of_kind("crisis"))]


def blocks(reply: RenderedReply) -> dict[str, tuple[str, ...]]:
    return {str(block.title): block.lines for block in reply.blocks}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_said_as_its_card_and_keeps_its_buttons(answer: str) -> None:
    card, said, web = GUIDE.cards[answer], renderer().render(answer, channel="helpline"), renderer().render(answer)
    assert said.id == web.id
    assert said.buttons == web.buttons
    assert blocks(said)[HEADINGS["say"]] == card.say
    assert blocks(said)[HEADINGS["listen_for"]] == card.listen_for
    assert blocks(said)[HEADINGS["avoid"]] == card.avoid
    assert blocks(said)[HEADINGS["more"]] == tuple(follow.question for follow in card.more)
    assert said.text.startswith(f"{HEADINGS['say']}:\n- {card.say[0]}")


async def test_a_question_is_answered_with_its_card(engine: Engine) -> None:
    turn = await engine.turn("a caller asks", "what does it cost", "helpline", begin=True)
    assert turn.topic == "cost"
    assert blocks(turn.replies[-1])[HEADINGS["say"]] == GUIDE.cards["cost"].say
    simpler = await engine.turn("a caller asks", "can you say that simpler", "helpline", begin=False)
    assert blocks(simpler.replies[-1])[HEADINGS["say"]] == GUIDE.cards["cost"].simpler
    assert blocks(simpler.replies[-1])[HEADINGS["listen_for"]] == GUIDE.cards["cost"].listen_for


async def test_a_hope_is_named_back_with_its_questions(engine: Engine) -> None:
    turn = await engine.turn("a caller hopes", '/share_goals{"goal": "goal_apology"}', "helpline", begin=True)
    said = next(reply for reply in turn.replies if reply.id == "goal_added")
    card = GUIDE.cards["goal_apology"]
    assert turn.goals == ("goal_apology",)
    assert blocks(said)[HEADINGS["say"]] == card.say
    assert blocks(said)[HEADINGS["questions"]] == card.questions


async def test_a_crisis_is_answered_with_numbers_to_read_out(engine: Engine) -> None:
    turn = await engine.turn("a caller in danger", "he is outside my door with a knife", "helpline", begin=True)
    assert turn.crisis == "crisis_danger"
    said = blocks(turn.replies[0])
    assert list(said)[:2] == [HEADINGS["say"], HEADINGS["numbers"]]
    assert "911" in said[HEADINGS["say"]][0]
    assert len(said[HEADINGS["numbers"]]) == len(GUIDE.cards["crisis_danger"].numbers)


async def test_consent_is_asked_before_a_heavy_answer_in_words_to_read_aloud(engine: Engine) -> None:
    asked = '/ask{"topic": "research_harm"}'
    turn = await engine.turn("a heavy answer", asked, "helpline", begin=True)
    assert (turn.asks, turn.pending, turn.topic) == ("consent", "research_harm", None)
    assert turn.replies[-1].paragraphs == (GUIDE.cards["research_harm"].ask_first,)
    assert turn.replies[-1].buttons == renderer().render("consent", {"topic": "research_harm"}).buttons
    told = await engine.turn("a heavy answer", "/affirm", "helpline", begin=False)
    assert told.topic == "research_harm"
    assert blocks(told.replies[-1])[HEADINGS["avoid"]] == GUIDE.cards["research_harm"].avoid


async def test_the_web_says_what_it_said(engine: Engine) -> None:
    turn = await engine.turn("on the web", "what does it cost", "web", begin=True)
    assert turn.replies[-1].blocks == ()
    assert turn.replies[-1].paragraphs == (catalog().topics["cost"].words.strip(),)


async def test_the_contract_holds_the_card_as_text(engine: Engine) -> None:
    turn = await engine.turn("in json", '/ask{"topic": "timing"}', "helpline", begin=True)
    reply = as_contract(turn)["replies"][-1]
    assert reply["id"] == "timing"
    assert all(line in reply["text"] for line in GUIDE.cards["timing"].caution)
