"""The addresses that the platform calls: the webhook, and the deletion of what is kept of somebody."""

from __future__ import annotations

import hmac
import logging
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.channels.messenger.answering import CHANNEL, Answering
from bot.channels.messenger.events import BodyUnreadable, is_id, read_events
from bot.channels.messenger.identities import Identities
from bot.channels.messenger.signatures import is_signed, is_token, read_signed_request
from bot.channels.web.metrics import Metrics
from bot.engine.conversation_database import ConversationsUnavailable
from bot.engine.engine import Engine
from bot.settings import MessengerSettings

logger = logging.getLogger(__name__)

LONGEST_BODY = 2 * 1024 * 1024  # bytes; deliveries of 300 KB have been met
MOST_FIELDS = 5  # of a form
LONGEST_CHALLENGE = 200  # characters
_CODE = 48  # characters of a confirmation code with its seal


class Webhook:
    """What the platform can ask of us."""

    def __init__(self, engine: Engine, settings: MessengerSettings, answering: Answering, metrics: Metrics) -> None:
        self._engine, self._settings, self._answering, self._metrics = engine, settings, answering, metrics
        self._identities = Identities(settings.hash_keys)

    @property
    def routes(self) -> list[Route]:
        """`/messenger/...`."""
        return [
            Route("/messenger/webhook", self.verify, methods=["GET"]),
            Route("/messenger/webhook", self.receive, methods=["POST"]),
            Route("/messenger/deletion", self.delete, methods=["POST"]),
            Route("/messenger/deletion/{code}", self.deletion, methods=["GET"], name="deletion"),
        ]

    async def verify(self, request: Request) -> Response:
        """Echo the challenge to whoever knows the verify token; 403 to anybody else."""
        asked = request.query_params
        knows = is_token(asked.get("hub.verify_token", ""), self._settings.verify_token)
        challenge = asked.get("hub.challenge", "")
        if not knows or asked.get("hub.mode") != "subscribe" or len(challenge) > LONGEST_CHALLENGE:
            return self._refused(403, "verification")
        return PlainTextResponse(challenge)

    async def receive(self, request: Request) -> Response:
        """Answer what people wrote. 200 once it is done or goes on in memory, 503 where it has to come again."""
        body = await _body(request)
        if body is None:
            return self._refused(413, "too_large")
        if not is_signed(body, request.headers.get("x-hub-signature-256"), self._settings.app_secrets):
            return self._refused(403, "signature")
        try:
            events = read_events(body, page=self._settings.page, app=self._settings.app)
        except BodyUnreadable:
            return self._refused(400, "unreadable")
        return PlainTextResponse("taken\n", 200 if await self._answering.take(events) else 503)

    async def delete(self, request: Request) -> Response:
        """Erase what is kept under the id of a signed request, and say where its confirmation is.

        The platform names a person here by an id of the app's login, which is not the one of their thread. Where it
        does not say which thread belongs to it, what is kept ends with its time, or is erased in the thread itself.
        """
        body = await _body(request)
        if body is None:
            return self._refused(413, "too_large")
        try:
            fields = parse_qs(body.decode(), max_num_fields=MOST_FIELDS)
            signed = fields.get("signed_request", [""])[0]
            person = read_signed_request(signed, self._settings.app_secrets).get("user_id")
        except ValueError:  # a signature that is refused is one, too
            return self._refused(403, "signature")
        if not is_id(person):
            return self._refused(400, "unreadable")
        try:
            await self._answering.erase(person)
        except (ConversationsUnavailable, TimeoutError) as error:
            logger.error("What is kept of a thread could not be erased: %s", type(error).__name__)
            return PlainTextResponse("try again\n", 503)
        self._metrics.messenger("deletion")
        code = self._identities.seal(self._identities.code(signed))
        return JSONResponse({"url": str(request.url_for("deletion", code=code)), "confirmation_code": code})

    async def deletion(self, request: Request) -> Response:
        """What became of a deletion: the same words for each code that was given out, and nothing about anybody."""
        code = request.path_params["code"]
        sealed = self._identities.seal(code[: _CODE - 16])
        if not hmac.compare_digest(code.encode(), sealed.encode()):
            return PlainTextResponse("unknown code\n", 404)
        return PlainTextResponse(self._engine.words.render("messenger_deletion", channel=CHANNEL).text)

    def _refused(self, status: int, reason: str) -> Response:
        self._metrics.messenger(f"refused_{reason}")
        return PlainTextResponse("refused\n", status)


async def _body(request: Request) -> bytes | None:
    """The raw body, or None where it is too large."""
    read = bytearray()
    async for part in request.stream():
        read += part
        if len(read) > LONGEST_BODY:
            return None
    return bytes(read)
