"""Every answer in Messenger's form is taken by the platform, keeps all its choices, and tells nothing in a preview."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import pytest
import textstat
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.catalog import catalog
from bot.answers.rendering import Button, RenderedReply
from bot.channels.messenger import limits
from bot.channels.messenger.graph import GraphClient
from bot.channels.messenger.outgoing import cut, messages_of
from bot.channels.messenger.stand_in import StandIn, problems_of
from bot.directory.importer import read_directory
from bot.directory.rows import STATES
from bot.engine.conversation_store import conversation_id
from bot.engine.engine import Engine
from bot.engine.gate import renderer
from bot.settings import DATA
from tests.messenger.service import PERSON

OWN: Mapping[str, Any] = yaml.safe_load((DATA / "answers" / "messenger.yml").read_text(encoding="utf-8"))
# Words that are true of the web page alone. "The people who run this page" means the page on Facebook.
OF_THE_WEB_PAGE = re.compile(
    r"exit button|(?<!run )this page|browser|no one is watching|nadie está leyendo|print\b", re.IGNORECASE
)
# What no preview may begin with; written apart from the data's list, which is made of beginnings of words.
TELLING = re.compile(
    r"\b(abuse|crime|offender|victim|rape|killed|prison|sexual|suicide|violent|mediation)", re.IGNORECASE
)
WEB_ONLY = {"request_unreadable", "request_too_large", "page_not_found", "sent_from_elsewhere", "host_unknown"}


def _values(reply: str) -> Mapping[str, Any]:
    words = catalog()
    data = read_directory(DATA / "directory")
    ids: Mapping[str, Any] = {
        "topic": "offender_intimate_partner",
        "topics": ("cost", "formats", "offender_intimate_partner"),
        "goal": "goal_honor_loved_one",
        "goals": tuple(words.goals),
        "state": "MP",
        "states": tuple(sorted(STATES))[:8],
        "program": data.programs[0].id,
        "programs": tuple(program.id for program in data.programs[:6]),
        "office": data.offices[0].id,
        "family": "different_crimes",
        "web_page": "https://chat.long-name-of-an-organization.example.org",
        "web_code": "7KQ4-M9XP",
    }
    return {blank: ids[kind] for blank, kind in words.replies[reply].blanks.items()}


def _said(answer: str, values: Mapping[str, Any] | None = None, form: str = "words") -> RenderedReply:
    return renderer().render(answer, values, form, "messenger")


@lru_cache(maxsize=1)
def _replies() -> tuple[RenderedReply, ...]:
    return tuple(_rendered())


def _rendered() -> Iterator[RenderedReply]:
    words = catalog()
    data = read_directory(DATA / "directory")
    for topic in words.topics.values():
        yield _said(topic.id)
        yield _said(topic.id, form="simpler")
        if topic.heavy:
            yield _said("consent", {"topic": topic.id})
        yield _said("sources_of", {"topic": topic.id})
    for reply in words.replies.values():
        if reply.id in WEB_ONLY:
            continue
        yield _said(reply.id, _values(reply.id))
        if reply.shorter:
            yield _said(reply.id, _values(reply.id), "shorter")
    for goal in words.goals:
        for answer in ("goal_added", "goal_known", "goal_removed"):
            yield _said(answer, {"goal": goal})
    for program in data.programs:
        for answer in ("program_card", "program_kept", "program_dropped"):
            yield _said(answer, {"program": program.id})
    for office in data.offices:
        yield _said("office_card", {"office": office.id})
    for state in sorted(STATES):
        for answer in ("programs_found", "programs_end", "no_programs", "confirm_place"):
            yield _said(answer, {"state": state})
    for family in words.families:
        yield _said("menu_family", {"family": family})
    yield _said("ask_goals", {"goals": ()})
    yield _said("which_place", {"states": tuple(sorted(STATES))})


def _choices(messages: Sequence[Mapping[str, Any]]) -> set[str]:
    """The payloads that can be tapped."""
    found = {one["payload"] for message in messages for one in message.get("quick_replies", ())}
    templates = [message["attachment"]["payload"] for message in messages if "attachment" in message]
    return found | {one["payload"] for template in templates for one in template["buttons"]}


def _text(messages: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(str(one.get("text") or one["attachment"]["payload"]["text"]) for one in messages)


@pytest.mark.parametrize("is_last", [True, False])
def test_every_answer_keeps_the_limits_and_its_choices(is_last: bool) -> None:
    after = () if is_last else (_said("thanks"),)
    for reply in _replies():
        messages = messages_of((reply, *after))
        assert [problems_of(message) for message in messages if problems_of(message)] == [], reply.id
        text = _text(messages)
        assert "".join(reply.text.split()) in "".join(text.split()), reply.id
        tapped = _choices(messages)
        for number, button in enumerate(reply.buttons, start=1):
            in_words = f"{number}. {button.title}" in text
            assert button.payload in tapped or in_words, f"{reply.id}: {button.title}"


def test_every_title_fits_whole() -> None:
    for reply in _replies():
        for button in reply.buttons:
            assert len(button.title) <= limits.TITLE, f"{reply.id}: {button.title}"


def test_no_first_line_and_no_title_tells_what_the_talk_is_about() -> None:
    told = re.compile(rf"\b({'|'.join(OWN['telling_words'])})", re.IGNORECASE)
    for reply in _replies():
        first = messages_of((reply,))[0]
        line = _text((first,)).partition("\n")[0]
        for pattern in (told, TELLING):
            assert not pattern.search(line), f"{reply.id}: {line}"
            for button in reply.buttons:
                assert not pattern.search(button.title), f"{reply.id}: {button.title}"


def test_no_answer_speaks_of_the_web_page() -> None:
    for reply in _replies():
        if reply.id not in ("sources_of", "private_page", "messenger_web_code"):  # the last two lead to it
            found = OF_THE_WEB_PAGE.search(" ".join(reply.paragraphs))
            assert found is None, f"{reply.id}: {found and found[0]}"


def test_titles_of_one_answer_differ() -> None:
    for reply in _replies():
        titles = [button.title.casefold() for button in reply.buttons]
        assert len(titles) == len(set(titles)), f"{reply.id}: {titles}"
    for kind in (catalog().topics, catalog().goals):
        short = [OWN["titles"][name] for name in kind]
        assert len(short) == len(set(short))


@pytest.mark.parametrize("entry", [*OWN["variants"], *OWN["replies"]], ids=lambda entry: str(entry["id"]))
def test_own_words_read_at_grade_eight_or_lower(entry: dict[str, Any]) -> None:
    for form in entry.keys() & {"words", "simpler", "shorter"}:
        text = " ".join(
            _said(entry["id"], _values(entry["id"]) if entry["id"] in catalog().replies else None, form).paragraphs
        )
        assert textstat.flesch_kincaid_grade(text) <= 8, text


def test_each_crisis_begins_with_its_first_number() -> None:
    for reply in catalog().replies.values():
        if reply.id.startswith("crisis_"):
            for form in ("words", "shorter"):
                said = _said(reply.id, form=form)
                numbers = [(one.phone or one.text_number or "").removeprefix("+") for one in _lines(reply.lines)]
                assert any(number and number in said.paragraphs[0] for number in numbers), reply.id


def _lines(names: Sequence[str]) -> list[Any]:
    return [catalog().lines[name] for name in names]


@given(st.text(max_size=600), st.integers(1, 60))
def test_cutting_loses_nothing(text: str, longest: int) -> None:
    parts = cut(text, longest)
    assert all(0 < len(part) <= longest for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(st.text(min_size=1, max_size=6000))
def test_any_text_of_a_reply_fits(text: str) -> None:
    reply = RenderedReply("thanks", (text,), buttons=(Button("Go on", "/go_on"),))
    if text.strip():
        assert all(not problems_of(message) for message in messages_of((reply,)))


def test_a_text_is_cut_where_a_sentence_ends() -> None:
    assert cut("One two three. Four five six. Seven.", 30) == ["One two three. Four five six.", "Seven."]


def test_a_character_of_several_code_points_stays_whole() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"  # one picture, five code points
    assert cut(family * 3, 7) == [family] * 3


def test_a_title_that_stands_for_two_programs_takes_its_number() -> None:
    first, second = read_directory(DATA / "directory").programs[:2]
    cards = [_said("program_card", {"program": one.id}) for one in (first, second)]
    titles = [
        one["title"]
        for message in messages_of(cards)
        if "attachment" in message
        for one in message["attachment"]["payload"]["buttons"]
    ]
    assert titles == ["Put on my sheet (1)", "Put on my sheet (2)"]


async def test_the_straight_path_is_taken_by_the_platform(
    engine: Engine, graph: GraphClient, stand_in: StandIn
) -> None:
    session = conversation_id("straight path in Messenger")
    path = ["", "what is this?", "How it may hurt", "1", "does it change their sentence?", "I want an apology"]
    path += ["That is all", "Find a program", "Iowa", "Put on my sheet", "Make my sheet"]
    said = []
    for text in path:
        turn = await engine.turn(session, text, "messenger", begin=True)
        said.append([reply.id for reply in turn.replies])
        for message in messages_of(turn.replies):
            await graph.send(PERSON, message)
    assert said[1] == ["what_is_vom"]
    assert said[2] == ["consent"]
    assert said[3] == ["retraumatization_risk"]
    assert said[4] == ["effect_on_sentence"]
    assert said[5][0] == "goal_added"
    assert "program_card" in said[8]
    assert said[9] == ["program_kept"]
    assert said[10] == ["sheet"]
    assert stand_in.refused == []
    sheet = _text(stand_in.sent_to(PERSON))
    assert "Signs to slow down" in sheet
    assert "Hear an apology" in sheet
