"""Measures training, start, memory and turns, and prints one Markdown table: `python -m benchmarks.bench`.

docs/benchmark.md says what each row means. Everything is made in a temporary folder that is removed at the end, and
every connection is to 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles

import httpx
import psutil  # type: ignore[import-untyped]

from benchmarks.serving import BenchmarkError, command, processor, read, serving
from bot import absent_packages, logs

# What a visit is made of: questions, goals, places, the menu and words that are not understood. None of them ends a
# visit, asks for help now or erases, so that each conversation only grows.
MESSAGES = (
    "hello",
    "what is victim offender mediation",
    "how long does it take",
    "who will be in the room",
    "i want him to tell me why he did it",
    "menu",
    "do i have to forgive him",
    "the purple kettle sings on tuesday",
    "can my sister come with me",
    "i want to tell him what it did to my family",
    "that is all",
    "iowa",
    "what happens if he says no",
    "how would i find a program",
    "oregon",
    "asdf qwer zxcv",
    "does it cost anything",
    "can i change my mind later",
    "show me my goals",
    "where did you learn that",
)
SESSIONS_AT_ONCE = 16
EARLY_TURN = 5
LATE_TURNS = range(196, 205)
LATE_CONVERSATIONS = 3
VISITS = 10  # conversations of all messages, one after another: 200 turns

# Seconds. They only end a run that hangs; they are no targets.
TRAINING_DEADLINE = 300.0
TURN_DEADLINE = 30.0

_TOKEN = re.compile(r'data-session="([^"]+)"')
_PART = {"x-part": "turn"}  # as the script asks, which gets its answer at once
_BROKEN = "something_broke"  # the answer that stands in for a turn that failed

Say = Callable[[str], Awaitable[None]]
"""Sends one message in one conversation and returns when it is answered. Raises BenchmarkError if it is not."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        goal: the largest value that the project allows, in the unit of `value`, or None.
        digits: decimals that are shown, and held against the goal.
    """

    measure: str
    value: float
    unit: str
    goal: float | None = None
    note: str = ""
    digits: int = 1

    def __str__(self) -> str:
        figure = round(self.value, self.digits)
        target = ""
        if self.goal is not None:
            target = f"at most {self.goal:g} {self.unit}, {'met' if figure <= self.goal else 'MISSED'}"
        return f"| {self.measure} | {figure:.{self.digits}f} {self.unit}{self.note} | {target} |"


@dataclass(frozen=True)
class Pace:
    """How fast turns were answered.

    Attributes:
        times: milliseconds of each turn, as the one who sends it waits.
        seconds: how long all of them took together.
    """

    times: Sequence[float]
    seconds: float

    @property
    def middle(self) -> float:
        """Median of a turn, in milliseconds."""
        return median(self.times)

    @property
    def slow(self) -> float:
        """95th percentile of a turn, in milliseconds."""
        return quantiles(self.times, n=20, method="inclusive")[-1]

    @property
    def rate(self) -> float:
        """Turns a second."""
        return len(self.times) / self.seconds


def main() -> None:
    """Measure everything and print the machine and the table."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="footbridge-bench-") as folder:
        # The settings of whoever runs this must not reach what is measured, nor the measured reach their files.
        for name in [name for name in os.environ if name.startswith("FOOTBRIDGE_")]:
            del os.environ[name]
        os.environ["FOOTBRIDGE_MODELS"] = str(Path(folder) / "models")
        os.environ["FOOTBRIDGE_DATABASE_URL"] = f"sqlite:///{Path(folder) / 'footbridge.db'}"
        os.environ["RASA_CACHE_DIRECTORY"] = str(Path(folder) / "cache")
        # It asks more quickly than any person.
        for rate in ("TURNS_PER_MINUTE", "ADDRESS_TURNS_PER_MINUTE", "ADDRESS_TALKS_PER_MINUTE"):
            os.environ[f"FOOTBRIDGE_{rate}"] = "100000"

        rows.append(Row("Training (`footbridge train`)", _training_seconds(Path(folder)), "s", goal=60))
        rows += _served(Path(folder))
        rows += asyncio.run(_in_process())
    print(f"Processor: {processor()}, {psutil.cpu_count()} logical cores. Python {platform.python_version()}.\n")
    print("| Measure | Figure | Target |\n|---|---|---|")
    print("\n".join(map(str, rows)))


def _training_seconds(folder: Path) -> float:
    """Seconds that the whole command takes. Raises BenchmarkError with what it printed if it fails."""
    printed = folder / "train.txt"
    began = time.perf_counter()
    try:
        with printed.open("wb") as sink:
            subprocess.run(
                [command(), "train"], stdout=sink, stderr=subprocess.STDOUT, timeout=TRAINING_DEADLINE, check=True
            )
    except subprocess.SubprocessError as error:
        raise BenchmarkError(f"`footbridge train` failed ({error}). It printed:\n{read(printed)}") from error
    return time.perf_counter() - began


def _served(folder: Path) -> list[Row]:
    """The rows of the served process: start, memory, and turns over HTTP."""
    with serving(folder / "serve.txt", _first_turn) as (address, process, seconds):
        alone, memory, together = asyncio.run(_over_http(address, psutil.Process(process.pid)))
    return [
        Row("First answer after `footbridge serve`", seconds, "s", goal=8),
        Row(
            f"Resident memory after {VISITS * len(MESSAGES)} turns",
            memory / 1_000_000,
            "MB",
            goal=350,
            note=f" ({memory / 2**20:.1f} MiB)",
        ),
        *_pace_rows("over HTTP", alone, together, goal=20),
    ]


def _first_turn(address: str, seconds: float) -> httpx.Response:
    answer = httpx.post(address, data=_form("", MESSAGES[0]), timeout=seconds, trust_env=False, headers=_PART)
    _check(answer)
    return answer


async def _over_http(address: str, process: psutil.Process) -> tuple[Pace, int, Pace]:
    """The pace of one session at a time, the bytes resident after it, and the pace of many sessions at once."""
    limits = httpx.Limits(max_connections=SESSIONS_AT_ONCE, max_keepalive_connections=SESSIONS_AT_ONCE)
    async with httpx.AsyncClient(
        base_url=address, timeout=TURN_DEADLINE, limits=limits, trust_env=False, headers=_PART
    ) as client:
        alone = await _one_at_a_time(lambda: _HttpConversation(client).say)
        memory = int(process.memory_info().rss)
        return alone, memory, await _all_at_once(lambda: _HttpConversation(client).say)


async def _in_process() -> list[Row]:
    """The rows of the engine without a server, on the model and directory that the server has left."""
    logs.configure()
    absent_packages.install(serving=True)
    from bot.engine.engine import Engine
    from bot.settings import settings

    engine = Engine.load(settings().models)
    names = map(str, range(sys.maxsize))

    async def turn(session: str, text: str) -> None:
        async with asyncio.timeout(TURN_DEADLINE):
            if any(reply.id == _BROKEN for reply in (await engine.turn(session, text, begin=True)).replies):
                raise BenchmarkError(f"The engine could not answer {text!r}; what it logged stands above.")

    def begin() -> Say:
        return partial(turn, next(names))

    # The served process has answered once when its turns are timed; this one does the same.
    await begin()(MESSAGES[0])
    parses = [await _milliseconds(engine.parse(text)) for text in MESSAGES * VISITS]
    alone = await _one_at_a_time(begin)
    together = await _all_at_once(begin)
    early, late = [], []
    for number in range(LATE_CONVERSATIONS):
        start, long_talk = number * len(LATE_TURNS), begin()
        await _talk(long_talk, LATE_TURNS[0] - 1, start)
        # One of each in turn, with the same message, so that what else the machine does slows both.
        for position in LATE_TURNS:
            late += await _talk(long_talk, 1, start + position - 1)
            early.append((await _talk(begin(), EARLY_TURN, start + position - EARLY_TURN))[-1])
    middle = LATE_TURNS[len(LATE_TURNS) // 2]
    return [
        Row("Reading a message in process, median", median(parses), "ms", goal=8),
        *_pace_rows("in process", alone, together, goal=12),
        Row(f"Turn {EARLY_TURN} of a conversation in process, median", median(early), "ms"),
        Row(f"Turn {middle} of a conversation in process, median", median(late), "ms"),
        Row(f"Turn {middle} against turn {EARLY_TURN}", median(late) / median(early), "times", goal=1.2, digits=2),
    ]


def _pace_rows(where: str, alone: Pace, together: Pace, goal: float) -> list[Row]:
    """The rows of turns; `goal` is for the median of one session, in milliseconds."""
    return [
        Row(f"A turn {where}, 1 session, median", alone.middle, "ms", goal=goal),
        Row(f"A turn {where}, 1 session, 95th percentile", alone.slow, "ms"),
        Row(f"Turns {where}, 1 session", alone.rate, "a second"),
        Row(f"A turn {where}, {SESSIONS_AT_ONCE} sessions at once, median", together.middle, "ms"),
        Row(f"A turn {where}, {SESSIONS_AT_ONCE} sessions at once, 95th percentile", together.slow, "ms"),
        Row(f"Turns {where}, {SESSIONS_AT_ONCE} sessions at once", together.rate, "a second"),
    ]


async def _one_at_a_time(begin: Callable[[], Say]) -> Pace:
    """VISITS conversations of all messages, one after another."""
    began = time.perf_counter()
    times = [spent for _ in range(VISITS) for spent in await _talk(begin(), len(MESSAGES))]
    return Pace(times, time.perf_counter() - began)


async def _all_at_once(begin: Callable[[], Say]) -> Pace:
    """SESSIONS_AT_ONCE conversations of all messages at the same time, each at another message."""
    began = time.perf_counter()
    talks = await asyncio.gather(*(_talk(begin(), len(MESSAGES), start) for start in range(SESSIONS_AT_ONCE)))
    return Pace([spent for talk in talks for spent in talk], time.perf_counter() - began)


async def _milliseconds(work: Awaitable[object]) -> float:
    began = time.perf_counter()
    await work
    return (time.perf_counter() - began) * 1000


async def _talk(say: Say, turns: int, start: int = 0) -> list[float]:
    """Milliseconds of each turn of one conversation that goes round MESSAGES, beginning at number `start`."""
    times = []
    for number in range(start, start + turns):
        began = time.perf_counter()
        # A turn in process never gives way, so without this the sessions would follow each other and none would wait.
        await asyncio.sleep(0)
        await say(MESSAGES[number % len(MESSAGES)])
        times.append((time.perf_counter() - began) * 1000)
    return times


class _HttpConversation:
    """One conversation over HTTP, as the page's script holds it."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._token = ""

    async def say(self, text: str) -> None:
        """Post one message. Raises BenchmarkError if it is refused or fails."""
        answer = await self._client.post("/", data=_form(self._token, text))
        _check(answer)
        found = _TOKEN.search(answer.text)
        if found is None:
            raise BenchmarkError("The server answered without the attribute data-session; no conversation can go on.")
        self._token = found[1]


def _form(session: str, text: str) -> Mapping[str, str]:
    return {"session": session, "text": text}


def _check(answer: httpx.Response) -> None:
    if answer.status_code != 200 or f'data-answer="{_BROKEN}"' in answer.text:
        raise BenchmarkError(f"The server could not answer a turn (status {answer.status_code}).")


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
