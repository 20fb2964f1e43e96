"""The page over HTTP: what it answers to good and bad requests, and what every answer carries."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import threading
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import pytest

from bot.answers.catalog import catalog
from bot.channels import application
from bot.channels.application import create_application
from bot.channels.web.forms import LARGEST_BODY
from bot.channels.web.links import linked
from bot.engine.conversation_database import ConversationsUnavailable
from bot.engine.conversation_store import conversation_id
from bot.engine.engine import Engine
from bot.settings import settings
from tests.kept import kept
from tests.web.conftest import serve_in_thread

FORM = "application/x-www-form-urlencoded"
PART = {"x-part": "turn"}
MARKED = "marked words"
# Numbers that a phone can call, as people read them.
# Of the programs of Iowa.
NUMBERS_IN_NOTES = {"319-356-6076"}
NUMBER = re.compile(r"(?<![\d-])(?:911|988|(?:1-)?\d{3}-\d{3}-\d{4})(?![\d-])")


class Sent(NamedTuple):
    """A request: method, path, and what else httpx takes."""

    method: str
    path: str
    rest: dict[str, Any]


def _get(path: str) -> Sent:
    return Sent("GET", path, {})


def _post(path: str, **rest: Any) -> Sent:
    return Sent("POST", path, rest)


def _raw(body: bytes, content_type: str = FORM) -> Sent:
    return _post("/", content=body, headers={"content-type": content_type})


# Requests that are refused, the status they get, and the answer that says why.
REFUSED = {
    "unknown session": (_post("/", data={"session": "gone", "text": "hi"}), 410, "session_unknown"),
    "unknown session of a sheet": (_post("/sheet", data={"session": "gone"}), 410, "session_unknown"),
    "unknown choice": (_post("/", data={"choice": '/ask{"topic": "no_topic"}'}), 400, "choice_unknown"),
    "choice of the engine's own": (_post("/", data={"choice": "/restart"}), 400, "choice_unknown"),
    "choice that is no payload": (_post("/", data={"choice": "hello"}), 400, "choice_unknown"),
    "choice cut off": (_post("/", data={"choice": '/ask{"topic": '}), 400, "choice_unknown"),
    "JSON": (_post("/", json={"text": "hi"}), 415, "request_unreadable"),
    "broken JSON": (_raw(b'{"text": ', "application/json"), 415, "request_unreadable"),
    "upload": (_post("/", files={"text": b"hi"}), 415, "request_unreadable"),
    "no content type": (_post("/", content=b"text=hi"), 415, "request_unreadable"),
    "sheet asked for as JSON": (_post("/sheet", json={}), 415, "request_unreadable"),
    "raw bytes that are not UTF-8": (_raw(b"text=\xff\xfe"), 400, "request_unreadable"),
    "percent-encoded bytes that are not UTF-8": (_raw(b"text=%E2%28%A1"), 400, "request_unreadable"),
    "percent-encoded surrogate": (_raw(b"text=%ED%A0%80"), 400, "request_unreadable"),
    "too many fields": (_raw(b"&".join([b"text=a"] * 500)), 400, "request_unreadable"),
    "too large": (_raw(b"text=" + b"a" * LARGEST_BODY), 413, "request_too_large"),
    "no such page": (_get("/nothing/here"), 404, "page_not_found"),
    "no such file": (_get("/static/nothing.js"), 404, "page_not_found"),
    "file outside its folder": (_get("/static/%2e%2e/application.py"), 404, "page_not_found"),
    "no such method": (Sent("PUT", "/", {}), 405, "page_not_found"),
    "sheet without a form": (_get("/sheet"), 405, "page_not_found"),
    "changing a file": (Sent("DELETE", "/static/chat.js", {}), 405, "page_not_found"),
}
PAGES = {
    "opening": _get("/"),
    "turn": _post("/", data={"text": "hello"}),
    "sheet": _post("/sheet", data={"session": ""}),
}
ALL_REQUESTS = {
    **PAGES,
    "turn as a part": _post("/", data={"text": "hello"}, headers=PART),
    **{path: _get(path) for path in ("/static/chat.js", "/static/footbridge.css", "/static/icon.svg")},
    **{name: sent for name, (sent, _, _) in REFUSED.items()},
}


class Page(HTMLParser):
    """What a person, or their browser, finds in an answer's HTML.

    Attributes:
        answers: ids of the answers shown, in order.
        links: addresses by the class of their link.
        tags: the attributes of each link, by its words.
        forms: the attributes of each form.
        choices: what each choice sends, by its title.
        session: the token of the conversation; `sessions` has it for each form.
        spoken: pieces of text, each with the address it links to, or None.
        exit_address: where leaving leads.
        sources: addresses that the page loads or sends to by itself.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.answers: list[str] = []
        self.links: dict[str, str] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.forms: list[dict[str, str]] = []
        self.choices: dict[str, str] = {}
        self.sessions: list[str] = []
        self.spoken: list[tuple[str, str | None]] = []
        self.sources: list[str] = []
        self.session = ""
        self.exit_address = ""
        self._link: str | None = None
        self._tag: dict[str, str] = {}
        self._value: str | None = None
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        """Everything that is written on the page."""
        return " ".join(text for text, _ in self.spoken)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if "data-answer" in has:
            self.answers.append(has["data-answer"])
        if "data-session" in has:
            self.session = has["data-session"]
        if tag == "input" and has.get("name") == "session":
            self.session = has["value"]
            self.sessions.append(self.session)
        if tag == "a":
            self._link = has["href"]
            self._tag = has
            self.links[has.get("class", "")] = has["href"]
        if tag == "form":
            self.forms.append(has)
            self.exit_address = has.get("data-address", self.exit_address)
        if tag == "button" and has.get("name") == "choice":
            self._value = has["value"]
        if tag in ("script", "link", "img", "form"):
            self.sources.append(has.get("src") or has.get("href") or has.get("action") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._link = None
        if tag == "button":
            self._value = None

    def handle_data(self, data: str) -> None:
        self.spoken.append((data, self._link))
        if self._link is not None:
            self.tags[data] = self._tag
        if self._value is not None:
            self.choices[data] = self._value


async def _send(client: httpx.AsyncClient, sent: Sent) -> httpx.Response:
    return await client.request(sent.method, sent.path, **sent.rest)


async def _say(client: httpx.AsyncClient, text: str, session: str = "") -> Page:
    response = await client.post("/", data={"session": session, "text": text})
    assert response.status_code == 200
    return Page(response.text)


async def _say_in_danger(client: httpx.AsyncClient, text: str) -> Page:
    """What is shown where the talk is gone: help by the rules of the safety net alone."""
    response = await client.post("/", data={"session": "of yesterday", "text": text})
    assert response.status_code == 410
    return Page(response.text)


async def _press(client: httpx.AsyncClient, page: Page, title: str) -> Page:
    response = await client.post("/", data={"session": page.session, "choice": page.choices[title]})
    assert response.status_code == 200
    return Page(response.text)


async def test_the_page_opens_with_its_greeting_and_begins_no_conversation(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    before = await kept(engine)
    response = await client.get("/")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(response.text)
    assert page.answers == ["opening"]
    assert page.session == ""
    assert await kept(engine) == before


async def test_a_turn_is_a_full_page_and_with_the_header_only_its_part(client: httpx.AsyncClient) -> None:
    whole = await client.post("/", data={"text": "What is victim-offender mediation?"})
    part = await client.post("/", data={"text": "What is victim-offender mediation?"}, headers=PART)
    assert Page(whole.text).answers == Page(part.text).answers == ["what_is_vom"]
    assert whole.text.startswith("<!doctype html>")
    assert part.text.lstrip().startswith('<div class="turn"')
    assert "<html" not in part.text
    assert "<script" not in part.text


async def test_choices_are_plain_forms_that_work_without_a_script(client: httpx.AsyncClient) -> None:
    opening = Page((await client.get("/")).text)
    assert set(opening.choices) >= {"What VOM is", "How it may hurt", "Find a program"}
    assert {(form["method"], form["action"]) for form in opening.forms} == {("post", "/"), ("post", "/leave")}
    first = await _press(client, opening, "How it may hurt")
    assert first.answers == ["consent"]
    assert first.sessions == [first.session] * len(first.forms)
    assert (await _press(client, first, "Read it now")).answers == ["retraumatization_risk"]


async def test_a_session_goes_on_and_is_nobody_elses(client: httpx.AsyncClient, engine: Engine) -> None:
    mine, other = await _say(client, "I want him to say sorry"), await _say(client, "hello")
    assert mine.session != other.session
    assert (await _say(client, "show my goals", mine.session)).answers == ["my_goals"]
    assert (await _say(client, "show my goals", other.session)).answers == ["no_goals_yet"]
    # What names the conversation on the page is not what it is kept under.
    assert not await engine.knows(mine.session)
    assert await engine.knows(hashlib.sha256(mine.session.encode()).hexdigest())


async def test_an_unknown_session_can_start_again_at_once(client: httpx.AsyncClient) -> None:
    lost = Page((await client.post("/", data={"session": "from before a restart", "text": "hello"})).text)
    assert lost.session == ""
    assert (await _press(client, lost, "What VOM is")).answers == ["what_is_vom"]


async def test_an_unknown_choice_does_not_end_the_conversation(client: httpx.AsyncClient) -> None:
    page = await _say(client, "I want him to say sorry")
    refused = await client.post("/", data={"session": page.session, "choice": '/keep_program{"program": "gone"}'})
    assert refused.status_code == 400
    assert Page(refused.text).session == page.session
    assert (await _say(client, "show my goals", page.session)).answers == ["my_goals"]


@pytest.mark.parametrize("name", REFUSED)
async def test_a_refused_request_is_told_why_with_help_beside_it(client: httpx.AsyncClient, name: str) -> None:
    sent, status, answer = REFUSED[name]
    response = await _send(client, sent)
    assert response.status_code == status
    page = Page(response.text)
    assert page.answers == [answer]
    assert {"tel:988", "tel:911"} <= {link for _, link in page.spoken}
    assert page.links["help"] == "#help"
    assert page.exit_address == settings().exit_url


@pytest.mark.parametrize("name", [name for name, (sent, _, _) in REFUSED.items() if sent.method == "POST"])
async def test_a_refused_part_holds_a_number_to_call(client: httpx.AsyncClient, name: str) -> None:
    sent, status, answer = REFUSED[name]
    client.headers.update(PART)
    response = await _send(client, sent)
    assert response.status_code == status
    page = Page(response.text)
    assert page.answers == [answer]
    assert "tel:988" in {link for _, link in page.spoken}


async def test_a_body_in_pieces_is_refused_once_it_is_too_large(client: httpx.AsyncClient) -> None:
    pieces = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal pieces
        while True:
            pieces += 1
            yield b"a" * 4096

    response = await client.post("/", content=endless(), headers={"content-type": FORM})
    assert response.status_code == 413
    assert pieces == LARGEST_BODY // 4096 + 1


async def test_a_message_of_10000_characters_is_answered(client: httpx.AsyncClient) -> None:
    assert (await _say(client, "word " * 2000)).answers == ["too_long"]
    assert (await _say(client, "\U0001f622\U0001f610" * 5_000)).answers == ["too_long"]
    assert (await _say(client, "word " * 2000 + "i want to die")).answers == ["crisis_suicide"]


@pytest.mark.parametrize("text", ["\U0001f622\U0001f622", "🏳️‍🌈", "\x00", "\x07\x1b[31m\x08", "\u202e", "!!!", "%zz"])
async def test_a_message_without_words_is_not_guessed_at(client: httpx.AsyncClient, text: str) -> None:
    page = await _say(client, text, (await _say(client, "hello")).session)
    assert page.answers[0] in {"not_understood", "out_of_scope", "nothing_typed"}


async def test_percent_signs_that_encode_nothing_are_words(client: httpx.AsyncClient) -> None:
    response = await _send(client, _raw(b"text=does+it+cost+100%+%zz+money"))
    assert response.status_code == 200
    assert Page(response.text).answers == ["cost"]


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 41 * 271 }}"])
async def test_what_is_typed_is_in_no_answer(client: httpx.AsyncClient, typed: str) -> None:
    session = (await _say(client, "hello")).session
    responses = [
        await client.post("/", data={"session": session, "text": typed}),
        await client.post("/", data={"session": session, "text": f"{typed} what does it cost"}),
        await client.post("/", data={"session": session, "choice": typed}),
        await client.post("/", data={"session": typed, "text": "hello"}),
        await client.post("/sheet", data={"session": typed}),
        await client.get(f"/{quote(typed, safe='')}"),
        await client.get("/", params={"text": typed, "session": typed}),
        await client.get("/", headers={"referer": "https://example.org/", "user-agent": typed}),
    ]
    for response in responses:
        for trace in (typed, typed.replace("<", "&lt;").replace(">", "&gt;"), "alert(1)", "11111"):
            assert trace not in response.text


async def test_two_messages_of_one_session_at_once_are_both_answered(client: httpx.AsyncClient) -> None:
    session = (await _say(client, "hello")).session
    pages = await asyncio.gather(
        _say(client, "I want him to say sorry", session), _say(client, "I want to ask him why he did it", session)
    )
    assert [page.answers for page in pages] == [["goal_added", "ask_more_goals"]] * 2
    goals = (await _say(client, "show my goals", session)).text
    assert catalog().goals["goal_apology"].title in goals
    assert catalog().goals["goal_answers"].title in goals


@pytest.mark.parametrize("headers", [{}, PART], ids=["page", "part"])
async def test_a_page_that_breaks_shows_help_and_no_trace(
    client: httpx.AsyncClient,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    headers: dict[str, str],
) -> None:
    async def break_down(*_: object, **__: object) -> None:
        raise RuntimeError(MARKED)

    monkeypatch.setattr(engine, "turn", break_down)
    with caplog.at_level(logging.DEBUG):
        response = await client.post("/", data={"text": MARKED}, headers=headers)
    assert response.status_code == 500
    page = Page(response.text)
    assert page.answers == ["something_broke"]
    assert {"tel:988", "tel:911"} <= {link for _, link in page.spoken}
    assert response.headers["cache-control"] == "no-store"
    for written in (response.text, caplog.text):
        assert MARKED not in written
        assert "Traceback" not in written
    assert "RuntimeError" in caplog.text


def test_the_server_writes_no_trace_when_a_page_breaks(
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    async def break_down(*_: object, **__: object) -> None:
        raise RuntimeError(MARKED)

    monkeypatch.setattr(engine, "turn", break_down)
    with serve_in_thread(lambda ready: create_application(engine, settings(), ready)) as address:
        response = httpx.post(address, data={"text": MARKED}, follow_redirects=True)
    assert response.status_code == 500
    assert "988" in response.text
    assert "server" not in response.headers
    printed = capfd.readouterr()
    for written in (response.text, caplog.text, printed.out, printed.err):
        assert MARKED not in written
        assert "Traceback" not in written


async def test_no_log_holds_what_was_typed(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG, logger="bot"):
        page = await _say(client, f"i want him to say sorry, {MARKED}")
        await client.post("/", data={"session": MARKED, "text": MARKED})
        await client.post("/", data={"session": page.session, "choice": MARKED})
    printed = capfd.readouterr()
    for written in (caplog.text, printed.out, printed.err):
        assert MARKED not in written
        assert page.session not in written


@pytest.mark.parametrize("name", ALL_REQUESTS)
async def test_every_answer_is_private(client: httpx.AsyncClient, name: str) -> None:
    headers = (await _send(client, ALL_REQUESTS[name])).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy.pop("form-action") == "'self' https://www.weather.gov"  # leaving by a form ends at the exit page
    assert set(policy.values()) == {"'none'", "'self'"}
    assert "set-cookie" not in headers


@pytest.mark.parametrize("name", PAGES)
async def test_every_page_has_help_exit_and_nothing_from_elsewhere(client: httpx.AsyncClient, name: str) -> None:
    response = await _send(client, PAGES[name])
    assert response.status_code == 200
    page = Page(response.text)
    assert page.links["help"] == "#help"
    assert page.exit_address == settings().exit_url
    assert 'id="help"' in response.text
    assert {"tel:911", "tel:988", "tel:+18007997233"} <= {link for _, link in page.spoken}
    assert page.sources
    assert all(source.startswith("/") and not source.startswith("//") for source in page.sources)


async def test_no_page_has_a_field_for_who_somebody_is(client: httpx.AsyncClient) -> None:
    goals = await client.post("/", data={"text": "i want him to say sorry"})
    session = Page(goals.text).session
    programs = await client.post("/", data={"session": session, "text": "find a program"})
    sheet = await client.post("/", data={"session": session, "text": "can i get a sheet to print"})
    pages = [goals, programs, sheet, *[await _send(client, sent) for sent in PAGES.values()]]
    assert (
        Page(programs.text).answers[-1] == "ask_state"
    )  # the one place that is asked for, of a program, and it can be skipped
    assert "Skip this" in Page(programs.text).choices
    fields = {name for page in pages for name in re.findall(r'<(?:input|textarea|select)[^>]* name="(\w+)"', page.text)}
    assert fields == {"session", "then", "text", "heading"}


async def test_every_number_that_can_be_called_is_a_link_to_call_it(client: httpx.AsyncClient) -> None:
    programs = await _say(client, "Iowa")
    kept = await _press(client, programs, next(title for title in programs.choices if "(VOIS)" in title))
    pages = {
        "opening": Page((await client.get("/")).text),
        "danger": await _say(client, "i want to die"),
        "programs": programs,
        "sheet": await _press(client, kept, "Make my sheet"),
    }
    for name, page in pages.items():
        # Links to chats, and links that write to a number, are links already.
        spoken = [(text, link) for text, link in page.spoken if not (link or "").startswith(("http", "sms:"))]
        numbers = [(number, link) for text, link in spoken for number in NUMBER.findall(text)]
        assert numbers, name
        for number, link in numbers:
            if number in NUMBERS_IN_NOTES:
                assert link is None, f"{number} stands in a note, which may name numbers that are out of date"
                continue
            dialed = number if len(number) == 3 else "+1" + number.replace("-", "")[-10:]
            assert link == f"tel:{dialed}", f"{number} on {name}"


async def test_help_lines_can_be_called_written_to_and_chatted_with_right_below_the_first_words(
    client: httpx.AsyncClient,
) -> None:
    page = await _say_in_danger(client, "i want to die")
    assert page.answers == ["crisis_suicide"]
    links = {title: tag for title, tag in page.tags.items() if tag.get("class", "").startswith("reach")}
    assert {title: tag["href"] for title, tag in links.items()} == {
        "Call 988": "tel:988",
        "Text 988": "sms:988",
        "Chat with 988 (opens another site)": "https://988lifeline.org/",
        "Text HOME to 741741": "sms:741741?&body=HOME",
        "Call 911": "tel:911",
    }
    chat = links["Chat with 988 (opens another site)"]
    assert (chat["rel"], chat["target"]) == ("noreferrer noopener", "_blank")
    assert not any(name in links["Call 988"] for name in ("target", "aria-label"))  # its name is what is seen
    said = [text.strip() for text, _ in page.spoken if text.strip()]
    first = said.index("right now, any time, for free.")
    assert said[first + 1] == "Call 988"
    afterwards = next(text for text in said if text.startswith("I'm glad you said that."))
    assert said.index("Call 911") < said.index(afterwards)


async def test_a_line_that_does_not_always_answer_says_so_beside_its_link(client: httpx.AsyncClient) -> None:
    page = await _say_in_danger(client, "i am the offender")
    assert page.answers == ["crisis_perpetrator"]
    said = [text.strip() for text, _ in page.spoken if text.strip()]
    at = said.index("Call 1-877-898-3411")
    assert said[at - 1 : at + 2] == ["A Call for Change", "Call 1-877-898-3411", "not at every hour"]


async def test_an_answer_that_is_no_crisis_has_no_links_to_tap(client: httpx.AsyncClient) -> None:
    page = await _say(client, "how much does it cost")
    assert not any(tag.get("class", "").startswith("reach") for tag in page.tags.values())


@pytest.mark.parametrize("text", ["S1-988-4", "in 1988", "9110", "12-345-678-9012", "741741", "2026-11-22"])
def test_a_number_that_nobody_can_call_is_no_link(text: str) -> None:
    assert linked(text) == text


def test_addresses_are_links_that_tell_nothing_about_the_page() -> None:
    assert linked("See https://example.org/a?b=1&c=2.") == (
        'See <a href="https://example.org/a?b=1&amp;c=2" rel="noreferrer noopener" target="_blank">'
        "https://example.org/a?b=1&amp;c=2</a>."
    )


async def test_the_sheet_has_a_page_of_its_own(client: httpx.AsyncClient) -> None:
    named = await _say(client, "I want him to say sorry")
    response = await client.post("/sheet", data={"session": named.session})
    page = Page(response.text)
    assert response.status_code == 200
    assert page.answers == ["sheet"]
    goal = catalog().goals["goal_apology"]
    for line in (goal.title, *goal.questions):
        assert line in page.text
    assert {"tel:911", "tel:988"} <= {link for _, link in page.spoken}
    # The conversation goes on from here.
    assert (await _press(client, page, "Change my goals")).answers == ["my_goals"]


async def test_a_field_that_stands_twice_counts_once(client: httpx.AsyncClient) -> None:
    response = await _send(client, _raw(b"text=hello&text=what+does+it+cost"))
    assert Page(response.text).answers == ["cost"]


async def test_somebody_in_danger_is_shown_help_even_where_their_talk_is_gone(client: httpx.AsyncClient) -> None:
    response = await client.post("/", data={"session": "of yesterday", "text": "i want to die"})
    assert response.status_code == 410
    assert Page(response.text).answers == ["crisis_suicide"]


async def test_a_talk_that_was_erased_is_gone_for_the_page_and_a_sheet_and_comes_back_by_nothing(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    page = await _say(client, "I want him to say sorry")
    await engine.erase(conversation_id(page.session))
    for _ in range(2):
        gone = await client.post("/", data={"session": page.session, "text": "show my goals"})
        assert (gone.status_code, Page(gone.text).answers, Page(gone.text).session) == (410, ["session_unknown"], "")
        assert (await client.post("/sheet", data={"session": page.session})).status_code == 410
    assert not await engine.knows(conversation_id(page.session))


async def test_after_erasing_by_typing_the_page_has_no_token_and_begins_anew(client: httpx.AsyncClient) -> None:
    page = await _say(client, "I want him to say sorry")
    erased = await _say(client, "delete what I said", page.session)
    assert (erased.answers, erased.session) == (["erased"], "")
    assert (await _say(client, "show my goals", erased.session)).answers == ["no_goals_yet"]


def test_the_server_removes_what_has_ended_at_its_start_and_then_again_and_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    removals, third = count(1), threading.Event()

    async def remove() -> int:
        if next(removals) == 3:
            third.set()
        raise ConversationsUnavailable("The conversations' database cannot be used.")

    assert application.TIDIED_EVERY == 60  # seconds
    monkeypatch.setattr(application, "TIDIED_EVERY", 0.01)
    monkeypatch.setattr(engine, "remove_expired", remove)
    with serve_in_thread(lambda ready: create_application(engine, settings(), ready)):
        assert third.wait(20)  # a failure does not end it
    assert "What is done each minute failed" in caplog.text
