"""Runs the custom actions in this process; Rasa 3.6 itself can only call them over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.executor import ActionExecutor

import bot.actions

_ANSWER = Draft7Validator(RemoteAction.action_response_format_spec())


def _check_answer(_: RemoteAction, answer: dict[str, Any]) -> bool:
    """Check what an action answers. Raises: jsonschema.ValidationError."""
    _ANSWER.validate(answer)
    return True


# Rasa's own method checks the schema, which never changes, before each answer. That took a fifth of a turn.
RemoteAction._validate_action_result = _check_answer


class InProcessActions(EndpointConfig):  # type: ignore[misc]
    """An action endpoint without a server."""

    def __init__(self) -> None:
        # Our actions do not read the domain, which Rasa would write out for each of them.
        super().__init__(url="in-process", enable_selective_domain=True)
        self._executor = ActionExecutor()
        self._executor.register_package(bot.actions)

    async def request(self, *args: Any, json: dict[str, Any] | None = None, **kwargs: Any) -> dict[str, Any]:
        """Run the action that `json` names and return its events and responses.

        It runs in a thread, so that one who waits for the directory makes nobody else wait.
        """
        done: dict[str, Any] = await asyncio.to_thread(lambda: asyncio.run(self._executor.run(json)))
        return done
