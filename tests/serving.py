"""`footbridge serve` as a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot.settings import PROJECT
from tests.web.conftest import LONGEST_START

FOOTBRIDGE = Path(sys.executable).parent / "footbridge"
LONGEST_STOP = 20  # seconds


@dataclass(frozen=True)
class Served:
    """A server that has answered once.

    Attributes:
        address: where its page is.
        process: the process, whose output goes to `printed`.
    """

    address: str
    process: subprocess.Popen[bytes]
    printed: Path


@contextmanager
def serving(
    folder: Path, *, command: Sequence[str | Path] = (FOOTBRIDGE, "serve"), **environment: str
) -> Iterator[Served]:
    """Serve the page with the settings of the test run and `environment`, until the end.

    Args:
        folder: takes what the process prints, on standard output and standard error.
        command: what serves.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    printed = folder / f"printed by {port}.txt"
    variables = {**os.environ, "PYTHONUNBUFFERED": "1", "FOOTBRIDGE_PORT": str(port), **environment}
    with printed.open("wb") as sink:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=PROJECT, env=variables, stdout=sink, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for_answer(address, process, printed)
        yield Served(address, process, printed)
    finally:
        process.terminate()
        try:
            process.wait(LONGEST_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_answer(address: str, process: subprocess.Popen[bytes], printed: Path) -> None:
    """Wait until the page is there."""
    tired = threading.Event()
    for _ in range(LONGEST_START * 10):
        assert process.poll() is None, printed.read_text()
        try:
            # The process listens long before it answers, so one request may wait for most of the start.
            assert httpx.get(address, timeout=LONGEST_START, trust_env=False).status_code == 200
        except httpx.TransportError:
            tired.wait(0.1)
            continue
        return
    raise AssertionError(f"the server did not start: {printed.read_text()}")
