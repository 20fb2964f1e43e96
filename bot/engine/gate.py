"""The gate: nothing reaches a person but a vetted answer, by its id, with ids for its blanks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.answers.catalog import catalog
from bot.answers.helpline import HELPLINE, helpline_guide
from bot.answers.helpline_form import helpline_form
from bot.answers.messenger import MESSENGER, messenger_form, read_messenger_words
from bot.answers.rendering import RenderedReply, Renderer, UnvettedWordsError, Value
from bot.answers.views import Views
from bot.directory.session import open_session
from bot.settings import DATA, settings

FORM = "form"
VALUES = "values"
# What rasa-sdk lets an action say in its own words; empty unless an action tries to.
_OWN_WORDS = ("text", "buttons", "elements", "custom", "json_message", "image", "attachment", "quick_replies")


@lru_cache(maxsize=1)
def renderer() -> Renderer:
    """The project's own renderer: its catalog, its help lines, and the directory that the settings name."""
    words = catalog()
    views = Views(words, words.lines.values(), partial(open_session, settings().database_url))
    forms = {
        HELPLINE: helpline_form(helpline_guide()),
        MESSENGER: messenger_form(read_messenger_words(DATA / "answers", words, views)),
    }
    return Renderer(words, views, forms)


class AnswerGate(NaturalLanguageGenerator):  # type: ignore[misc]
    """Rasa's generator of words: renders vetted answers and refuses everything else.

    A response's name is an answer's id, with `utter_` before it where a rule names it. Its keyword `values` holds the
    ids for the blanks, its keyword `form` its form ("words", "simpler" or "shorter").
    """

    def __init__(
        self,
        endpoint_config: EndpointConfig | None = None,
        domain: Domain | None = None,
        words: Renderer | None = None,
    ) -> None:
        self._renderer = words or renderer()

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any]:
        """The answer as Rasa's message. Raises: UnvettedWordsError."""
        own = [name for name in _OWN_WORDS if kwargs.get(name)]
        if own:
            raise UnvettedWordsError(f"{utter_action!r} came with words of its own in {', '.join(own)}")
        reply = await asyncio.to_thread(self.render, utter_action, kwargs, output_channel)
        buttons = [{"title": button.title, "payload": button.payload} for button in reply.buttons]
        return {"text": reply.text, "buttons": buttons}

    def render(self, utter_action: str, message: Mapping[str, Any], channel: str) -> RenderedReply:
        """The reply for a response's name and its `values` and `form`, as a channel says it.

        Raises: UnvettedWordsError.
        """
        values = message.get(VALUES) or {}
        if not isinstance(values, dict):
            raise UnvettedWordsError(f"the values of {utter_action!r} are no mapping")
        return self._renderer.render(
            utter_action.removeprefix("utter_"),
            {name: _value(value) for name, value in values.items()},
            message.get(FORM) or "words",
            channel,
        )

    async def admit(self, message: Mapping[str, Any], channel: str) -> RenderedReply:
        """The reply behind a message on its way out to a channel.

        Raises:
            UnvettedWordsError: the message names no answer, or its words or buttons are not that answer's.
        """
        name = message.get("utter_action")
        if not name:
            raise UnvettedWordsError("a message without an answer's id was stopped")
        reply = await asyncio.to_thread(self.render, str(name), message, channel)
        buttons = [{"title": button.title, "payload": button.payload} for button in reply.buttons]
        if message.get("text") != reply.text or list(message.get("buttons") or []) != buttons:
            raise UnvettedWordsError(f"a message that differs from the answer {name!r} was stopped")
        return reply


class GatedChannel(OutputChannel):  # type: ignore[misc]
    """Collects what a turn says; whatever the gate does not admit is never seen.

    Attributes:
        replies: what was admitted, in order.
    """

    def __init__(self, gate: AnswerGate, channel: str) -> None:
        self._gate = gate
        self._channel = channel
        self.replies: list[RenderedReply] = []

    def name(self) -> str:
        """The channel's name."""
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Admit one message. Raises: UnvettedWordsError."""
        self.replies.append(await self._gate.admit(message, self._channel))


def _value(value: object) -> Value:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise UnvettedWordsError(f"a blank takes an id or a list of ids, not {type(value).__name__}")
