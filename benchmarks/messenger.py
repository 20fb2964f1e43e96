"""Shows what Messenger's channel promises under load: `python -m benchmarks.messenger`. docs/messenger.md has a run.

A stand-in of the platform delivers to `footbridge serve`, a process of its own that is killed in the middle and started
again. It delivers again what is not answered with 200. A later part of a person's talk is not delivered before an
earlier one was taken, since order could not be told otherwise; the platform itself does not promise that.
"""

from __future__ import annotations

import asyncio
import os
import platform as machine
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Annotated

import httpx
import psutil  # type: ignore[import-untyped]
import typer

from benchmarks.messenger_events import TOPICS, Event, Person, Plan, answers_in
from benchmarks.serving import BenchmarkError, free_port, processor, serving
from bot.answers.catalog import catalog
from bot.channels.messenger.stand_in import ANSWER_SECONDS, StandIn

AT_ONCE = 8  # webhooks under way
LARGEST_BATCH = 50  # events
FAILURES = 0.05  # of calls that the platform fails before it takes them
LOST = 0.02  # of calls that it takes, and whose answer is lost
FORGED = 0.01  # of webhooks that come before with a wrong signature
PAUSES = (0.2, 0.5, 1.0, 2.0)  # seconds before a webhook is delivered again; the last one again and again
LONGEST = 120.0  # seconds after which a webhook that is never taken is a fault
RATE = 20.0  # messages a second of the steady part
P95_GOAL = 0.5  # seconds


@dataclass(frozen=True)
class Storm:
    """What the storm was.

    Attributes:
        webhooks: how many were delivered, and again.
        events: how many events were in them, those that were delivered again once.
        answers: how many answers were due.
        seconds: from the first webhook to the last.
    """

    webhooks: int
    events: int
    answers: int
    seconds: float


class Service:
    """`footbridge serve` on one database, which can be killed and started again at the same address."""

    def __init__(self, platform: StandIn, folder: Path, database: str) -> None:
        self.printed = folder / "serve.txt"
        self._port = free_port()
        self.webhook = f"http://127.0.0.1:{self._port}/messenger/webhook"
        self._environment = {
            "FOOTBRIDGE_CONVERSATIONS_URL": database,
            "FOOTBRIDGE_TURNS_PER_MINUTE": "100000",
            "FOOTBRIDGE_MESSENGER_PAGE": platform.page_id,
            "FOOTBRIDGE_MESSENGER_APP": platform.app_id,
            "FOOTBRIDGE_MESSENGER_SECRET": platform.app_secret,
            "FOOTBRIDGE_MESSENGER_TOKEN": platform.page_token,
            "FOOTBRIDGE_MESSENGER_VERIFY_TOKEN": "words of ours",
            "FOOTBRIDGE_MESSENGER_HASH_KEYS": "k" * 32,
            "FOOTBRIDGE_MESSENGER_GRAPH": platform.address,
        }
        self.restarts = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve until the end, however often it is killed."""
        self._running = serving(self.printed, _ready, self._port, self._environment)
        _, self._process, _ = self._running.__enter__()
        try:
            yield
        finally:
            self._running.__exit__(None, None, None)

    def kill(self) -> None:
        """Kill it as it is, and start it again."""
        self._process.kill()
        self._process.wait()
        self._running.__exit__(None, None, None)
        self.restarts += 1
        self._running = serving(self.printed, _ready, self._port, self._environment)
        _, self._process, _ = self._running.__enter__()


class Delivering:
    """Delivers a plan, several webhooks at once, each until it is answered with 200."""

    def __init__(self, platform: StandIn, service: Service, plan: Plan, seed: int) -> None:
        self._platform, self._service, self._plan = platform, service, plan
        self._random = random.Random(seed)
        self._busy: set[str] = set()
        self._taken = asyncio.Condition()
        self.delivered = self.webhooks = self.forged = 0
        self.faults: Counter[str] = Counter()

    async def everything(self, kill_after: int) -> None:
        """Deliver all of it; the service is killed when so many events were delivered."""
        limits = httpx.Limits(max_connections=AT_ONCE + 2)
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False, limits=limits) as http:
            workers = [asyncio.create_task(self._work(http)) for _ in range(AT_ONCE)]
            async with self._taken:
                await self._taken.wait_for(lambda: self.delivered >= kill_after)
            await asyncio.to_thread(self._service.kill)
            await asyncio.gather(*workers)

    async def _work(self, http: httpx.AsyncClient) -> None:
        while True:
            async with self._taken:
                await self._taken.wait_for(lambda: bool(self._free()) or not self._left())
                if not self._left():
                    return
                batch = self._next()
                self._busy |= set(batch)
            await self._deliver(http, [event for part in batch.values() for event in part])
            async with self._taken:
                self._busy -= set(batch)
                self._taken.notify_all()

    def _left(self) -> bool:
        return any(person.waiting for person in self._plan.people)

    def _free(self) -> list[Person]:
        return [person for person in self._plan.people if person.waiting and person.id not in self._busy]

    def _next(self) -> dict[str, list[Event]]:
        free, size = self._free(), self._random.randint(1, LARGEST_BATCH)
        self._random.shuffle(free)
        batch: dict[str, list[Event]] = {}
        while free and sum(map(len, batch.values())) < size:
            person = free.pop()
            batch[person.id] = person.waiting.popleft()
        return batch

    async def _deliver(self, http: httpx.AsyncClient, events: Sequence[Event]) -> None:
        if not events:
            return
        for event in events:
            self._platform.meet(str(event["sender"]["id"]))
        body = self._platform.body(events)
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": self._platform.signature(body)}
        if self._random.random() < FORGED:
            self.forged += await self._post(http, body, headers | {"X-Hub-Signature-256": "sha256=" + "0" * 64}) == 403
        self.delivered += len(events)
        if self.delivered // 1000 > (self.delivered - len(events)) // 1000:
            print(f"... {self.delivered} delivered", file=sys.stderr)
        async with self._taken:
            self._taken.notify_all()
        began, attempt = time.monotonic(), 0
        while await self._post(http, body, headers) != 200:
            if time.monotonic() - began > LONGEST:
                self.faults["never taken"] += 1
                return
            await asyncio.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])
            attempt += 1

    async def _post(self, http: httpx.AsyncClient, body: bytes, headers: dict[str, str]) -> int:
        self.webhooks += 1
        return await _status(http, self._service.webhook, body, headers)


async def storm(platform: StandIn, service: Service, plan: Plan, seed: int) -> tuple[Storm, Counter[str]]:
    """Deliver a plan with failures and a kill; return what that was, and by its kind what did not hold."""
    began = time.monotonic()
    platform.failures, platform.lost = FAILURES, LOST
    delivering = Delivering(platform, service, plan, seed)
    events = sum(len(part) for person in plan.people for part in person.waiting)
    await delivering.everything(kill_after=events // 2)
    seconds = time.monotonic() - began
    platform.failures = platform.lost = 0.0
    faults = delivering.faults
    for person in plan.people:
        faults += _compared(platform, person)
    strangers = {one.person for one in platform.accepted} - {person.id for person in plan.people}
    faults += Counter({"to nobody who wrote": len(strangers)})  # adding drops what did not happen
    answers = sum(len(person.expected) for person in plan.people)
    return Storm(delivering.webhooks, events, answers, seconds), faults


def _compared(platform: StandIn, person: Person) -> Counter[str]:
    """What is wrong with what somebody was answered."""
    messages = platform.sent_to(person.id)
    said = [answer for message in messages for answer in answers_in(message)]
    due, got = Counter(person.expected), Counter(said)
    faults = Counter(
        {
            "missing": (due - got).total(),
            "too many": (got - due).total(),
            # Of an answer's first part two can follow each other: of two pictures, for example.
            "part said twice": sum(one == other and not answers_in(one) for one, other in pairwise(messages)),
        }
    )
    if due == got and said != person.expected:
        faults["out of order"] += 1
    return faults


def kept(people: Sequence[Person], places: Sequence[bytes]) -> Counter[str]:
    """What of people's ids and words is found in bytes that were kept."""
    found: Counter[str] = Counter()
    for place in places:
        found["ids of people kept"] += sum(person.id.encode() in place for person in people)
        found["ids of messages kept"] += sum(mid.encode() in place for person in people for mid in person.mids)
        texts = {text for person in people for text in person.texts}
        found["words kept"] += sum(text.encode() in place for text in texts)
        found["traces kept"] += place.count(b"Traceback")
    return found


async def steady(platform: StandIn, service: Service, people: Sequence[Person], seconds: float) -> list[float]:
    """Messages at an even rate, whatever becomes of those before; the seconds from each webhook to its answer.

    Raises:
        BenchmarkError: a webhook was not answered with 200, or its answer did not come.
    """
    async with AsyncExitStack() as opened:
        http = await opened.enter_async_context(httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False))
        began = time.monotonic()
        tasks = []
        for number in range(round(RATE * seconds)):
            await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
            tasks.append(asyncio.create_task(_timed(http, platform, service, people, number)))
        return list(await asyncio.gather(*tasks))


async def _timed(
    http: httpx.AsyncClient, platform: StandIn, service: Service, people: Sequence[Person], number: int
) -> float:
    person = people[number % len(people)]
    topic = TOPICS[(number // len(people)) % len(TOPICS)]
    platform.meet(person.id)
    before = len(platform.accepted)
    body = platform.body([platform.text(person.id, catalog().topics[topic].question)])
    began = time.monotonic()
    headers = {"X-Hub-Signature-256": platform.signature(body)}
    # What is late comes again, and its answer goes on meanwhile.
    while await _status(http, service.webhook, body, headers) != 200:
        if time.monotonic() - began > LONGEST:
            raise BenchmarkError("A webhook was not answered with 200.")
    for one in platform.accepted[before:]:
        if one.person == person.id and topic in answers_in(one.message):
            return one.at - began
    raise BenchmarkError("A webhook was answered with 200 before the answer of its message was accepted.")


async def _status(http: httpx.AsyncClient, webhook: str, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer, 0 where none came in time."""
    try:
        return (await http.post(webhook, content=body, headers=headers)).status_code
    except httpx.HTTPError:
        return 0


def _everything_in(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir()]


def _ready(address: str, seconds: float) -> httpx.Response:
    return httpx.get(f"{address}/readyz", timeout=seconds, trust_env=False)


async def _measure(events: int, people: int, seconds: float, seed: int, postgresql: str) -> int:
    with tempfile.TemporaryDirectory(prefix="footbridge-messenger-") as name, StandIn(seed=seed) as platform:
        folder = Path(name)
        os.environ["FOOTBRIDGE_DATABASE_URL"] = f"sqlite:///{folder / 'directory.db'}"
        plan = Plan(platform, events, people, seed, int(time.time() * 1000))
        service = Service(platform, folder, postgresql or f"sqlite:///{folder / 'kept.db'}")
        with service.running():
            print(f"Delivering {events} events from {people} people ...", file=sys.stderr)
            shape, faults = await storm(platform, service, plan, seed)
            print(f"{RATE:g} messages a second for {seconds:g} seconds ...", file=sys.stderr)
            times = await steady(platform, service, plan.people, seconds)
        faults += kept(plan.people, _everything_in(folder))
        told = ", ".join(f"{name}: {number}" for name, number in sorted(faults.items())) or "none"
        p95 = quantiles(times, n=20)[-1]
        print(f"{processor()}, {psutil.cpu_count()} logical cores, Python {machine.python_version()}, "
              f"{'PostgreSQL' if postgresql else 'SQLite'}.\n")  # fmt: skip
        print("| Measure | Figure | Target |\n|---|---|---|")
        print(f"| Events delivered, from {people} people, with {service.restarts} kill -9 | {shape.events} | 10,000 |")
        print(f"| Webhooks, with those that were delivered again | {shape.webhooks} in {shape.seconds:.0f} s | |")
        print(f"| Answers due; messages that the platform took | {shape.answers}; {len(platform.accepted)} | |")
        print(f"| Faults: missing, twice, out of order, after erasure, kept | {told} | none |")
        print(f"| Webhook to accepted answer at {RATE:g} a second, median | {median(times) * 1000:.0f} ms | |")
        print(f"| The same, 95th of 100 | {p95 * 1000:.0f} ms | 500 ms |")
        print(f"| The same, slowest of {len(times)} | {max(times) * 1000:.0f} ms | |")
        return 1 if faults or p95 >= P95_GOAL else 0


def main(
    events: Annotated[int, typer.Option(help="Events of the storm.")] = 10_000,
    people: Annotated[int, typer.Option(help="Who send them.")] = 200,
    seconds: Annotated[float, typer.Option(help="Seconds of the steady part.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Of all that is random.")] = 1,
    postgresql: Annotated[str, typer.Option(help="URL of an empty schema; SQLite without it.")] = "",
) -> None:
    """Deliver a load to the service and check every promise of docs/messenger.md; exit code 1 where one is broken."""
    try:
        sys.exit(asyncio.run(_measure(events, people, seconds, seed, postgresql)))
    except BenchmarkError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    typer.run(main)
