"""The platform's Graph API as an async client: sends messages, shows typing, hands the thread on, sets the profile."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

import httpx

from bot.settings import MessengerSettings

logger = logging.getLogger(__name__)

Kind = Literal["window_closed", "token_dead", "user_gone", "bad_parameter", "rate", "server", "unreachable"]

TIMEOUT = 10.0  # seconds for one attempt; who gives up sooner does not know whether a message was taken
CONNECT_TIMEOUT = 3.0  # seconds
TYPING_TIMEOUT = 1.0  # seconds; the answer waits for it
PAUSES = (0.2, 0.6)  # seconds before the second attempt and the third

# https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes
# https://developers.facebook.com/docs/graph-api/guides/error-handling
_SUBCODES: Mapping[tuple[int, int], Kind] = {
    (10, 2018278): "window_closed",
    (100, 2018001): "user_gone",  # no matching user
    (200, 1545041): "user_gone",  # this person isn't available right now
}
_CODES: Mapping[int, Kind] = {
    1: "server",
    2: "server",
    4: "rate",
    10: "token_dead",  # the token lacks a permission
    17: "rate",
    32: "rate",
    100: "bad_parameter",
    102: "token_dead",
    190: "token_dead",
    200: "token_dead",  # the token lacks a permission
    210: "user_gone",
    230: "token_dead",  # the token lacks a permission
    551: "user_gone",
    613: "rate",
    1200: "server",
    80006: "rate",
}
_RETRIED: frozenset[Kind] = frozenset({"rate", "server"})
_REMEMBERED = 20  # messages of a thread whose sender the platform still tells
# The request cannot have left this machine whole, so that sending it again doubles nothing.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class GraphError(Exception):
    """The platform did not take a call. Its text holds no words and no ids.

    Attributes:
        kind: what went wrong.
        code: the platform's code, None where it gave none.
        may_have_arrived: whether the platform may have taken the call: it was sent, and no clear answer came.
    """

    def __init__(self, kind: Kind, code: int | None = None, *, may_have_arrived: bool = False) -> None:
        super().__init__(f"the platform refused a call: {kind}" + (f" (code {code})" if code is not None else ""))
        self.kind: Kind = kind
        self.code = code
        self.may_have_arrived = may_have_arrived


@dataclass(frozen=True)
class Sent:
    """A message that the page has sent: the platform's id of it, and when, in whole seconds since 1970."""

    id: str
    at: float


class GraphClient:
    """Calls the Graph API for one page.

    A call is made again when the platform is busy or was not reached. A message that may have arrived is not sent again
    here: the platform has no key to know it by. The error says so (`may_have_arrived`), and `sent_to` tells.
    """

    def __init__(
        self,
        *,
        address: str,
        version: str,
        page_id: str,
        app_id: str,
        page_token: str,
        app_secret: str,
        timeout: float = TIMEOUT,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        """A client of `address` ("https://graph.facebook.com"); `version` is such as "v26.0", times are in seconds."""
        self._page = page_id
        self._page_token, self._app_token, self._secret = page_token, f"{app_id}|{app_secret}", app_secret
        self._pauses = pauses
        self._timeout = timeout
        self._http = httpx.AsyncClient(base_url=f"{address.rstrip('/')}/{version}", trust_env=False)
        # httpx logs the address of each call, and that has the proof in it.
        logging.getLogger("httpx").setLevel(logging.WARNING)

    @classmethod
    def of(cls, settings: MessengerSettings) -> GraphClient:
        """The client of the page that the settings name."""
        return cls(
            address=settings.graph_address,
            version=settings.graph_version,
            page_id=settings.page,
            app_id=settings.app,
            page_token=settings.page_token,
            app_secret=settings.app_secrets[0],
        )

    async def send(self, person: str, message: Mapping[str, Any]) -> str:
        """Send one message to a person in answer to theirs, and return its id ("" for none). Raises: GraphError."""
        body = _to(person) | {"messaging_type": "RESPONSE", "message": dict(message)}
        taken = await self._call("POST", f"/{self._page}/messages", body, is_message=True)
        return str(taken.get("message_id", ""))

    async def sent_to(self, person: str) -> tuple[Sent, ...]:
        """What the page sent to a person last, the newest first; no words are read. Raises: GraphError.

        https://developers.facebook.com/documentation/business-messaging/messenger-platform/conversations
        """
        asked = {
            "platform": "messenger",
            "user_id": person,
            "fields": f"messages.limit({_REMEMBERED}){{id,from,created_time}}",
        }
        found = await self._call("GET", f"/{self._page}/conversations", query=asked)
        try:
            messages = [one for talk in found["data"] for one in talk.get("messages", {}).get("data", ())]
            ours = [one for one in messages if one.get("from", {}).get("id") == self._page]
            return tuple(Sent(one["id"], datetime.fromisoformat(one["created_time"]).timestamp()) for one in ours)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise GraphError("bad_parameter") from None  # its cause might repeat an id

    async def typing(self, person: str) -> None:
        """Show the person that an answer is on its way. A failure is logged by its kind alone."""
        try:
            body = _to(person) | {"sender_action": "typing_on"}
            await self._once("POST", f"/{self._page}/messages", body, seconds=TYPING_TIMEOUT)
        except GraphError as error:
            logger.info("The typing indicator was not shown: %s.", error.kind)

    async def pass_thread_control(self, person: str, app_id: str) -> None:
        """Hand the thread to another app, such as the page's inbox. Raises: GraphError."""
        await self._call("POST", f"/{self._page}/pass_thread_control", _to(person) | {"target_app_id": app_id})

    async def take_thread_control(self, person: str) -> None:
        """Take the thread back. Raises: GraphError."""
        await self._call("POST", f"/{self._page}/take_thread_control", _to(person))

    async def people_of_login(self, app_scoped_id: str) -> tuple[str, ...]:
        """The page-scoped ids of somebody whom the app's login knows; empty for nobody. Raises: GraphError.

        It needs a business that owns both the app and the page.
        https://developers.facebook.com/docs/messenger-platform/connecting-accounts
        """
        found = await self._call(
            "GET", f"/{quote(app_scoped_id, safe='')}/ids_for_pages", query={"page": self._page}, token=self._app_token
        )
        try:
            return tuple(str(one["id"]) for one in found["data"])
        except (KeyError, TypeError):
            raise GraphError("bad_parameter") from None  # its cause might repeat an id

    async def profile(self, fields: tuple[str, ...]) -> Mapping[str, Any]:
        """The fields of the page's Messenger profile that are set. Raises: GraphError."""
        found = await self._call("GET", f"/{self._page}/messenger_profile", query={"fields": ",".join(fields)})
        listed = found.get("data") or [{}]
        return {name: value for one in listed for name, value in one.items() if name in fields}

    async def set_profile(self, profile: Mapping[str, Any]) -> None:
        """Set fields of the page's Messenger profile; others stay as they are. Raises: GraphError."""
        await self._call("POST", f"/{self._page}/messenger_profile", profile)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        *,
        is_message: bool = False,
        token: str = "",
    ) -> Mapping[str, Any]:
        for pause in self._pauses:
            try:
                return await self._once(method, path, body, query, token)
            except GraphError as error:
                again = error.kind in _RETRIED or error.kind == "unreachable"
                if not again or (error.may_have_arrived and is_message):
                    raise
            await asyncio.sleep(pause)
        return await self._once(method, path, body, query, token)

    async def _once(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        token: str = "",
        seconds: float | None = None,
    ) -> Mapping[str, Any]:
        token = token or self._page_token
        proof = hmac.new(self._secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        try:
            answer = await self._http.request(
                method,
                path,
                json=body,
                params={**(query or {}), "appsecret_proof": proof},
                headers={"Authorization": f"Bearer {token}"},
                timeout=httpx.Timeout(seconds or self._timeout, connect=seconds or CONNECT_TIMEOUT),
            )
        except httpx.HTTPError as error:
            # The cause is cut off: its text has the address, and that has the proof in it.
            raise GraphError("unreachable", may_have_arrived=not isinstance(error, _NOT_SENT)) from None
        try:
            content = answer.json()
        except ValueError:
            content = None
        if answer.is_success and isinstance(content, dict) and "error" not in content:
            return content
        raise _error(answer.status_code, content)


def _to(person: str) -> dict[str, Any]:
    return {"recipient": {"id": person}}


def _error(status: int, content: Any) -> GraphError:
    told = content.get("error") if isinstance(content, dict) else None
    told = told if isinstance(told, dict) else {}
    code, subcode = _number(told.get("code")), _number(told.get("error_subcode"))
    kind = _SUBCODES.get((code, subcode)) if code is not None and subcode is not None else None
    kind = kind or (_CODES.get(code) if code is not None else None)
    if kind is None:
        kind = "server" if status >= 500 else "rate" if status == 429 else "bad_parameter"
    return GraphError(kind, code, may_have_arrived=kind == "server")


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
