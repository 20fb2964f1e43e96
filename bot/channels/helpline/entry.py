"""The door of the console: its cookies, the tokens of its forms, and nothing behind it without a session."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.channels.web.headers import STAFF_PATH
from bot.directory.database import DirectoryUnavailable
from bot.staff.accounts import Staff, StaffAccounts

SIGN_IN = f"{STAFF_PATH}/sign-in"
_SESSION = "footbridge-staff"
_OPENED = "footbridge-sign-in"  # says that the sign-in form was opened in this browser
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class SignedIn:
    """ASGI middleware that lets nobody past the sign-in page without a session.

    What it lets pass finds the account as `request.state.staff`.

    Args:
        unavailable: makes the answer where the accounts cannot be read.
    """

    def __init__(
        self, app: ASGIApp, accounts: StaffAccounts, unavailable: Callable[[Request, Exception], Awaitable[Response]]
    ) -> None:
        self._app = app
        self._accounts = accounts
        self._unavailable = unavailable

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or lead it to the sign-in page."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        app = self._app
        if request.url.path != SIGN_IN:
            try:
                staff = await _staff_of(request, self._accounts)
            except DirectoryUnavailable as error:
                await (await self._unavailable(request, error))(scope, receive, send)
                return
            if staff is None:
                app = _sent_to_sign_in(request)
            else:
                scope.setdefault("state", {})["staff"] = staff
        await app(scope, receive, send)


async def _staff_of(request: Request, accounts: StaffAccounts) -> Staff | None:
    """Whose session the request's cookie names, if any. Raises: DirectoryUnavailable."""
    token = session_token(request)
    return await run_in_threadpool(partial(accounts.session, token)) if token else None


def _sent_to_sign_in(request: Request) -> Response:
    """The answer to whoever is not signed in; the page's script, which asks for parts, is told so by the status."""
    answer = Response(status_code=401) if request.headers.get("x-part") else RedirectResponse(SIGN_IN, 303)
    _drop(request, answer, _SESSION)
    return answer


def session_token(request: Request) -> str:
    """The token of the session's cookie, or ""."""
    return request.cookies.get(_name(request, _SESSION), "")


def opened_token(request: Request) -> str:
    """The token that the browser got with the sign-in form, or ""."""
    return request.cookies.get(_name(request, _OPENED), "")


def form_token(token: str) -> str:
    """What the forms of a session carry; it cannot be made without the cookie, nor the cookie from it."""
    return hashlib.sha256(f"form:{token}".encode(errors="replace")).hexdigest()


def is_form_of(token: str, given: str) -> bool:
    """Whether a form carries the token of this cookie."""
    return bool(token) and secrets.compare_digest(form_token(token).encode(), given.encode(errors="replace"))


def give_session(request: Request, answer: Response, token: str) -> None:
    """Set the session's cookie, which ends with the browser or with the session."""
    _set(request, answer, _SESSION, token)
    _drop(request, answer, _OPENED)


def give_opened(request: Request, answer: Response, token: str) -> None:
    """Set the cookie of the sign-in form."""
    _set(request, answer, _OPENED, token)


def take_session(request: Request, answer: Response) -> None:
    """Have the browser forget the session's cookie."""
    _drop(request, answer, _SESSION)


def _is_secure(request: Request) -> bool:
    """Whether cookies are kept to https: everywhere but on this machine without it."""
    return request.url.scheme == "https" or request.url.hostname not in _THIS_MACHINE


def _name(request: Request, name: str) -> str:
    # A browser takes a cookie of this name over https only, so that no page without it can plant one.
    return f"__Secure-{name}" if _is_secure(request) else name


def _set(request: Request, answer: Response, name: str, value: str) -> None:
    answer.set_cookie(
        _name(request, name), value, path=STAFF_PATH, secure=_is_secure(request), httponly=True, samesite="strict"
    )


def _drop(request: Request, answer: Response, name: str) -> None:
    answer.delete_cookie(
        _name(request, name), path=STAFF_PATH, secure=_is_secure(request), httponly=True, samesite="strict"
    )
