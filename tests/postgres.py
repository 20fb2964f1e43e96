"""A schema of its own in FOOTBRIDGE_TEST_POSTGRES for a test, and a way to cut the connection to it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

import pytest
from sqlalchemy import URL, make_url

from bot.directory.database import connect


@contextmanager
def new_schema() -> Iterator[URL]:
    """The URL of a new schema, which is dropped at the end. Skips the test where there is no PostgreSQL."""
    server = os.environ.get("FOOTBRIDGE_TEST_POSTGRES")
    if not server:
        pytest.skip("FOOTBRIDGE_TEST_POSTGRES is not set")
    schema = f"footbridge_test_{uuid4().hex}"
    administrator = connect(server)
    with administrator.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    try:
        yield make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
    finally:
        with administrator.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
        administrator.dispose()


class Wire:
    """Passes bytes between a port of this machine and a server, until it is cut.

    Attributes:
        url: the server's URL by way of the wire.
    """

    def __init__(self, url: URL) -> None:
        self._server = (url.host or "127.0.0.1", url.port or 5432)
        self._ends: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._port = int(self._listening.getsockname()[1])
        self.url = url.set(host="127.0.0.1", port=self._port)
        self._accept()

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        for end in [self._listening, *self._ends]:
            _end(end)
        self._ends = []

    def mend(self) -> None:
        """Let connections through again."""
        self._listening = socket.create_server(("127.0.0.1", self._port))
        self._accept()

    def _accept(self) -> None:
        threading.Thread(target=self._pass_on, args=(self._listening,), daemon=True).start()

    def _pass_on(self, listening: socket.socket) -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            far = socket.create_connection(self._server)
            self._ends += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while taken := one.recv(65536):
            other.sendall(taken)
    _end(one)
    _end(other)


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)  # to close it is not enough while another thread reads from it
    end.close()
