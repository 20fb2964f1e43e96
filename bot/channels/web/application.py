"""The web application: one page, which works as plain forms and better with its script."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.types import ASGIApp

from bot.channels.web.headers import PrivacyHeaders
from bot.channels.web.links import linked
from bot.engine.engine import Engine, Turn
from bot.settings import Settings

logger = logging.getLogger(__name__)

HERE = Path(__file__).resolve().parent
LARGEST_BODY = 256 * 1024  # bytes; 10,000 characters of four bytes, each sent as %XX
SLOWEST_BODY = 20.0  # seconds in which a request must have arrived
_FORM = "application/x-www-form-urlencoded"


class RequestRefused(Exception):  # noqa: N818 - names what happened to the request
    """A request that is answered with a plain sentence and help numbers.

    Args:
        status: the HTTP status, 4xx.
        answer: id of the vetted reply that says why.
        session: the page's token, where the conversation can go on.
    """

    def __init__(self, status: int, answer: str, session: str = "") -> None:
        super().__init__(answer)
        self.status = status
        self.answer = answer
        self.session = session


class Pages:
    """The pages of the web channel, on one engine."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._templates = Jinja2Templates(HERE / "templates")
        self._templates.env.filters["linked"] = linked
        self._templates.env.globals["words"] = engine.words.page
        self._templates.env.globals["exit_url"] = settings.exit_url
        # On every page, so that they are one tap away without a script and without the server.
        self._templates.env.globals["help"] = engine.words.render("talk_to_person")

    async def opening(self, request: Request) -> Response:
        """The page as it opens. No conversation exists until something is sent."""
        return self._page(request, Turn((self._engine.words.render("opening"),)), session="")

    async def turn(self, request: Request) -> Response:
        """Take one message or one choice, and show what is said."""
        form = await _read_form(request)
        choice = form.get("choice", "")
        try:
            token, session = self._session(form)
        except RequestRefused as refused:
            # Somebody in danger is shown help even where their talk is gone.
            if shown := self._engine.help_in(form.get("text", "")):
                return self._page(request, Turn(shown), "", refused.status)
            raise
        if not choice and not form.get("text", "").strip() and not form.get("session"):
            return await self.opening(request)
        if choice and not self._engine.words.is_payload(choice):
            raise RequestRefused(400, "choice_unknown", form.get("session", ""))
        return self._page(request, await self._engine.turn(session, choice or form.get("text", "")), token)

    async def sheet(self, request: Request) -> Response:
        """The sheet on a page of its own, for printing without a script."""
        form = await _read_form(request)
        token, session = self._session(form)
        turn = await self._engine.turn(session, "/show_sheet")
        return self._templates.TemplateResponse(request, "sheet.html", {"turn": turn, "session": token})

    async def refused(self, request: Request, error: Exception) -> Response:
        """A refused request: the sentence that says why, with help numbers."""
        refused = error if isinstance(error, RequestRefused) else RequestRefused(400, "request_unreadable")
        return self._page(request, Turn((self._engine.words.render(refused.answer),)), refused.session, refused.status)

    async def http_error(self, request: Request, error: Exception) -> Response:
        """An address or method that does not exist."""
        status = error.status_code if isinstance(error, HTTPException) else 400
        page = self._page(request, Turn((self._engine.words.render("page_not_found"),)), "", status)
        page.headers.update(getattr(error, "headers", None) or {})  # which methods there are, for a wrong one
        return page

    async def gone(self, request: Request, error: Exception) -> Response:
        """Somebody left before their message had arrived; nobody reads this answer."""
        return Response(status_code=400)

    async def broken(self, request: Request, error: Exception) -> Response:
        """Something failed outside the engine. The trace is not logged: it may hold what was typed."""
        logger.error("A page failed: %s", type(error).__name__)
        return self._page(request, Turn((self._engine.words.render("something_broke"),)), "", 500)

    def _session(self, form: dict[str, str]) -> tuple[str, str]:
        """The page's token and the conversation's id, which is a digest of it; a page without a token gets a new one.

        Raises:
            RequestRefused: the token belongs to no conversation in memory.
        """
        token = form.get("session", "")
        if not token:
            token = secrets.token_urlsafe(32)
            return token, _digest(token)
        if not self._engine.knows(_digest(token)):
            raise RequestRefused(410, "session_unknown")
        return token, _digest(token)

    def _page(self, request: Request, turn: Turn, session: str, status: int = 200) -> Response:
        template = "turn.html" if request.headers.get("x-part") == "turn" else "page.html"
        # A page gets no token for a conversation that did not come about.
        context = {"turn": turn, "session": session if session and self._engine.knows(_digest(session)) else ""}
        return self._templates.TemplateResponse(request, template, context, status_code=status)


def create_application(engine: Engine, settings: Settings, ready: Callable[[], None] = lambda: None) -> ASGIApp:
    """The application on an engine that is loaded already. `ready` is called once it answers."""
    pages = Pages(engine, settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        ready()
        yield

    application = Starlette(
        routes=[
            Route("/", pages.opening, methods=["GET"]),
            Route("/", pages.turn, methods=["POST"]),
            Route("/sheet", pages.sheet, methods=["POST"]),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        exception_handlers={
            RequestRefused: pages.refused,
            HTTPException: pages.http_error,
            ClientDisconnect: pages.gone,
            Exception: pages.broken,
        },
        lifespan=lifespan,
    )
    # Around Starlette, not in it: its own middleware does not see the answer to an exception.
    return PrivacyHeaders(application)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def _read_form(request: Request) -> dict[str, str]:
    """The form's fields, the last value of each.

    Raises:
        RequestRefused: the body is no form, no UTF-8, too large, or does not arrive.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise RequestRefused(415, "request_unreadable")
    body = bytearray()
    try:
        async with asyncio.timeout(SLOWEST_BODY):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise RequestRefused(413, "request_too_large")
    except TimeoutError as error:
        raise RequestRefused(408, "request_unreadable") from error
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError as error:
        raise RequestRefused(400, "request_unreadable") from error
    return {name: values[-1] for name, values in fields.items()}
