"""Counts for whoever runs the service, in Prometheus's format. docs/monitoring.md lists them.

Counts are about people who may be in danger. What a turn was about is let out only in fives, so that nobody who reads
the counts often enough sees when a single person talked, and of what. No label holds an address, a token or a text.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable
from wsgiref.simple_server import WSGIServer

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.answers.catalog import Catalog
from bot.engine.engine import Turn

FEWEST = 5
_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_BROKEN = "something_broke"

# They say when each count began, and so when the first of its kind came.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The counts of one process.

    Args:
        catalog: whose topics and crises are counted; nothing else can be a label.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.registry = CollectorRegistry()
        self._topics = self._counter("topics", "Topics answered, in fives.", "topic", catalog.topics)
        crises = [reply for reply in catalog.replies if reply.startswith("crisis_")]
        self._crises = self._counter("crises", "Crisis replies shown, in fives.", "crisis", crises)
        self._refusals = self._counter("refusals", "Requests refused, by HTTP status, in fives.", "status", ())
        self._messenger = self._counter("messenger_events", "Messenger's events, in fives.", "kind", ())
        self._errors = Counter("footbridge_errors", "Turns and pages that failed.", registry=self.registry)
        self._seconds = Histogram(
            "footbridge_turn_seconds", "How long turns took, in fives.", buckets=_SECONDS, registry=self.registry
        )
        self._held = Gauge("footbridge_conversations", "Conversations held, in fives.", registry=self.registry)
        self._token = Gauge(
            "footbridge_messenger_token_works", "1 unless Messenger refused the page's token.", registry=self.registry
        )
        self._token.set(1)
        self._waiting: Tally[tuple[Counter, str]] = Tally()
        self._durations: list[float] = []

    def turn(self, turn: Turn, seconds: float) -> None:
        """Count a turn and what it said."""
        if turn.topic:
            self._count(self._topics, turn.topic)
        self.crises(reply.id for reply in turn.replies)
        if any(reply.id == _BROKEN for reply in turn.replies):
            self.error()
        self._durations.append(seconds)
        if len(self._durations) == FEWEST:
            # By size: the order would say how long each took.
            for one in sorted(self._durations):
                self._seconds.observe(one)
            self._durations.clear()

    def crises(self, answers: Iterable[str]) -> None:
        """Count the crisis replies among `answers`, ids of what was shown."""
        for answer in answers:
            if answer.startswith("crisis_"):
                self._count(self._crises, answer)

    def conversations(self, held: int) -> None:
        """Take down how many conversations there are now."""
        self._held.set(held // FEWEST * FEWEST)

    def messenger(self, kind: str) -> None:
        """Count an event of Messenger's by its kind, or by why it was skipped, refused or not answered."""
        self._count(self._messenger, kind)

    def messenger_token(self, works: bool) -> None:
        """Take down whether Messenger took the page's token when it was last used."""
        self._token.set(int(works))

    def refusal(self, status: int) -> None:
        """Count a request that was refused."""
        self._count(self._refusals, str(status))

    def error(self) -> None:
        """Count a turn or page that failed. Each one counts: whoever runs the service has to see the first."""
        self._errors.inc()

    def _count(self, counter: Counter, label: str) -> None:
        self._waiting[counter, label] += 1
        if self._waiting[counter, label] == FEWEST:
            counter.labels(label).inc(FEWEST)
            del self._waiting[counter, label]

    def _counter(self, name: str, says: str, label: str, values: Iterable[str]) -> Counter:
        counter = Counter(f"footbridge_{name}", says, [label], registry=self.registry)
        for one in values:
            counter.labels(one)  # there from the start, at nothing
        return counter


def is_refusal(status: int) -> bool:
    """Whether an answer of this HTTP status says that a request was refused, or that there was no room for it."""
    return 400 <= status < 500 or status == 503


class CountedRefusals:
    """ASGI middleware that counts requests that were refused, and messages that there was no room for.

    Args:
        shown: the beginning of addresses that show what the answer of a form led to.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, shown: str) -> None:
        self._app = app
        self._metrics = metrics
        self._shown = shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count it if it is refused."""

        async def send_counted(message: Message) -> None:
            # What a form's answer leads to was counted with the form.
            if message["type"] == "http.response.start" and not scope["path"].startswith(self._shown):
                status = message["status"]
                if is_refusal(status) and (status < 500 or scope["method"] == "POST"):
                    self._metrics.refusal(status)
            await send(message)

        await self._app(scope, receive, send_counted)


def serve_metrics(metrics: Metrics, listener: tuple[str, int]) -> WSGIServer:
    """Serve the counts at an address and port of their own, in a thread, so that no proxy of the page reaches them.

    Raises:
        OSError: the address or port cannot be used.
    """
    host, port = listener
    try:
        server, _ = prometheus_client.start_http_server(port, host, metrics.registry)
    except OSError as error:
        raise OSError(
            f"Port {port} on {host} cannot be used for counts ({error.strerror}). Stop what uses it, or set "
            "FOOTBRIDGE_METRICS to an address of this machine and another port."
        ) from error
    return server
