"""A talk in Messenger's form in a terminal: the real application on loopback, and a stand-in for the platform."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from bot.channels.application import create_application
from bot.channels.messenger.stand_in import INBOX_APP, StandIn
from bot.channels.web.server import make_server
from bot.engine.conversation_store import ConversationStore
from bot.engine.engine import Engine
from bot.settings import MOST_TURNS, MessengerSettings, Settings

HELP = """\
Type as somebody who writes to the page. What is numbered can be tapped.
/tap N      tap the choice with this number
/photo      send a picture
/edit TEXT  change what was typed last
/staff TEXT answer as a person of the page
/back       hand the chat back to the program
/again      deliver the last message once more
/quit       end"""

_PERSON = "700100200300"


class Simulation:
    """One person's phone.

    Args:
        platform: the stand-in, which delivers to `webhook`.
    """

    def __init__(self, platform: StandIn, webhook: str) -> None:
        self._platform, self._webhook = platform, webhook
        self._choices: list[tuple[str, str, str]] = []  # kind, title, payload
        self._seen = 0  # messages of the program
        self._with_staff = False
        self._last: Mapping[str, Any] | None = None

    async def do(self, line: str) -> Iterator[str]:
        """Do what a line says; the lines that the phone shows then."""
        command, _, rest = line.partition(" ")
        platform = self._platform
        if command == "/help":
            return iter([HELP])
        if command == "/tap":
            if not (rest.isdigit() and 1 <= int(rest) <= len(self._choices)):
                return iter([f"There is no choice {rest!r} to tap."])
            kind, title, payload = self._choices[int(rest) - 1]
            made = platform.quick_reply if kind == "quick_reply" else platform.postback
            return await self._deliver(made(_PERSON, title, payload))
        if command == "/photo":
            return await self._deliver(platform.attachment(_PERSON))
        if command == "/edit":
            mid = str(((self._last or {}).get("message") or {}).get("mid") or platform.mid())
            return await self._deliver(platform.edit(_PERSON, mid, rest))
        if command == "/staff":
            self._with_staff = True
            return await self._deliver(platform.echo(_PERSON, rest, INBOX_APP))
        if command == "/back":
            self._with_staff = False
            return await self._deliver(platform.control_passed(_PERSON, platform.app_id, INBOX_APP))
        if command == "/again":
            return await self._deliver(self._last) if self._last else iter(["Nothing was sent yet."])
        return await self._deliver(platform.text(_PERSON, line))

    async def _deliver(self, event: Mapping[str, Any]) -> Iterator[str]:
        self._last = event
        # Where another app has the thread, the platform lets us listen only.
        key = "standby" if self._with_staff and "message" in event else "messaging"
        statuses = await self._platform.deliver(self._webhook, [event], key=key)
        if any(call == "pass_thread_control" for call, *_ in self._platform.controls):
            self._with_staff = True
            self._platform.controls.clear()
        return self._shown(statuses)

    def _shown(self, statuses: list[int]) -> Iterator[str]:
        if statuses != [200]:
            yield f"(The webhook was answered with {statuses}.)"
        new = self._platform.sent_to(_PERSON)[self._seen :]
        if not new:
            yield "(Nothing was sent.)"
            return
        self._seen += len(new)
        self._choices = []
        for message in new:
            template = message.get("attachment", {}).get("payload", {})
            yield str(message.get("text") or template.get("text"))
            for kind, listed in (("quick_reply", message.get("quick_replies")), ("postback", template.get("buttons"))):
                for one in listed or ():
                    self._choices.append((kind, str(one["title"]), str(one["payload"])))
                    yield f"  [{len(self._choices)}] {one['title']}"
            yield ""


def simulate(settings: Settings, show: Callable[[str], None]) -> None:
    """Hold a talk until standard input ends. Nothing is written: conversations are kept in memory.

    Args:
        settings: for what is not Messenger's; those of Messenger are the stand-in's.

    Raises:
        ModelMissing, ModelUnreadable, AnswerDataError, DirectoryDataError: as their texts say.
    """
    engine = Engine.load(settings.models, ConversationStore("sqlite://", settings.talk_minutes))
    with StandIn() as platform, _served(platform, engine, settings) as address:
        platform.meet(_PERSON)
        phone = Simulation(platform, f"{address}/messenger/webhook")
        show(HELP + "\n")
        for line in sys.stdin:
            text = line.rstrip("\n")
            if text == "/quit":
                return
            if text.strip():
                for shown in asyncio.run(phone.do(text)):
                    show(shown)


@contextmanager
def _served(platform: StandIn, engine: Engine, settings: Settings) -> Iterator[str]:
    """Serve the application for the stand-in; the value is its address."""
    messenger = MessengerSettings(
        page=platform.page_id,
        app=platform.app_id,
        app_secrets=(platform.app_secret,),
        page_token=platform.page_token,
        verify_token="simulated",  # noqa: S106 - opens nothing
        hash_keys=("simulated" * 4,),
        inbox=INBOX_APP,
        graph_address=platform.address,
    )
    ready = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        changed = replace(settings, messenger=messenger, turns_per_minute=MOST_TURNS, staff=False, hosts=())
        server = make_server(create_application(engine, changed, ready.set))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        ready.wait()
        yield address
        server.should_exit = True
        thread.join()
