"""`footbridge serve` with parts that break and repeat in their errors what was typed, as a program of its own."""

from __future__ import annotations

import faulthandler
import logging
import os

os.environ["LOG_LEVEL"] = "DEBUG"
faulthandler.enable()

from bot.cli import app  # noqa: E402

BREAKS_IN_ACTION = "breakinaction"
BREAKS_IN_TURN = "breakinturn"
BREAKS_IN_PAGE = "breakinpage"


def break_parts() -> None:
    """Make an action, a turn and a page raise what was typed, and let every logger say all that it can."""
    from rasa.core.agent import Agent
    from rasa.core.channels.channel import UserMessage

    from bot.actions.conversation import ActionNotUnderstood, ActionOutOfScope
    from bot.actions.talk import FootbridgeAction, Talk
    from bot.engine.engine import Engine

    for action in (ActionNotUnderstood, ActionOutOfScope):
        original_act = action.act

        def act(self: FootbridgeAction, talk: Talk, original: object = original_act) -> None:
            if BREAKS_IN_ACTION in talk.text:
                raise RuntimeError(talk.text)
            original(self, talk)  # type: ignore[operator]

        action.act = act  # type: ignore[method-assign]

    handle, turn = Agent.handle_message, Engine.turn

    async def handle_message(self: Agent, message: UserMessage) -> object:
        if BREAKS_IN_TURN in (message.text or ""):
            raise RuntimeError(message.text)
        return await handle(self, message)

    async def broken_turn(self: Engine, session: str, text: str, *args: object, **named: object) -> object:
        if BREAKS_IN_PAGE in text:
            raise RuntimeError(text)
        return await turn(self, session, text, *args, **named)  # type: ignore[arg-type]

    Agent.handle_message = handle_message
    Engine.turn = broken_turn  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    import bot.channels.web.server as server

    original_serve = server.serve

    def serve(*args: object) -> None:
        """Serve with what breaks, after the logging of the program itself is set up."""
        break_parts()
        for name in (None, "bot"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        original_serve(*args)  # type: ignore[arg-type]

    server.serve = serve  # type: ignore[assignment]
    app(["serve"])
