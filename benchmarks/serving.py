"""What both benchmarks need of the machine: `footbridge serve` as a process of its own, and the processor's name."""

from __future__ import annotations

import os
import platform
import re
import socket
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

# Seconds. They only end a run that hangs; they are no targets.
START_DEADLINE = 60.0
STOP_DEADLINE = 10.0
POLL_SECONDS = 0.02

Ask = Callable[[str, float], httpx.Response]
"""Asks the server at an address once, within so many seconds. Raises httpx.TransportError where nobody answers."""


class BenchmarkError(RuntimeError):
    """Nothing could be measured; the message says why."""


@contextmanager
def serving(
    printed: Path, ask: Ask, port: int | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[str, subprocess.Popen[bytes], float]]:
    """Serve in a fresh process; yield its address, the process, and the seconds from its start to its first answer.

    Args:
        printed: file that takes what the process prints, after what is there.
        ask: asks for the first answer.
        port: a free one where none is given.
        environment: variables beside those of this process.

    Raises:
        BenchmarkError: it ended, or did not answer in START_DEADLINE seconds; the message holds what it printed.
    """
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    began = time.perf_counter()
    with printed.open("ab") as sink:
        process = subprocess.Popen(
            [command(), "serve"],
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {}), "FOOTBRIDGE_PORT": str(port)},
        )
    try:
        _wait_for_answer(address, ask, process, began + START_DEADLINE, printed)
        yield address, process, time.perf_counter() - began
    finally:
        process.terminate()
        try:
            process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def command() -> str:
    """The command `footbridge` of the Python that runs this. Raises BenchmarkError if it is not installed."""
    path = Path(sysconfig.get_path("scripts")) / "footbridge"
    if not path.is_file():
        raise BenchmarkError(f"{path} is missing. Run `make install-tests`, and then this again.")
    return str(path)


def processor() -> str:
    """The processor's name: Linux tells it in /proc/cpuinfo, other systems through `platform`."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", information.read_text(), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or platform.machine()


def read(printed: Path) -> str:
    """What a process printed."""
    return printed.read_text(errors="replace").strip() or "(nothing)"


def _wait_for_answer(address: str, ask: Ask, process: subprocess.Popen[bytes], deadline: float, printed: Path) -> None:
    """Ask until it is answered; `deadline` is a time of `time.perf_counter`."""
    while (left := deadline - time.perf_counter()) > 0:
        if process.poll() is not None:
            raise BenchmarkError(
                f"`footbridge serve` ended with status {process.returncode}. It printed:\n{read(printed)}"
            )
        try:
            # The process listens long before it answers, so one request may wait for most of the start.
            answer = ask(address, left)
        except httpx.TransportError:
            time.sleep(POLL_SECONDS)  # until it listens, a request fails at once: asking on would take its processor
            continue
        if answer.status_code != 200:
            raise BenchmarkError(f"The server could not answer (status {answer.status_code}).")
        return
    raise BenchmarkError(
        f"`footbridge serve` did not answer at {address} in {START_DEADLINE:g} seconds. It printed:\n{read(printed)}"
    )
