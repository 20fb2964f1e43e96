"""Runs the custom actions in this process; Rasa 3.6 itself can only call them over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.executor import ActionExecutor

import bot.actions


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
