"""The survivor's page: it works as plain forms, and better with its script."""

from __future__ import annotations

import logging
import math
import secrets
import time
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from bot.answers.web_code import read_code
from bot.channels.web.forms import RequestRefused, read_form
from bot.channels.web.links import linked
from bot.channels.web.metrics import Metrics, is_refusal
from bot.channels.web.origins import is_from_elsewhere
from bot.channels.web.rates import AddressDigests, Rate
from bot.engine.conversation_database import ConversationsUnavailable
from bot.engine.conversation_state import WordsInState
from bot.engine.conversation_store import conversation_id
from bot.engine.engine import Engine, Turn
from bot.engine.page_tickets import NextView
from bot.settings import Settings

logger = logging.getLogger(__name__)

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
SHOWN = "/t/"  # what the answer of a form led to stands below it
WARNING_MINUTES = 2  # before a conversation ends; six times what WCAG 2.2.1 asks for
HEARD_AT_EACH_END = 2000  # characters of a text that was too much; the rules of a long one take much of a turn's time


class Pages:
    """The pages of the web channel, on one engine."""

    def __init__(self, engine: Engine, settings: Settings, metrics: Metrics) -> None:
        self._engine = engine
        self._metrics = metrics
        self._addresses = AddressDigests()
        self._address_rate = Rate(settings.address_turns_per_minute)
        self._talk_rate = Rate(settings.turns_per_minute)
        self._beginning_rate = Rate(settings.address_talks_per_minute)
        self._templates = Jinja2Templates(HERE / "templates")
        self._templates.env.filters["linked"] = linked
        self._exit_url = settings.exit_url
        self._takes_codes = settings.messenger is not None
        minutes = {"minutes": settings.talk_minutes, "warning_minutes": WARNING_MINUTES}
        words = engine.words.page_words(**minutes)
        self._headings = {"plain": ""} | {name: text for name, text in words.items() if name.startswith("heading_")}
        self._templates.env.globals["words"] = words
        self._templates.env.globals["headings"] = self._headings
        self._templates.env.globals["seconds"] = {name: 60 * number for name, number in minutes.items()}
        self._templates.env.globals["exit_url"] = settings.exit_url
        self._templates.env.globals["erase"] = engine.words.render("erase_offer")
        # On every page, so that they are one tap away without a script and without the server.
        self._templates.env.globals["help"] = engine.words.render("talk_to_person")
        self._templates.env.globals["embed_origins"] = settings.embed_origins

    async def opening(self, request: Request) -> Response:
        """The page as it opens. No conversation exists until something is sent."""
        return await self._answer(request, Turn((self._engine.words.render("opening"),)), "")

    async def turn(self, request: Request) -> Response:
        """Take one message or one choice, and show what is said."""
        form = await read_form(request)
        choice, token, text = form.get("choice", ""), form.get("session", ""), form.get("text", "")
        begins = not token
        is_empty = begins and not choice and not text.strip()
        self._admit(request, form, begins=begins and not is_empty)
        if is_empty:
            return await self.opening(request)
        if choice and not self._engine.words.is_payload(choice):
            known = token and await self._engine.knows(conversation_id(token))
            raise RequestRefused(400, "choice_unknown", session=token if known else "", text=text)
        token, turn = await self._say(token, choice or text, form.get("message", ""))
        if begins and token and await request.is_disconnected():
            # Nobody was there to take the token, so nobody can go on with this talk, or erase it.
            await self._engine.erase(conversation_id(token))
        return await self._answer(request, turn, token, 410 if turn.gone else 200)

    async def sheet(self, request: Request) -> Response:
        """The sheet on a page of its own, for printing without a script."""
        form = await read_form(request)
        self._admit(request, form, begins=not form.get("session"))
        token, turn = await self._say(form.get("session", ""), "/show_sheet")
        if turn.gone:
            raise RequestRefused(410, "session_unknown")
        heading = form.get("heading", "")
        return await self._answer(request, turn, token, heading=heading if heading in self._headings else "plain")

    async def shown(self, request: Request) -> Response:
        """The page that the answer of a form leads to, once; after that, the first view."""
        is_read = request.method == "GET"  # no program that only asks whether there is a page uses up the ticket
        found = await self._engine.take_up(request.path_params["ticket"]) if is_read else None
        if found is None:
            return RedirectResponse("/", 303)
        turn, view = found
        return self._view(request, turn, view)

    async def leave(self, request: Request) -> Response:
        """Erase a talk. A plain form then goes to the exit page, at once: whoever leaves waits for nothing.

        Nothing refuses it, neither an unknown token nor a limit.
        """
        form = await read_form(request)
        talk = conversation_id(form.get("session", ""))
        if form.get("then") == "exit":
            return RedirectResponse(self._exit_url, 303, background=BackgroundTask(self._erase, talk))
        await self._engine.erase(talk)
        return Response(status_code=204)

    async def more(self, request: Request) -> Response:
        """Give a talk its full time again."""
        form = await read_form(request)
        self._admit(request, form)
        known = await self._engine.extend(conversation_id(form.get("session", "")))
        return Response(status_code=204 if known else 410)

    async def refused(self, request: Request, error: Exception) -> Response:
        """A refused request: the sentence that says why, with help numbers; help itself where its text calls for it."""
        refused = error if isinstance(error, RequestRefused) else RequestRefused(400, "request_unreadable")
        text = refused.text
        if refused.wait is not None and len(text) > 2 * HEARD_AT_EACH_END:
            text = f"{text[:HEARD_AT_EACH_END]}\n{text[-HEARD_AT_EACH_END:]}"
        shown = self._engine.help_in(text)
        self._metrics.crises(reply.id for reply in shown)
        turn = Turn(shown or (self._engine.words.render(refused.answer),))
        wait = None if refused.wait is None else max(1, math.ceil(refused.wait))
        return await self._answer(request, turn, refused.session, refused.status, wait)

    async def http_error(self, request: Request, error: Exception) -> Response:
        """An address or method that does not exist."""
        status = error.status_code if isinstance(error, HTTPException) else 400
        turn = Turn((self._engine.words.render("page_not_found"),))
        page = self._view(request, turn, NextView((), status=status))
        page.headers.update(getattr(error, "headers", None) or {})  # which methods there are, for a wrong one
        return page

    async def gone(self, request: Request, error: Exception) -> Response:
        """Somebody left before their message had arrived; nobody reads this answer."""
        return Response(status_code=400)

    async def broken(self, request: Request, error: Exception) -> Response:
        """Something failed outside the engine. The trace is not logged: it may hold what was typed."""
        logger.error("A page failed: %s", type(error).__name__)
        self._metrics.error()
        page = await self._answer(request, Turn((self._engine.words.render("something_broke"),)), "", 500)
        page.headers["Connection"] = "close"  # the web server hangs up after this, so the next request needs another
        return page

    async def launcher(self, request: Request) -> Response:
        """The script that another site's page loads to offer the chat in a frame."""
        return self._templates.TemplateResponse(request, "launcher.js", media_type="text/javascript")

    async def _erase(self, talk: str) -> None:
        """Erase a talk after the answer has gone; who could be told is gone as well."""
        try:
            await self._engine.erase(talk)
        except (ConversationsUnavailable, TimeoutError) as error:
            logger.error("A talk could not be erased and ends with its time: %s", type(error).__name__)

    async def every_minute(self) -> None:
        """Drop addresses that were silent for a minute, remove conversations that have ended, and count the others."""
        self._address_rate.forget()
        self._talk_rate.forget()
        self._beginning_rate.forget()
        await self._engine.remove_expired()
        self._metrics.conversations(await self._engine.conversations_held())

    def _admit(self, request: Request, form: dict[str, str], *, begins: bool = False) -> None:
        """Let a message in.

        Args:
            begins: whether a talk begins with it; few addresses must not fill the place that there is for talks.

        Raises:
            RequestRefused: another site's page sent it, or too many came from its talk or its network address.
        """
        text, token = form.get("text", ""), form.get("session", "")
        if is_from_elsewhere(request):
            raise RequestRefused(403, "sent_from_elsewhere", text=text)
        address = self._addresses.digest(request.client.host if request.client else "")
        wait = self._address_rate.take(address)
        if not wait and begins:
            wait = self._beginning_rate.take(address)
        if not wait and token:
            wait = self._talk_rate.take(conversation_id(token).encode())
        if wait:
            raise RequestRefused(429, "too_fast", session=token, text=text, wait=wait)

    async def _say(self, token: str, text: str, message: str = "") -> tuple[str, Turn]:
        """One turn, and the token that the page goes on with; empty where there is no conversation to go on with.

        A page without a token begins a conversation.
        """
        begins = not token
        token = token or secrets.token_urlsafe(16)
        started = time.perf_counter()
        code = read_code(text) if self._takes_codes else None
        if code:
            turn = await self._engine.carry_in(conversation_id(token), code)
        else:
            turn = await self._engine.turn(conversation_id(token), text, begin=begins, message=message)
        self._metrics.turn(turn, time.perf_counter() - started)
        return token if turn.goes_on else "", turn

    async def _answer(
        self,
        request: Request,
        turn: Turn,
        token: str,
        status: int = 200,
        wait: int | None = None,
        heading: str | None = None,
    ) -> Response:
        """What a turn said: a part for the script; without it, the way to a page of its own, or the page itself.

        A browser keeps a form, with the words in it, as long as its answer is the page that it shows.
        """
        view = NextView((), token, status, wait, heading)
        if request.method == "POST" and not _is_part(request):
            try:
                ticket = await self._engine.put_by(turn, view)
            except (ConversationsUnavailable, TimeoutError, WordsInState) as error:
                logger.error("A page was shown as the answer of its form: %s", type(error).__name__)
                ticket = None
            if ticket:
                if is_refusal(status):
                    self._metrics.refusal(status)
                return RedirectResponse(f"{SHOWN}{ticket}", 303)
        return self._view(request, turn, view)

    def _view(self, request: Request, turn: Turn, view: NextView) -> Response:
        context: dict[str, Any] = {"turn": turn, "session": view.token}
        template = "turn.html" if _is_part(request) else "page.html"
        if view.heading is not None:
            template = "sheet.html"
            context |= {"heading": self._headings.get(view.heading, ""), "printed_alone": True}
        headers = {} if view.wait is None else {"Retry-After": str(view.wait)}
        return self._templates.TemplateResponse(request, template, context, view.status, headers)


def _is_part(request: Request) -> bool:
    """Whether the script asks, which sets what a turn said into the page that is there."""
    return request.headers.get("x-part") == "turn"
