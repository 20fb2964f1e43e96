"""Requests that nobody sends by chance: each gets a clear answer, and the service is there afterwards."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from urllib.parse import quote_from_bytes, urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.application import create_application
from bot.engine.conversation_store import conversation_id
from bot.engine.engine import Engine
from tests.web.conftest import serve_in_thread, unlimited
from tests.web.test_http import FORM, PART, Page

PATHS = ("/", "/sheet", "/livez", "/readyz", "/launcher.js", "/static/chat.js", "/static/", "/metrics", "/nothing")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "X")
CLEAR = {200, 204, 303, *range(400, 418), 421, 422, 425, 426, 428, 429, 431}
UNREAD = "Invalid HTTP request received."
LONGEST_ANSWER = 20  # seconds
# The same requests in each run. A turn of the real model takes what it takes.
FUZZ = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60)
header_values = st.one_of(
    printable,
    st.binary(max_size=60).map(lambda raw: raw.translate(None, b"\r\n\x00").decode("latin-1").strip()),
    st.sampled_from(["", "null", "*", "same-origin", "cross-site", "turn", "a" * 5000, "127.0.0.1", "[::1", "-1", "0"]),
)
header_names = st.sampled_from(
    [
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Authorization",
        "Content-Encoding",
        "Cookie",
        "Expect",
        "Forwarded",
        "Host",
        "If-Modified-Since",
        "If-None-Match",
        "Origin",
        "Range",
        "Referer",
        "Sec-Fetch-Site",
        "Upgrade",
        "User-Agent",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-HTTP-Method-Override",
        "X-Part",
    ]
)
header_sets = st.dictionaries(header_names, header_values, max_size=6)
texts = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        ["\x00", "hello\x00", "/restart", "/ask{", "{{7*7}}", "' OR 1=1 --", "\u202e", "%", "i want to die"]
    ),
)
names = st.one_of(st.sampled_from(["session", "text", "choice", "session[]", "TEXT", "", "\x00"]), st.text(max_size=8))
forms = st.lists(st.tuples(names, texts), max_size=8)
bodies = st.one_of(st.binary(max_size=200), st.binary(max_size=80).map(lambda raw: b"text=" + raw))
content_types = st.one_of(
    st.sampled_from(
        [
            FORM,
            f"{FORM}; charset=utf-16",
            FORM.upper(),
            "application/json",
            "text/plain",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "application/xml",
            ";",
            "",
        ]
    ),
    printable,
)


@pytest.fixture(scope="module")
def served(engine: Engine) -> Iterator[str]:
    """The address of a real server, which takes any number of turns."""
    settings = unlimited(embed_origins=("https://www.example.org",))
    with serve_in_thread(lambda ready: create_application(engine, settings, ready)) as address:
        yield address


@pytest.fixture(scope="module")
def visitor(served: str) -> Iterator[httpx.Client]:
    """Asks the server, and checks each answer."""

    def check(response: httpx.Response) -> None:
        response.read()
        _expect_clear(response)

    with httpx.Client(
        base_url=served, follow_redirects=True, timeout=LONGEST_ANSWER, event_hooks={"response": [check]}
    ) as client:
        yield client


def _expect_clear(response: httpx.Response) -> None:
    """A status that says what was wrong, the headers of every answer, and help wherever a person could read it."""
    if response.text == UNREAD:
        # It was no HTTP, so that nothing of ours saw it; uvicorn hangs up.
        assert (response.status_code, response.headers["connection"]) == (400, "close")
        return
    assert response.status_code in CLEAR, response.text
    assert response.headers["cache-control"] == "no-store"
    assert "set-cookie" not in response.headers
    assert "Traceback" not in response.text
    if response.status_code >= 400 and response.request.method != "HEAD":
        assert response.headers["content-type"].startswith("text/html")
        assert "tel:988" in {link for _, link in Page(response.text).spoken}


def _expect_up(visitor: httpx.Client) -> None:
    response = visitor.post("/", data={"text": "what does it cost"})
    assert response.status_code == 200
    assert Page(response.text).answers == ["cost"]


def _raw(served: str, request: bytes) -> bytes:
    """Send bytes as they are, and read until the server hangs up or nothing more comes."""
    address = urlsplit(served)
    with socket.create_connection((address.hostname, address.port), timeout=LONGEST_ANSWER) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


# Fuzzing


@FUZZ
@given(method=st.sampled_from(METHODS), path=st.sampled_from(PATHS), headers=header_sets)
def test_any_headers(visitor: httpx.Client, method: str, path: str, headers: dict[str, str]) -> None:
    visitor.request(method, path, headers={name.encode(): value.encode("latin-1") for name, value in headers.items()})


@FUZZ
@given(path=st.sampled_from(["/", "/sheet"]), fields=forms, part=st.booleans())
def test_any_form(visitor: httpx.Client, path: str, fields: list[tuple[str, str]], part: bool) -> None:
    body = "&".join(
        f"{quote_from_bytes(name.encode('utf-8', 'surrogatepass'))}="
        f"{quote_from_bytes(value.encode('utf-8', 'surrogatepass'))}"
        for name, value in fields
    )
    visitor.post(path, content=body, headers={"content-type": FORM, **(PART if part else {})})


@FUZZ
@given(path=st.sampled_from(PATHS), body=bodies, content_type=content_types)
def test_any_body_of_any_type(visitor: httpx.Client, path: str, body: bytes, content_type: str) -> None:
    visitor.post(path, content=body, headers={"content-type": content_type})


@FUZZ
@given(path=st.binary(max_size=60).map(quote_from_bytes), query=st.binary(max_size=60).map(quote_from_bytes))
def test_any_address(visitor: httpx.Client, path: str, query: str) -> None:
    visitor.get(f"/{path}?{query}")
    visitor.get(f"/static/{path}")


@FUZZ
@given(token=st.one_of(st.text(max_size=60), st.from_regex(r"\A[A-Za-z0-9_-]{22}\Z")))
def test_any_token(visitor: httpx.Client, token: str) -> None:
    for path in ("/", "/sheet"):
        response = visitor.post(path, data={"session": token, "text": "show my goals"})
        if token:
            assert response.status_code == 410
            assert Page(response.text).answers == ["session_unknown"]
    assert not token or Page(response.text).session == ""


@FUZZ
@given(line=st.binary(max_size=120))
def test_any_bytes(served: str, line: bytes) -> None:
    answer = _raw(served, line + b"\r\n\r\n")
    assert not answer or answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 3", b"HTTP/1.1 4"))


def test_the_service_is_up_after_all_this(visitor: httpx.Client) -> None:
    _expect_up(visitor)


# Requests of their own


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", PATHS)
def test_every_method_on_every_address_is_answered_clearly(visitor: httpx.Client, method: str, path: str) -> None:
    visitor.request(method, path)


@pytest.mark.parametrize(
    "request_line",
    [
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n",
        b"GET http://example.org/ HTTP/1.1\r\nHost: example.org\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: example.org\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\x00\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=lambda line: line[:30].decode("latin-1"),
)
def test_broken_requests_get_no_page_and_do_no_harm(served: str, visitor: httpx.Client, request_line: bytes) -> None:
    try:
        answer = _raw(served, request_line)
    except OSError:
        answer = b""  # the server hung up before it had read everything
    assert b"HTTP/1.1 5" not in answer
    assert not answer.startswith(b"HTTP/1.1 2")
    _expect_up(visitor)


def test_null_bytes_are_no_danger(visitor: httpx.Client) -> None:
    for form in ({"text": "\x00"}, {"session": "\x00", "text": "a"}, {"choice": "\x00"}, {"\x00": "\x00"}):
        visitor.post("/", data=form)
    page = Page(visitor.post("/", data={"text": "what does it cost\x00"}).text)
    assert page.answers == ["cost"]


@pytest.mark.parametrize(
    ("token", "path"),
    [(token, path) for token in ("", "forged", "A" * 22, "A" * 15_000, "é" * 22, "../..") for path in ("/", "/sheet")],
)
def test_forged_tokens_open_nothing(visitor: httpx.Client, token: str, path: str) -> None:
    response = visitor.post(path, data={"session": token, "text": "show my goals"})
    if token:
        assert response.status_code == 410
        assert Page(response.text).session == ""


async def test_a_token_is_worth_nothing_once_its_talk_is_gone(client: httpx.AsyncClient, engine: Engine) -> None:
    token = Page((await client.post("/", data={"text": "i want him to say sorry"})).text).session
    await engine.erase(conversation_id(token))
    for path in ("/", "/sheet"):
        for _ in range(2):
            response = await client.post(path, data={"session": token, "text": "show my goals"})
            assert response.status_code == 410
            assert Page(response.text).answers == ["session_unknown"]
    # Nor does a refused try bring it back under the old name.
    again = Page((await client.post("/", data={"text": "show my goals"})).text)
    assert again.answers == ["no_goals_yet"]
    assert again.session != token


async def test_many_requests_at_once_on_one_token_are_answered_in_turn_or_told_to_wait(engine: Engine) -> None:
    limited = unlimited(turns_per_minute=10)
    transport = httpx.ASGITransport(create_application(engine, limited))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", follow_redirects=True) as client:
        token = Page((await client.post("/", data={"text": "i want him to say sorry"})).text).session
        wanted = {"session": token, "text": "show my goals"}
        responses = await asyncio.gather(*(client.post("/", data=wanted) for _ in range(40)))
        taken = [response for response in responses if response.status_code == 200]
        assert len(taken) == 10
        assert all(Page(response.text).answers == ["my_goals"] for response in taken)
        assert {response.status_code for response in responses} == {200, 429}
        assert all("tel:988" in response.text for response in responses)


def test_many_requests_at_once_on_a_real_server(served: str) -> None:
    async def ask() -> list[int]:
        limits = httpx.Limits(max_connections=60)
        async with httpx.AsyncClient(base_url=served, follow_redirects=True, timeout=60, limits=limits) as client:
            token = Page((await client.post("/", data={"text": "hello"})).text).session
            sent = [client.post("/", data={"session": token, "text": "what does it cost"}) for _ in range(30)]
            sent += [client.post("/", data={"session": "forged", "text": "hello"}) for _ in range(30)]
            return [response.status_code for response in await asyncio.gather(*sent)]

    assert asyncio.run(ask()) == [200] * 30 + [410] * 30


def test_a_flood_of_new_talks_is_held_up_and_help_is_still_shown(engine: Engine) -> None:
    limited = unlimited(address_turns_per_minute=5)
    with serve_in_thread(lambda ready: create_application(engine, limited, ready)) as address:
        with httpx.Client(base_url=address, follow_redirects=True) as client:
            before = asyncio.run(engine.conversations_held())
            statuses = [client.post("/", data={"text": "hello"}).status_code for _ in range(20)]
            in_danger = client.post("/", data={"text": "i want to die"})
            assert client.get("/").status_code == 200
        assert asyncio.run(engine.conversations_held()) - before <= 6
    assert statuses[:5] == [200] * 5
    assert statuses.count(429) >= 13  # one more may be let in while this runs
    assert Page(in_danger.text).answers == ["crisis_suicide"]
