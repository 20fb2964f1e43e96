"""How the helpline says an answer: as the card that staff read, in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.answers.helpline import HelplineCard, HelplineGuide
from bot.answers.rendering import Block, ChannelForm, RenderedReply

SHOWN = ("say", "numbers", "listen_for", "avoid", "questions", "more", "caution")
CONSENT_REPLY = "consent"  # the reply that asks before a heavy topic
GOAL_REPLY = "goal_added"  # the reply that names a goal back


def helpline_form(guide: HelplineGuide) -> ChannelForm:
    """How the helpline says an answer: topics, goals and crises as their cards, in blocks; all else as on the web.

    The notice before a heavy topic is said in the words that can be read aloud.
    """
    blanks = {GOAL_REPLY: "goal", CONSENT_REPLY: "topic"}

    def said(reply: RenderedReply, form: str) -> RenderedReply:
        named = reply.values[blanks[reply.id]] if reply.id in blanks else reply.id
        card = guide.cards.get(named) if isinstance(named, str) else None
        if card is None:
            return reply
        if reply.id == CONSENT_REPLY:
            return replace(reply, paragraphs=(card.ask_first,)) if card.ask_first else reply
        return replace(reply, paragraphs=(), blocks=tuple(_blocks(card, form, guide.headings)), lines=())

    return said


def _blocks(card: HelplineCard, form: str, headings: Mapping[str, str]) -> Iterator[Block]:
    """The parts of a card that are not empty, each under its heading."""
    parts = {
        "say": card.simpler if form == "simpler" and card.simpler else card.say,
        "numbers": tuple(line.summary for line in card.numbers),
        "listen_for": card.listen_for,
        "avoid": card.avoid,
        "questions": card.questions,
        "more": tuple(follow.question for follow in card.more),
        "caution": card.caution,
    }
    for name in SHOWN:
        if parts[name]:
            yield Block(headings[name], parts[name], dialable=name in ("say", "numbers"))
