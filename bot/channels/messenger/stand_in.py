"""A stand-in of the platform on this machine: takes Graph calls as the real one does, and delivers signed webhooks."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import random
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.channels.messenger import limits

INBOX_APP = (
    "263902037430900"  # the page's inbox, https://developers.facebook.com/docs/messenger-platform/handover-protocol
)
ANSWER_SECONDS = 5.0  # within which a webhook has to be answered
DELIVERIES = 4  # attempts at one webhook; the real platform goes on for hours

_STATUS_OF_CODE = {1: 500, 2: 500, 10: 403, 551: 400, 190: 401}


@dataclass(frozen=True)
class Accepted:
    """A message that was taken: to whom, the `message` object, when (seconds of `time.monotonic`), and its id."""

    person: str
    message: Mapping[str, Any]
    at: float
    id: str


class StandIn:
    """The platform's side of one page, on loopback. What it took is in memory alone.

    Use it as a context manager. `meet` makes a person known and opens the 24-hour window, as every event that is
    delivered for a person does. Messages come in by `deliver`.

    Attributes:
        address: of the Graph API, for `FOOTBRIDGE_MESSENGER_GRAPH`.
        accepted: the messages that were taken, in order.
        refused: the codes of calls that were refused, in order.
        typing: to whom typing was shown.
        controls: (call, person, target app) of the calls that moved a thread.
        logins: page-scoped ids by the app-scoped id of the same person.
        profile: the page's Messenger profile.
        token_is_dead: set it, and every call is refused with 190.
        rate_limited: so many of the next calls are refused with 613.
        refused_messages: so many of the next messages are refused with 100.
        refused_calls: ends of paths ("messages", "conversations") whose calls are refused with 100.
        failures: how likely a call is to fail with a server's error before it is taken, from 0 to 1.
        lost: how likely a message is to be taken while the answer to the call is lost on the way, from 0 to 1.
    """

    def __init__(
        self,
        *,
        page_id: str = "100200300",
        app_id: str = "400500600",
        page_token: str = "page-token-of-the-stand-in",  # noqa: S107 - opens nothing
        app_secret: str = "secret-of-the-stand-in",  # noqa: S107 - opens nothing
        version: str = "v26.0",
        failures: float = 0.0,
        lost: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.page_id, self.app_id = page_id, app_id
        self.page_token, self.app_secret, self.version = page_token, app_secret, version
        self.failures, self.lost = failures, lost
        self.accepted: list[Accepted] = []
        self.refused: list[int] = []
        self.typing: list[str] = []
        self.controls: list[tuple[str, str, str]] = []
        self.logins: dict[str, str] = {}
        self.profile: dict[str, Any] = {}
        self.token_is_dead = False
        self.rate_limited = 0
        self.refused_messages = 0
        self.refused_calls: set[str] = set()
        self._random = random.Random(seed)  # noqa: S311 - which calls fail is no secret
        self._window: dict[str, float] = {}
        self._taken = threading.Condition()
        self._numbers = itertools.count(1)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        messages = f"/{version}/{page_id}"
        application = Starlette(
            routes=[
                Route(f"{messages}/messages", self._messages, methods=["POST"]),
                Route(f"{messages}/conversations", self._conversations, methods=["GET"]),
                Route(f"{messages}/pass_thread_control", self._control, methods=["POST"]),
                Route(f"{messages}/take_thread_control", self._control, methods=["POST"]),
                Route(f"/{version}/{{login}}/ids_for_pages", self._ids_for_pages, methods=["GET"]),
                Route(f"{messages}/messenger_profile", self._get_profile, methods=["GET"]),
                Route(f"{messages}/messenger_profile", self._set_profile, methods=["POST"]),
            ]
        )
        self._server = uvicorn.Server(
            # It would log each answer that it is told to lose.
            uvicorn.Config(
                application, log_config=None, log_level="critical", access_log=False, lifespan="off", ws="none"
            )
        )
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> StandIn:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()

    def meet(self, person: str) -> None:
        """Make a person known, who has written just now."""
        self._window[person] = time.monotonic()

    def close_window(self, person: str) -> None:
        """Let 24 hours pass since the person wrote."""
        self._window[person] = time.monotonic() - limits.WINDOW_SECONDS - 1

    def sent_to(self, person: str) -> list[Mapping[str, Any]]:
        """The messages that a person got, in order."""
        return [one.message for one in self.accepted if one.person == person]

    def wait_for(self, messages: int, seconds: float) -> None:
        """Wait until so many messages were taken. Raises: TimeoutError."""
        with self._taken:
            if not self._taken.wait_for(lambda: len(self.accepted) >= messages, seconds):
                raise TimeoutError(f"{len(self.accepted)} of {messages} messages were taken in {seconds:g} seconds")

    # Webhooks

    def text(self, person: str, text: str, **message: Any) -> dict[str, Any]:
        """An event: somebody typed `text`; `message` adds to the message, for example `mid`."""
        return self._message(person, {"text": text, **message})

    def quick_reply(self, person: str, title: str, payload: str) -> dict[str, Any]:
        """An event: somebody tapped a quick reply."""
        return self._message(person, {"text": title, "quick_reply": {"payload": payload}})

    def postback(self, person: str, title: str, payload: str | None) -> dict[str, Any]:
        """An event: somebody tapped a button. In standby there is no payload (None)."""
        told = {"title": title, "mid": self.mid(), **({} if payload is None else {"payload": payload})}
        return self._event(person, {"postback": told})

    def attachment(self, person: str, kind: str = "image") -> dict[str, Any]:
        """An event: somebody sent a picture, sticker, voice message or file; its address leads nowhere."""
        return self._message(person, {"attachments": [{"type": kind, "payload": {"url": "https://invalid.invalid/1"}}]})

    def echo(self, person: str, text: str, app_id: str | None = None) -> dict[str, Any]:
        """An event: the page sent something, through another app where `app_id` is not ours."""
        event = self._message(person, {"text": text, "is_echo": True, "app_id": int(app_id or self.app_id)})
        return event | {"sender": {"id": self.page_id}, "recipient": {"id": person}}

    def edit(self, person: str, mid: str, text: str) -> dict[str, Any]:
        """An event: somebody changed what they had written."""
        return self._event(person, {"message_edit": {"mid": mid, "text": text, "num_edit": 1}})

    def unsent(self, person: str, mid: str) -> dict[str, Any]:
        """An event: somebody took back what they had written."""
        return self._event(person, {"message": {"mid": mid, "is_deleted": True}})

    def reaction(self, person: str, mid: str) -> dict[str, Any]:
        """An event: somebody reacted to a message."""
        return self._event(person, {"reaction": {"mid": mid, "action": "react", "reaction": "like"}})

    def read(self, person: str) -> dict[str, Any]:
        """An event: somebody has read what there is."""
        return self._event(person, {"read": {"watermark": _now()}})

    def delivery(self, person: str) -> dict[str, Any]:
        """An event: messages have reached the person's device."""
        return self._event(person, {"delivery": {"mids": [self.mid()], "watermark": _now()}})

    def referral(self, person: str, ref: str) -> dict[str, Any]:
        """An event: somebody who has a thread followed an m.me link."""
        return self._event(person, {"referral": {"ref": ref, "source": "SHORTLINK", "type": "OPEN_THREAD"}})

    def opt_in(self, person: str) -> dict[str, Any]:
        """An event: somebody opted in to something."""
        return self._event(person, {"optin": {"type": "notification_messages", "payload": "nothing"}})

    def control_passed(self, person: str, new_owner: str, before: str) -> dict[str, Any]:
        """An event: the thread went from one app to another."""
        told = {"new_owner_app_id": new_owner, "previous_owner_app_id": before, "metadata": ""}
        return self._event(person, {"pass_thread_control": told})

    def control_taken(self, person: str, before: str) -> dict[str, Any]:
        """An event: another app took the thread from `before`."""
        return self._event(person, {"take_thread_control": {"previous_owner_app_id": before, "metadata": ""}})

    def body(self, events: Sequence[Mapping[str, Any]], key: str = "messaging") -> bytes:
        """A webhook's body with an entry for each event; `key` is "messaging" or "standby"."""
        entries = [{"id": self.page_id, "time": _now(), key: [event]} for event in events]
        # Non-ASCII is escaped, as the platform does, and the signature is of these bytes.
        return json.dumps({"object": "page", "entry": entries}).encode()

    def signature(self, body: bytes) -> str:
        """The header X-Hub-Signature-256 of a body."""
        return "sha256=" + hmac.new(self.app_secret.encode(), body, hashlib.sha256).hexdigest()

    async def deliver(
        self,
        webhook: str,
        events: Sequence[Mapping[str, Any]],
        *,
        key: str = "messaging",
        times: int = 1,
        seconds: float = ANSWER_SECONDS,
    ) -> list[int]:
        """Post events to the service as one batch, and again while it answers late or not with 200.

        Args:
            webhook: the service's address.
            key: "messaging" or "standby".
            seconds: how long an answer may take.
            times: how often the same batch is delivered although it was answered.

        Returns:
            The status of each attempt, 0 for none in time.
        """
        for event in events:
            self.meet(event["sender"]["id"])
        body = self.body(events, key)
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": self.signature(body)}
        statuses: list[int] = []
        async with httpx.AsyncClient(timeout=seconds, trust_env=False) as http:
            for attempt in range(1, DELIVERIES + times):
                try:
                    statuses.append((await http.post(webhook, content=body, headers=headers)).status_code)
                except httpx.HTTPError:
                    statuses.append(0)
                if statuses[-1] == 200 and attempt >= times:
                    break
        return statuses

    def mid(self) -> str:
        """A message id that was not given before."""
        return f"m_{next(self._numbers):06d}"

    def _message(self, person: str, message: Mapping[str, Any]) -> dict[str, Any]:
        return self._event(person, {"message": {"mid": self.mid(), **message}})

    def _event(self, person: str, told: Mapping[str, Any]) -> dict[str, Any]:
        return {"sender": {"id": person}, "recipient": {"id": self.page_id}, "timestamp": _now(), **told}

    # Graph

    async def _messages(self, request: Request) -> Response:
        body, refusal = await self._admitted(request)
        if refusal:
            return refusal
        person = _recipient(body)
        if person not in self._window:
            return self._refuse(100, 2018001)
        if time.monotonic() - self._window[person] > limits.WINDOW_SECONDS:
            return self._refuse(10, 2018278)
        if "sender_action" in body:
            self.typing.append(person)
            return JSONResponse({"recipient_id": person})
        self.refused_messages -= (is_refused := self.refused_messages > 0)
        if is_refused or body.get("messaging_type") != "RESPONSE" or problems_of(body.get("message")):
            return self._refuse(100)
        taken = Accepted(person, body["message"], time.monotonic(), self.mid())
        with self._taken:
            self.accepted.append(taken)
            self._taken.notify_all()
        if self._random.random() < self.lost:
            return _LostAnswer()
        return JSONResponse({"recipient_id": person, "message_id": taken.id})

    async def _conversations(self, request: Request) -> Response:
        _, refusal = await self._admitted(request)
        if refusal:
            return refusal
        person, began = request.query_params.get("user_id"), time.time() - time.monotonic()
        sent = [
            {"id": one.id, "from": {"id": self.page_id}, "created_time": _written(began + one.at)}
            for one in reversed(self.accepted)
            if one.person == person
        ]
        return JSONResponse({"data": [{"id": f"t_{person}", "messages": {"data": sent[:20]}}] if sent else []})

    async def _control(self, request: Request) -> Response:
        body, refusal = await self._admitted(request)
        if refusal:
            return refusal
        call, person = request.url.path.rpartition("/")[2], _recipient(body)
        if person not in self._window:
            return self._refuse(100, 2018001)
        if call == "pass_thread_control" and not body.get("target_app_id"):
            return self._refuse(100)
        self.controls.append((call, person, str(body.get("target_app_id", ""))))
        return JSONResponse({"success": True})

    async def _ids_for_pages(self, request: Request) -> Response:
        _, refusal = await self._admitted(request, f"{self.app_id}|{self.app_secret}")
        if refusal:
            return refusal
        if request.query_params.get("page") != self.page_id:
            return self._refuse(100)
        person = self.logins.get(request.path_params["login"])
        return JSONResponse({"data": [{"id": person, "page": {"id": self.page_id}}] if person else []})

    async def _get_profile(self, request: Request) -> Response:
        _, refusal = await self._admitted(request)
        fields = request.query_params.get("fields", "").split(",")
        return refusal or JSONResponse(
            {"data": [{name: self.profile[name] for name in fields if name in self.profile}]}
        )

    async def _set_profile(self, request: Request) -> Response:
        body, refusal = await self._admitted(request)
        if refusal:
            return refusal
        if profile_problems({**self.profile, **body}):
            return self._refuse(100)
        self.profile.update(body)
        return JSONResponse({"result": "success"})

    async def _admitted(self, request: Request, token: str = "") -> tuple[dict[str, Any], Response | None]:
        token = token or self.page_token
        proof = hmac.new(self.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if self.token_is_dead or request.headers.get("authorization") != f"Bearer {token}":
            return {}, self._refuse(190)
        if request.query_params.get("appsecret_proof") != proof:
            return {}, self._refuse(100)
        if self.rate_limited:
            self.rate_limited -= 1
            return {}, self._refuse(613)
        if request.url.path.rpartition("/")[2] in self.refused_calls:
            return {}, self._refuse(100)
        if self._random.random() < self.failures:
            return {}, self._refuse(self._random.choice((1, 2)))
        try:
            body = json.loads(await request.body() or b"{}")
        except ValueError:
            return {}, self._refuse(100)
        return (body, None) if isinstance(body, dict) else ({}, self._refuse(100))

    def _refuse(self, code: int, subcode: int | None = None) -> Response:
        self.refused.append(code)
        told: dict[str, Any] = {"message": "refused", "type": "OAuthException", "code": code, "fbtrace_id": "0"}
        if subcode:
            told["error_subcode"] = subcode
        return JSONResponse({"error": told}, _STATUS_OF_CODE.get(code, 400))


class _LostAnswer(Response):
    """An answer that breaks off on its way."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


def problems_of(message: Any) -> list[str]:
    """What the platform would refuse a `message` object for; empty when it takes it."""
    if not isinstance(message, dict):
        return ["no message"]
    return list(_message_problems(message))


def _message_problems(message: Mapping[str, Any]) -> Iterator[str]:
    text, attachment = message.get("text"), message.get("attachment")
    if (text is None) == (attachment is None):
        yield "a message takes either a text or an attachment"
    if text is not None and not (isinstance(text, str) and text.strip() and len(text) <= limits.TEXT):
        yield f"the text is empty or longer than {limits.TEXT} characters"
    quick = message.get("quick_replies", [])
    if "quick_replies" in message and not 1 <= len(quick) <= limits.QUICK_REPLIES:
        yield f"{len(quick)} quick replies"
    for one in quick:
        if one.get("content_type") != "text":
            yield "a quick reply is no text"
        yield from _choice_problems(one)
    if attachment is not None:
        yield from _template_problems(attachment)


def _template_problems(attachment: Any) -> Iterator[str]:
    payload = attachment.get("payload", {}) if isinstance(attachment, dict) else {}
    if payload.get("template_type") != "button":
        yield "an attachment that is no button template"
        return
    text, buttons = payload.get("text"), payload.get("buttons", [])
    if not (isinstance(text, str) and text.strip() and len(text) <= limits.TEMPLATE_TEXT):
        yield f"the template's text is empty or longer than {limits.TEMPLATE_TEXT} characters"
    if not 1 <= len(buttons) <= limits.TEMPLATE_BUTTONS:
        yield f"{len(buttons)} buttons"
    for one in buttons:
        if one.get("type") == "web_url":
            if not str(one.get("url", "")).startswith("https://") or not 1 <= len(one.get("title", "")) <= limits.TITLE:
                yield "a link's address or title"
        elif one.get("type") == "postback":
            yield from _choice_problems(one)
        else:
            yield "a button of an unknown type"


def _choice_problems(choice: Mapping[str, Any]) -> Iterator[str]:
    title, payload = choice.get("title"), choice.get("payload")
    if not (isinstance(title, str) and title.strip() and len(title) <= limits.TITLE):
        yield f"the title {title!r} is empty or longer than {limits.TITLE} characters"
    if not (isinstance(payload, str) and 1 <= len(payload) <= limits.PAYLOAD):
        yield f"a payload is empty or longer than {limits.PAYLOAD} characters"


def profile_problems(profile: Mapping[str, Any]) -> list[str]:
    """What the platform would refuse a Messenger profile for; empty when it takes it."""
    problems = [f"no field {name!r}" for name in profile if name not in PROFILE_FIELDS]
    if ("persistent_menu" in profile or "ice_breakers" in profile) and "get_started" not in profile:
        problems.append("a menu needs Get Started")
    for menu in profile.get("persistent_menu", []):
        items = menu.get("call_to_actions", [])
        if not 1 <= len(items) <= limits.MENU_ITEMS:
            problems.append(f"{len(items)} items in the menu")
        problems += [f"the menu's title {i['title']!r}" for i in items if not 1 <= len(i["title"]) <= limits.MENU_TITLE]
        problems += ["a menu's payload" for i in items if not 1 <= len(i.get("payload", "")) <= limits.PAYLOAD]
    for breakers in profile.get("ice_breakers", []):
        asked = breakers.get("call_to_actions", [])
        if not 1 <= len(asked) <= limits.ICE_BREAKERS:
            problems.append(f"{len(asked)} ice breakers")
        problems += ["an ice breaker" for one in asked if not 1 <= len(one["question"]) <= limits.ICE_BREAKER_TITLE]
    problems += ["the greeting" for one in profile.get("greeting", []) if not 1 <= len(one["text"]) <= limits.GREETING]
    return problems


PROFILE_FIELDS = ("get_started", "greeting", "ice_breakers", "persistent_menu")


def _recipient(body: Mapping[str, Any]) -> str:
    recipient = body.get("recipient")
    return str(recipient.get("id", "")) if isinstance(recipient, dict) else ""


def _now() -> int:
    return int(time.time() * 1000)


def _written(at: float) -> str:
    """Seconds since 1970 as the platform writes a time, without a part of a second."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
