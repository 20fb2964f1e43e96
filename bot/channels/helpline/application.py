"""The helpline console: the script, the guide, hopes, programs and the sheet, for staff who are signed in.

Pages are plain forms; the script adds keys and answers as one types. Nothing that is typed is written anywhere.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates
from starlette.types import ASGIApp

from bot.answers.catalog import catalog
from bot.answers.helpline import digits_in_groups, helpline_guide
from bot.answers.rendering import RenderedReply
from bot.answers.views import FEDERAL, Views
from bot.channels.helpline.call import Call, read_call
from bot.channels.helpline.console_words import console_words
from bot.channels.helpline.entry import (
    SIGN_IN,
    SignedIn,
    form_token,
    give_opened,
    give_session,
    is_form_of,
    opened_token,
    session_token,
    take_session,
)
from bot.channels.web.forms import RequestRefused, read_fields
from bot.channels.web.headers import STAFF_PATH
from bot.channels.web.origins import is_from_elsewhere
from bot.directory import lookup
from bot.directory.database import DirectoryUnavailable
from bot.directory.rows import STATES
from bot.directory.session import open_session
from bot.engine.engine import LONGEST_READ, Engine
from bot.settings import Settings
from bot.staff.accounts import (
    IDLE,
    LONGEST_PASSWORD,
    ROLES,
    SHORTEST_PASSWORD,
    AccountError,
    SignInRefusedError,
    Staff,
    StaffAccounts,
)

logger = logging.getLogger(__name__)

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
MOST_FIELDS = 80  # sixteen hopes, twenty programs, and what a page carries beside them
MOST_CANDIDATES = 8  # more states than this are no choice
SHOWN_TOPICS = 5
WARNED_BEFORE = 2 * 60  # seconds
_STATUS_WORDS = {413: "too_large", 404: "not_found", 405: "not_found"}


class ConsoleRefusedError(Exception):
    """A request that is answered with a plain sentence: the word of this name in console.yml."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status = status
        self.word = word


class Console:
    """The pages of the console, on one engine."""

    def __init__(self, engine: Engine, settings: Settings, accounts: StaffAccounts) -> None:
        self._engine = engine
        self._url = settings.database_url
        self._accounts = accounts
        self._guide = helpline_guide()
        self._words = console_words()
        self._views = Views(catalog(), catalog().lines.values(), partial(open_session, self._url))
        environment = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        environment.filters["groups"] = digits_in_groups
        environment.globals.update(
            words=self._words,
            guide=self._guide,
            root=STAFF_PATH,
            idle_seconds=IDLE,
            warned_seconds=WARNED_BEFORE,
            shortest_password=SHORTEST_PASSWORD,
        )
        self._templates = Jinja2Templates(env=environment)

    async def begin(self, _: Request) -> Response:
        """Where a call begins."""
        return RedirectResponse(f"{STAFF_PATH}/script/{self._guide.steps[0].id}", 303)

    async def sign_in(self, request: Request) -> Response:
        """The form to sign in, and what it sends."""
        if request.method != "POST":
            return self._sign_in_page(request)
        fields = {name: values[-1] for name, values in (await read_fields(request)).items()}
        if is_from_elsewhere(request) or not is_form_of(opened_token(request), fields.get("token", "")):
            return self._sign_in_page(request, self._words["sign_in_stale"], 403)
        address = request.client.host if request.client else ""
        name, password = fields.get("name", ""), fields.get("password", "")
        try:
            token = await run_in_threadpool(self._accounts.sign_in, name, password, address)
        except SignInRefusedError as refused:
            if refused.wait:
                said = self._words["sign_in_locked"].format(seconds=refused.wait)
                return self._sign_in_page(request, said, 429, {"Retry-After": str(refused.wait)})
            return self._sign_in_page(request, self._words["sign_in_wrong"], 401)
        if before := session_token(request):
            await run_in_threadpool(self._accounts.sign_out, before)
        answer = RedirectResponse(f"{STAFF_PATH}/", 303)
        give_session(request, answer, token)
        return answer

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        await self._call(request)
        await run_in_threadpool(self._accounts.sign_out, session_token(request))
        answer = RedirectResponse(SIGN_IN, 303)
        take_session(request, answer)
        return answer

    async def stay(self, request: Request) -> Response:
        """Keep the session alive: that it was asked for did so."""
        await self._call(request)
        return Response(status_code=204)

    async def step(self, request: Request) -> Response:
        """A step of the script."""
        call = await self._call(request)
        steps = self._guide.steps
        number = next((step.number for step in steps if step.id == request.path_params["step"]), 0)
        if not number:
            raise ConsoleRefusedError(404, "not_found")
        before = steps[number - 2] if number > 1 else None
        after = steps[number] if number < len(steps) else None
        call = replace(call, step=steps[number - 1].id)
        return self._page(request, "step.html", call, step=steps[number - 1], before=before, after=after)

    async def moments(self, request: Request) -> Response:
        """The hard moments."""
        return self._page(request, "moments.html", await self._call(request))

    async def moment(self, request: Request) -> Response:
        """One hard moment."""
        call = await self._call(request)
        found = next((one for one in self._guide.moments if one.id == request.path_params["moment"]), None)
        if found is None:
            raise ConsoleRefusedError(404, "not_found")
        return self._page(request, "moment.html", call, moment=found)

    async def crises(self, request: Request) -> Response:
        """The choice of what one hears."""
        return self._page(request, "crises.html", await self._call(request))

    async def guide(self, request: Request) -> Response:
        """The search, with what it found, and the list of all answers."""
        call = await self._call(request)
        text = call.sent("q")
        found: dict[str, Any] = {"searched": bool(text.strip()), "crises": (), "topics": (), "long": False}
        if found["searched"]:
            understood = await self._engine.parse(text)
            crises = dict.fromkeys(firing.crisis for firing in understood.crises)
            topics = await self._engine.likeliest_topics(text, SHOWN_TOPICS)
            found["crises"] = tuple(self._guide.cards[crisis] for crisis in crises)
            found["topics"] = tuple(self._guide.cards[topic] for topic in topics)
            found["long"] = len(text) > LONGEST_READ
        template = "results.html" if request.headers.get("x-part") == "results" else "guide.html"
        return self._page(request, template, call, **found)

    async def card(self, request: Request) -> Response:
        """A card of the guide."""
        call = await self._call(request)
        card = self._guide.cards.get(request.path_params["card"])
        if card is None:
            raise ConsoleRefusedError(404, "not_found")
        return self._page(request, "card.html", call, card=card)

    async def goals(self, request: Request) -> Response:
        """The hopes to tick."""
        return self._page(request, "goals.html", await self._call(request))

    async def programs(self, request: Request) -> Response:
        """Programs and offices of a place."""
        call = await self._call(request)
        place, state = call.sent("place"), call.sent("chosen") or call.sent("state")
        candidates: tuple[str, ...] = ()
        if place.strip() and not call.sent("chosen"):
            understood = await self._engine.parse(place)
            state, candidates = understood.state or "", understood.states
            if not state and len(candidates) == 1:
                state = candidates[0]
        shown = {} if state not in STATES else await run_in_threadpool(self._listed, state)
        names = sorted(((code, self._state_name(code)) for code in STATES), key=lambda one: (one[0] == FEDERAL, one[1]))
        choice = candidates if not shown and 1 < len(candidates) <= MOST_CANDIDATES else ()
        return self._page(
            request,
            "programs.html",
            call,
            states=names,
            shown=shown,
            choice=tuple((code, self._state_name(code)) for code in choice),
            unknown=bool(place.strip()) and not shown and not choice,
        )

    async def sheet(self, request: Request) -> Response:
        """The sheet, to read out or print."""
        call = await self._call(request)
        programs = tuple(await run_in_threadpool(self._known_programs, call))
        sheet = self._engine.words.render("sheet", {"goals": call.goals, "programs": programs})
        return self._page(request, "sheet.html", call, sheet=sheet)

    async def accounts(self, request: Request) -> Response:
        """The accounts: a lead sees them, an admin changes them."""
        call = await self._call(request)
        staff: Staff = request.state.staff
        changes = request.method == "POST" and bool(call.sent("act"))
        if staff.role == "volunteer" or (changes and staff.role != "admin"):
            raise ConsoleRefusedError(403, "not_allowed")
        said, status = "", 200
        if changes:
            try:
                await run_in_threadpool(self._change_account, call, staff.name)
                said = self._words["done"]
            except AccountError as error:
                said, status = self._words[f"error_{error.reason}"].format(shortest=SHORTEST_PASSWORD), 400
        listed = await run_in_threadpool(self._accounts.listed)
        return self._page(request, "accounts.html", call, status, listed=listed, roles=ROLES, said=said)

    async def refused(self, request: Request, error: Exception) -> Response:
        """Say plainly what was not done."""
        status = int(getattr(error, "status", getattr(error, "status_code", 400)))
        word = getattr(error, "word", None) or _STATUS_WORDS.get(status, "unreadable")
        return await self._refusal(request, status, word)

    async def unavailable(self, request: Request, error: Exception) -> Response:
        """The database of accounts or of the directory does not answer."""
        logger.error("The helpline console cannot use its database: %s", error)
        return await self._refusal(request, 503, "unavailable")

    async def gone(self, _: Request, __: Exception) -> Response:
        """Somebody left before their form had arrived."""
        return Response(status_code=400)

    async def broken(self, request: Request, error: Exception) -> Response:
        """Something failed. The error's text is not logged: it may hold what was typed."""
        logger.error("A page of the helpline console failed: %s", type(error).__name__)
        return await self._refusal(request, 500, "broken")

    async def _refusal(self, request: Request, status: int, word: str) -> Response:
        context = {"word": word, "staff": getattr(request.state, "staff", None)}
        return self._templates.TemplateResponse(request, "refused.html", context, status)

    async def _call(self, request: Request) -> Call:
        """The call that the request carries; a new one, where nothing was sent.

        Raises:
            ConsoleRefusedError: another page sent it.
            RequestRefused: it cannot be read.
        """
        if request.method != "POST":
            return read_call({}, self._guide)
        if is_from_elsewhere(request):
            raise ConsoleRefusedError(403, "forged")
        fields = await read_fields(request, MOST_FIELDS)
        if not is_form_of(session_token(request), next(reversed(fields.get("token", [])), "")):
            raise ConsoleRefusedError(403, "forged")
        return read_call(fields, self._guide)

    def _page(self, request: Request, template: str, call: Call, status: int = 200, **context: Any) -> Response:
        at = next(step for step in self._guide.steps if step.id == call.step)
        context |= {"call": call, "at": at, "here": request.url.path, "staff": request.state.staff}
        context["token"] = form_token(session_token(request))
        return self._templates.TemplateResponse(request, template, context, status)

    def _sign_in_page(
        self, request: Request, said: str = "", status: int = 200, headers: dict[str, str] | None = None
    ) -> Response:
        opened = opened_token(request) or secrets.token_urlsafe(16)
        context = {"token": form_token(opened), "said": said, "longest": LONGEST_PASSWORD}
        answer = self._templates.TemplateResponse(request, "sign_in.html", context, status, headers)
        give_opened(request, answer, opened)
        return answer

    def _known_programs(self, call: Call) -> list[str]:
        """Those of the picked programs that the directory has."""
        with open_session(self._url) as session:
            return [program for program in call.programs if lookup.program(session, program)]

    def _listed(self, state: str) -> dict[str, Any]:
        """What the directory knows of a state."""
        with open_session(self._url) as session:
            programs = [one.id for one in lookup.programs_in(session, state)]
            offices = [one.id for one in lookup.offices_in(session, state)]
        return {
            "code": state,
            "name": self._state_name(state),
            "programs": [self._rendered("program", one) for one in programs],
            "offices": [self._rendered("office", one) for one in offices],
        }

    def _rendered(self, kind: str, entry: str) -> RenderedReply:
        return self._engine.words.render(f"{kind}_card", {kind: entry})

    def _state_name(self, code: str) -> str:
        return self._views.state(code).name

    def _change_account(self, call: Call, by: str) -> None:
        if call.sent("act") == "disable":
            self._accounts.disable(call.sent("account"), by)
        else:
            self._accounts.add(call.sent("name"), call.sent("password"), call.sent("role"), by)


def create_console(
    engine: Engine, settings: Settings, clock: Callable[[], float] = time.time
) -> tuple[ASGIApp, StaffAccounts]:
    """The console on an engine that is loaded already, to be mounted under `STAFF_PATH`, and its accounts.

    Raises:
        AnswerDataError: its words cannot be used.
    """
    accounts = StaffAccounts(settings.database_url, clock)
    console = Console(engine, settings, accounts)
    both = ["GET", "POST"]
    application = Starlette(
        routes=[
            Route("/", console.begin),
            Route("/sign-in", console.sign_in, methods=both),
            Route("/sign-out", console.sign_out, methods=["POST"]),
            Route("/stay", console.stay, methods=["POST"]),
            Route("/script/{step}", console.step, methods=both),
            Route("/moments", console.moments, methods=both),
            Route("/moments/{moment}", console.moment, methods=both),
            Route("/crisis", console.crises, methods=both),
            Route("/guide", console.guide, methods=both),
            Route("/guide/{card}", console.card, methods=both),
            Route("/goals", console.goals, methods=both),
            Route("/programs", console.programs, methods=both),
            Route("/sheet", console.sheet, methods=both),
            Route("/accounts", console.accounts, methods=both),
        ],
        exception_handlers={
            ConsoleRefusedError: console.refused,
            RequestRefused: console.refused,
            HTTPException: console.refused,
            DirectoryUnavailable: console.unavailable,
            ClientDisconnect: console.gone,
            Exception: console.broken,
        },
        middleware=[Middleware(SignedIn, accounts=accounts, unavailable=console.unavailable)],
    )
    return application, accounts
