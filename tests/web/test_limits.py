"""What keeps others out: headers, hosts, messages from other sites, sizes, rates, tokens."""

from __future__ import annotations

import base64
import logging
import re
import resource
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from bot.answers.catalog import catalog
from bot.channels.application import create_application
from bot.channels.web.crowding import MOST_CONNECTIONS
from bot.channels.web.forms import LONGEST_FORM
from bot.channels.web.metrics import Metrics
from bot.channels.web.rates import MINUTE, MOST_KEPT, AddressDigests, Rate
from bot.engine.conversation_store import conversation_id
from bot.engine.engine import Engine
from bot.settings import SettingError, Settings
from tests.kept import kept
from tests.web.conftest import serve_in_thread, unlimited
from tests.web.test_http import FORM, PART, Page
from tests.web.visitors import in_own_loop

HERE = "203.0.113.7"
ELSEWHERE = "198.51.100.9"


@asynccontextmanager
async def _opened(
    engine: Engine, settings: Settings, peer: str = HERE, host: str = "localhost"
) -> AsyncIterator[httpx.AsyncClient]:
    """Asks an application of its own, from an address."""
    transport = httpx.ASGITransport(create_application(engine, settings), client=(peer, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}", follow_redirects=True) as client:
        yield client


def _application_for(engine: Engine, settings: Settings) -> Callable[[str], httpx.AsyncClient]:
    """Makes clients that ask one application from different addresses."""
    application = create_application(engine, settings)

    def client(peer: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(application, client=(peer, 50_000))
        return httpx.AsyncClient(transport=transport, base_url="http://localhost", follow_redirects=True)

    return client


def _directives(response: httpx.Response) -> dict[str, str]:
    parts = response.headers["content-security-policy"].split(";")
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in parts)}


def _has_help(response: httpx.Response) -> bool:
    return {"tel:988", "tel:911"} <= {link for _, link in Page(response.text).spoken}


# Headers


async def test_nothing_may_embed_the_page_unless_a_setting_names_it(engine: Engine) -> None:
    async with _opened(engine, unlimited()) as client:
        response = await client.get("/")
    assert _directives(response)["frame-ancestors"] == "'none'"
    assert response.headers["x-frame-options"] == "DENY"
    for name in ("cross-origin-opener-policy", "cross-origin-resource-policy"):
        assert response.headers[name] == "same-origin"
    features = response.headers["permissions-policy"].split(", ")
    assert {"camera=()", "microphone=()", "geolocation=()", "clipboard-read=()"} <= set(features)
    assert all(feature.endswith("=()") for feature in features)


async def test_the_origins_of_the_setting_and_no_others_may_embed_it(engine: Engine) -> None:
    settings = unlimited(embed_origins=("https://www.example.org", "https://example.net:8443"))
    async with _opened(engine, settings) as client:
        page, script = await client.get("/"), await client.get("/launcher.js")
    assert _directives(page)["frame-ancestors"] == "https://www.example.org https://example.net:8443"
    assert "x-frame-options" not in page.headers  # it cannot name who may
    assert page.headers["cross-origin-resource-policy"] == "same-origin"
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_no_script_or_style_may_stand_in_the_page(engine: Engine) -> None:
    async with _opened(engine, unlimited()) as client:
        directives = _directives(await client.get("/"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'self'"
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*"} & set(" ".join(directives.values()).split())


@pytest.mark.parametrize(
    ("proxies", "says", "kept_to"),
    [((), "https", False), ((HERE,), "https", True), ((HERE,), "http", False), ((ELSEWHERE,), "https", False)],
    ids=["unknown proxy", "known proxy", "known proxy without https", "other proxy"],
)
async def test_https_is_kept_to_only_where_a_known_proxy_says_so(
    engine: Engine, proxies: tuple[str, ...], says: str, kept_to: bool
) -> None:
    async with _opened(engine, unlimited(proxies=proxies)) as client:
        response = await client.get("/", headers={"x-forwarded-proto": says})
    assert response.headers.get("strict-transport-security") == ("max-age=31536000" if kept_to else None)


# Hosts


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "192.168.1.20:8000"])
async def test_who_just_runs_it_needs_no_setting(engine: Engine, host: str) -> None:
    async with _opened(engine, unlimited()) as client:
        assert (await client.get("/", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["chat.example.org", "localhost.example.org", "127.0.0.1.example.org", "", "[::1", "a b", "localhost@x.org"]
)
@pytest.mark.parametrize("path", ["/", "/static/chat.js", "/launcher.js"])
async def test_another_name_is_refused_with_help_and_the_log_says_what_to_set(
    engine: Engine, caplog: pytest.LogCaptureFixture, host: str, path: str
) -> None:
    async with _opened(engine, unlimited()) as client:
        with caplog.at_level(logging.DEBUG):
            responses = [await client.get(path, headers={"host": host}) for _ in range(3)]
    for response in responses:
        assert response.status_code == 400
        assert Page(response.text).answers == ["host_unknown"]
        assert _has_help(response)
    told = [record.getMessage() for record in caplog.records if "FOOTBRIDGE_HOSTS" in record.getMessage()]
    assert len(told) == 1
    assert not host or host not in told[0]


async def test_a_name_of_the_setting_opens_the_page(engine: Engine) -> None:
    async with _opened(engine, unlimited(hosts=("chat.example.org",)), host="chat.example.org") as client:
        assert (await client.get("/")).status_code == 200
        assert (await client.get("/", headers={"host": "CHAT.example.org:443"})).status_code == 200
        assert (await client.get("/", headers={"host": "www.example.org"})).status_code == 400


# Messages from other sites


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "nonsense"},
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:9999"},
        {"origin": "http://localhost.evil.example"},
        {"origin": "localhost"},
        {"origin": ""},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/", "/sheet"])
async def test_a_message_from_another_site_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str], path: str
) -> None:
    response = await client.post(path, data={"text": "hello"}, headers=headers)
    assert response.status_code == 403
    assert Page(response.text).answers == ["sent_from_elsewhere"]
    assert _has_help(response)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin", "origin": "null"},
        {"sec-fetch-site": "none"},
        {"origin": "http://localhost"},
        {"origin": "https://localhost"},
        {"origin": "null"},
    ],
    ids=str,
)
async def test_the_page_itself_and_old_browsers_are_let_in(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    response = await client.post("/", data={"text": "hello"}, headers=headers)
    assert response.status_code == 200
    assert Page(response.text).answers == ["greet"]


async def test_danger_in_a_form_of_another_site_is_heard(client: httpx.AsyncClient) -> None:
    response = await client.post("/", data={"text": "i want to die"}, headers={"sec-fetch-site": "cross-site"})
    assert response.status_code == 403
    assert Page(response.text).answers == ["crisis_suicide"]


# Sizes


async def test_a_body_of_100_kilobytes_is_refused_and_heard(client: httpx.AsyncClient) -> None:
    for text, answer in (("a" * 100_000, "request_too_large"), ("word " * 20_000 + "i want to die", "crisis_suicide")):
        response = await client.post("/", data={"text": text})
        assert response.status_code == 413
        assert Page(response.text).answers == [answer]
        assert _has_help(response)


async def test_what_is_counted_is_everything_in_the_form(client: httpx.AsyncClient) -> None:
    fields = {f"field{number}": "a" * (LONGEST_FORM // 10) for number in range(11)}
    assert (await client.post("/", data={**fields, "text": "hello"})).status_code == 413
    assert (await client.post("/", data={"session": "a" * (LONGEST_FORM + 1)})).status_code == 413


@pytest.mark.parametrize(
    "two", ["ab", "\u00e9\u00e8", "\u4f60\u597d", "\U0001f622\U0001f610"], ids=["1 byte", "2 bytes", "3", "4"]
)
async def test_ten_thousand_characters_of_any_alphabet_are_taken(client: httpx.AsyncClient, two: str) -> None:
    response = await client.post("/", data={"text": two * 5_000})
    assert response.status_code == 200
    assert Page(response.text).answers[-1] == "too_long"


# Rates


def _rate(per_minute: int) -> tuple[Rate, list[float]]:
    now = [1000.0]
    return Rate(per_minute, lambda: now[0]), now


def test_a_bucket_empties_and_fills_again_with_time() -> None:
    rate, now = _rate(3)
    assert [rate.take(b"a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert rate.take(b"a") == pytest.approx(20.0)
    assert rate.take(b"b") == 0.0  # somebody else's
    now[0] += 10
    assert rate.take(b"a") == pytest.approx(10.0)  # to ask again does not make it longer
    now[0] += 10.001
    assert rate.take(b"a") == 0.0
    assert rate.take(b"a") > 0.0
    now[0] += 10 * MINUTE
    assert [rate.take(b"a") for _ in range(3)] == [0.0, 0.0, 0.0]  # never more than a minute's worth
    assert rate.take(b"a") > 0.0


def test_what_was_silent_for_a_minute_is_not_held_any_more() -> None:
    rate, now = _rate(3)
    rate.take(b"a")
    now[0] += MINUTE / 2
    rate.take(b"b")
    rate.forget()
    assert len(rate) == 2
    now[0] += MINUTE / 2 + 0.001
    rate.forget()
    assert len(rate) == 1
    now[0] += MINUTE
    rate.forget()
    assert len(rate) == 0


def test_however_many_come_the_memory_is_bounded() -> None:
    rate, _ = _rate(3)
    for number in range(MOST_KEPT + 500):
        rate.take(number.to_bytes(4, "big"))
        assert len(rate) <= MOST_KEPT


def test_addresses_are_told_apart_as_households_and_held_as_digests_of_this_process() -> None:
    addresses = AddressDigests()
    one = addresses.digest("203.0.113.7")
    assert one == addresses.digest("203.0.113.7") == addresses.digest("::ffff:203.0.113.7")
    assert one != addresses.digest("203.0.113.8")
    # The last address of a network of 56 bits, and the first of the next.
    assert addresses.digest("2001:db8:0:100::1") == addresses.digest("2001:db8:0:1ff:ffff:ffff:ffff:ffff")
    assert addresses.digest("2001:db8:0:100::1") != addresses.digest("2001:db8:0:200::")
    assert addresses.digest("fe80::1%eth0") == addresses.digest("fe80::2")
    assert addresses.digest("unix") != addresses.digest("")
    assert one != AddressDigests().digest("203.0.113.7")
    assert b"203" not in one


async def test_a_talk_that_goes_too_fast_is_told_so_and_goes_on(engine: Engine) -> None:
    async with _opened(engine, unlimited(turns_per_minute=2)) as client:
        first = Page((await client.post("/", data={"text": "i want him to say sorry"})).text)
        assert first.session
        for _ in range(2):
            ok = await client.post("/", data={"session": first.session, "text": "what does it cost"})
            assert ok.status_code == 200
        refused = await client.post("/", data={"session": first.session, "text": "what does it cost"})
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 30
        page = Page(refused.text)
        assert page.answers == ["too_fast"]
        assert page.session == first.session
        assert _has_help(refused)
        # Somebody else's talk is not held up.
        assert (await client.post("/", data={"text": "hello"})).status_code == 200


@pytest.mark.parametrize("before", ["", "word " * 3000], ids=["short", "long"])
async def test_help_is_shown_however_fast_somebody_in_danger_types(engine: Engine, before: str) -> None:
    async with _opened(engine, unlimited(address_turns_per_minute=1)) as client:
        await client.post("/", data={"text": "hello"})
        refused = await client.post("/", data={"text": f"{before}i want to die"}, headers=PART)
        at_the_beginning = await client.post("/", data={"text": f"i want to die {before}"}, headers=PART)
    for response in (refused, at_the_beginning):
        assert response.status_code == 429
        page = Page(response.text)
        assert page.answers == ["crisis_suicide"]
        assert "tel:988" in {link for _, link in page.spoken}


async def test_an_address_is_limited_over_all_its_talks_and_nobody_else_is(engine: Engine) -> None:
    client = _application_for(engine, unlimited(address_turns_per_minute=2))
    async with client(HERE) as here, client(ELSEWHERE) as elsewhere:
        assert [(await here.post("/", data={"text": "hello"})).status_code for _ in range(3)] == [200, 200, 429]
        assert (await here.get("/")).status_code == 200  # reading is free, and help stands there
        assert (await elsewhere.post("/", data={"text": "hello"})).status_code == 200


async def test_nobody_can_pass_for_another_address_but_a_known_proxy(engine: Engine) -> None:
    settings = unlimited(address_turns_per_minute=1, proxies=("10.0.0.0/8",))
    client = _application_for(engine, settings)

    async def send(asking: httpx.AsyncClient, forwarded: str) -> int:
        sent = await asking.post("/", data={"text": "hello"}, headers={"x-forwarded-for": forwarded})
        return sent.status_code

    async with client(HERE) as direct, client("10.1.2.3") as proxy:
        assert [await send(direct, f"192.0.2.{number}") for number in range(3)] == [200, 429, 429]
        assert [await send(proxy, f"192.0.2.{number}") for number in range(3)] == [200, 200, 200]
        # What the visitor wrote stands before what the proxy adds.
        assert await send(proxy, "192.0.2.99, 192.0.2.1") == 429


async def test_an_address_begins_only_so_many_talks_and_goes_on_with_those_it_has(engine: Engine) -> None:
    client = _application_for(engine, unlimited(address_talks_per_minute=2))
    held = await engine.conversations_held()
    async with (
        client("2001:db8:0:1::1") as here,
        client("2001:db8:0:2::9") as housemate,
        client(HERE) as elsewhere,
    ):
        begun = [await here.post("/", data={"text": "hello"}) for _ in range(2)]
        assert [response.status_code for response in begun] == [200, 200]
        for asking, path, form in (
            (here, "/", {"text": "hello"}),
            (housemate, "/", {"choice": "/help_menu"}),
            (here, "/sheet", {"session": ""}),
        ):
            refused = await asking.post(path, data=form)
            assert refused.status_code == 429
            assert 1 <= int(refused.headers["retry-after"]) <= 30
            assert Page(refused.text).answers == ["too_fast"]
            assert _has_help(refused)
        in_danger = await here.post("/", data={"text": "i want to die"})
        assert (in_danger.status_code, Page(in_danger.text).answers) == (429, ["crisis_suicide"])
        assert await engine.conversations_held() == held + 2
        # An empty form begins nothing, and a talk that has begun is not held up.
        assert (await here.post("/", data={"text": " "})).status_code == 200
        token = Page(begun[0].text).session
        assert Page((await here.post("/", data={"session": token, "text": "hello"})).text).answers == ["greet"]
        assert (await elsewhere.post("/", data={"text": "hello"})).status_code == 200


# Connections


def test_above_the_most_connections_a_message_is_answered_with_help_and_its_danger_is_heard(engine: Engine) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))  # both ends of each connection are here
    metrics = Metrics(catalog())
    held = in_own_loop(engine.conversations_held())
    with (
        serve_in_thread(lambda ready: create_application(engine, unlimited(), ready, metrics)) as address,
        httpx.Client(base_url=address, follow_redirects=True, timeout=30, trust_env=False) as client,
        ExitStack() as opened,
    ):
        there = (urlsplit(address).hostname, urlsplit(address).port)
        for _ in range(MOST_CONNECTIONS):
            opened.enter_context(socket.create_connection(there))
        token = "A" * 22
        answers = {"what does it cost": "too_busy", f"{'word ' * 2000} i want to die": "crisis_suicide"}
        for said, answer in answers.items():
            refused = client.post("/", data={"session": token, "text": said}, headers=PART)
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) > 0
            assert refused.headers["cache-control"] == "no-store"
            assert Page(refused.text).answers == [answer]
            assert Page(refused.text).session == token  # the talk can go on with it later
            assert "tel:988" in {link for _, link in Page(refused.text).spoken}
        assert client.post("/", content=b"\xff", headers={"content-type": FORM}).status_code == 400
        # The first view has help, and nobody who leaves is held up.
        assert _has_help(client.get("/"))
        assert client.post("/leave", data={"session": token}).status_code == 204
        opened.close()
        # Closed connections make room again.
        assert client.post("/", data={"text": "hello"}, headers=PART).status_code in (200, 503)
        while client.post("/", data={"session": token, "text": "hello"}, headers=PART).status_code == 503:
            continue
    assert in_own_loop(engine.conversations_held()) - held in (0, 1)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# Tokens


async def test_a_token_is_128_random_bits_and_only_its_digest_is_held(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    tokens = {Page((await client.post("/", data={"text": "hello"})).text).session for _ in range(20)}
    assert len(tokens) == 20
    for token in tokens:
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", token)
        assert len(base64.urlsafe_b64decode(token + "==")) == 16
    held = repr(await kept(engine))
    assert all(conversation_id(token) in held and token not in held for token in tokens)


async def test_nothing_but_the_token_itself_opens_a_talk(client: httpx.AsyncClient) -> None:
    token = Page((await client.post("/", data={"text": "i want him to say sorry"})).text).session
    near = [
        token[:-1],
        token + "A",
        token.swapcase(),
        token[::-1],
        f" {token}",
        f"{token}\x00",
        token + "==",
        "'" + token,
    ]
    for forged in near:
        response = await client.post("/", data={"session": forged, "text": "show my goals"})
        assert response.status_code == 410
        page = Page(response.text)
        assert page.answers == ["session_unknown"]
        assert page.session == ""
    shown = await client.post("/", data={"session": token, "text": "show my goals"})
    assert Page(shown.text).answers == ["my_goals"]


# Logs


def test_the_server_writes_neither_addresses_nor_what_was_asked(
    engine: Engine, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = unlimited(address_turns_per_minute=2, proxies=("127.0.0.1",))
    with (
        caplog.at_level(logging.DEBUG),
        serve_in_thread(lambda ready: create_application(engine, settings, ready)) as address,
    ):
        forwarded = {"x-forwarded-for": ELSEWHERE, "user-agent": "marked agent"}
        sent = [
            httpx.post(
                address, data={"text": "marked words, what does it cost"}, follow_redirects=True, headers=forwarded
            ).status_code
            for _ in range(4)
        ]
        httpx.post(address, data={"session": "marked token"}, follow_redirects=True, headers={"x-forwarded-for": HERE})
        httpx.get(f"{address}/marked/path?text=marked", headers={"host": "marked.example"})
        httpx.post(address, content=b"\xff", headers={"content-type": FORM, "referer": "http://marked.example/"})
    assert sent == [200, 200, 429, 429]
    ours = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))
    )
    printed = capfd.readouterr()
    for written in (ours, printed.out, printed.err):
        assert not re.search("marked", written)
        assert ELSEWHERE not in written
        assert HERE not in written


# Settings


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HOSTS", "https://chat.example.org"),
        ("HOSTS", "chat.example.org:8000"),
        ("HOSTS", "*"),
        ("EMBED_ORIGINS", "https://www.example.org/"),
        ("EMBED_ORIGINS", "www.example.org"),
        ("EMBED_ORIGINS", "*"),
        ("EMBED_ORIGINS", "https://*.example.org"),
        ("EMBED_ORIGINS", "https://example.org:443"),
        ("EMBED_ORIGINS", "https://example.org; script-src *"),
        ("EMBED_ORIGINS", "https://good.example, 'self'"),
        ("PROXIES", "*"),
        ("PROXIES", "proxy.internal"),
        ("PROXIES", "10.0.0.1/8"),
        ("TURNS_PER_MINUTE", "0"),
        ("TURNS_PER_MINUTE", "many"),
        ("ADDRESS_TURNS_PER_MINUTE", "-1"),
        ("ADDRESS_TALKS_PER_MINUTE", "0"),
        ("METRICS", "on"),
        ("METRICS", "9464"),
        ("METRICS", "127.0.0.1:99999"),
        ("EXIT_URL", "https://example.org;script-src"),
        ("EXIT_URL", "https://user@example.org/"),
    ],
)
def test_a_fence_that_cannot_stand_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"FOOTBRIDGE_{variable} .* it takes"):
        Settings.from_environment({f"FOOTBRIDGE_{variable}": value})


def test_fences_are_read_from_the_environment() -> None:
    read = Settings.from_environment(
        {
            "FOOTBRIDGE_HOSTS": "Chat.Example.org, chat.example.net",
            "FOOTBRIDGE_EMBED_ORIGINS": "https://www.example.org,http://localhost:8080",
            "FOOTBRIDGE_PROXIES": "10.0.0.0/8, ::1",
            "FOOTBRIDGE_TURNS_PER_MINUTE": "10",
            "FOOTBRIDGE_ADDRESS_TURNS_PER_MINUTE": "1000",
            "FOOTBRIDGE_ADDRESS_TALKS_PER_MINUTE": "50",
            "FOOTBRIDGE_METRICS": "[::1]:9464",
        }
    )
    assert read.hosts == ("chat.example.org", "chat.example.net")
    assert read.embed_origins == ("https://www.example.org", "http://localhost:8080")
    assert read.proxies == ("10.0.0.0/8", "::1")
    assert (read.turns_per_minute, read.address_turns_per_minute, read.address_talks_per_minute) == (10, 1000, 50)
    assert read.metrics == ("::1", 9464)
    assert Settings.from_environment({}) == Settings()
