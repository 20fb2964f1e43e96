"""The guide for helpline staff holds every answer, in words that may be said aloud, and follows the script's rules."""

import re
import shutil
from pathlib import Path

import pytest

from bot.answers.catalog import AnswerDataError, catalog
from bot.answers.helpline import (
    HelplineCard,
    HelplineGuide,
    digits_in_groups,
    helpline_guide,
    read_guide,
    sentences,
)
from bot.answers.views import Views
from bot.directory.session import open_session
from bot.settings import DATA
from tests.answers.test_answer_texts import AVOIDED, HELP_NUMBERS, found, grade, numbers_to_call

GUIDE = helpline_guide()
CARDS = list(GUIDE.cards.values())
# The steps of a call, by the ids of their titles.
STEPS = [
    "open",
    "safety_check",
    "crisis_check",
    "listen",
    "acknowledge",
    "find_need",
    "inform",
    "goals",
    "pressure_check",
    "supports",
    "refer",
    "questions",
    "close",
    "after_call",
]
MOMENTS = [
    "set_on_risky_meeting",
    "angry",
    "refused_by_program",
    "wants_opinion",
    "would_you_do_it",
    "friend_or_relative",
    "offender_or_family",
    "quiet_or_drifting",
    "frequent_caller",
]
# What is right on a page and wrong on the phone.
OF_A_PAGE = r"\b(button|tap|click|this page|this chat|menu|I('m| am) a computer)\b"

each_card = pytest.mark.parametrize("card", CARDS, ids=[card.id for card in CARDS])


def spoken(guide: HelplineGuide) -> dict[str, tuple[str, ...]]:
    """Everything that is said aloud, by the id of its card, step or moment."""
    return {
        **{card.id: (*filter(None, [card.ask_first]), *card.say, *card.simpler) for card in guide.cards.values()},
        **{step.id: step.say for step in guide.steps},
        **{moment.id: moment.say for moment in guide.moments},
    }


each_said = pytest.mark.parametrize(("where", "lines"), spoken(GUIDE).items(), ids=list(spoken(GUIDE)))


def test_every_answer_has_a_helpline_form() -> None:
    crises = [reply for reply in catalog().replies if reply.startswith("crisis_")]
    assert (len(catalog().topics), len(catalog().goals), len(crises)) == (76, 16, 11)
    assert {card.id for card in CARDS if card.kind == "topic"} == set(catalog().topics)
    assert [card.id for card in GUIDE.of_kind("goal")] == list(catalog().goals)
    assert [card.id for card in GUIDE.of_kind("crisis")] == crises


def test_topics_stand_in_the_families_of_the_menu() -> None:
    families = catalog().families.values()
    assert list(GUIDE.families()) == [family.title for family in families]
    assert [[card.id for card in cards] for cards in GUIDE.families().values()] == [list(f.topics) for f in families]


@each_card
def test_card_has_every_part(card: HelplineCard) -> None:
    assert all((card.say, card.listen_for, card.avoid, card.caution, card.more, card.sources))
    assert card.written_on
    assert card.review_due
    assert card.review_state
    assert {follow.topic for follow in card.more} <= set(catalog().topics) - {card.id}
    assert bool(card.questions) == (card.kind == "goal")
    assert bool(card.numbers) == (card.kind == "crisis")


def test_the_caller_is_asked_before_a_heavy_answer_and_no_other() -> None:
    for card in CARDS:
        topic = catalog().topics.get(card.id)
        heavy = topic.heavy if topic else None
        assert (card.ask_first is None) == (heavy is None)
        assert heavy is None or heavy in str(card.ask_first)
    assert sum(card.ask_first is not None for card in CARDS) == 9


def test_topics_and_goals_are_said_in_the_words_of_the_chat() -> None:
    own = {"immigration_worry", *catalog().families["this_service"].topics}
    for topic in catalog().topics.values():
        said = " ".join(GUIDE.cards[topic.id].say)
        assert (said == " ".join(topic.words.split())) == (topic.id not in own), topic.id
    for goal in catalog().goals.values():
        assert " ".join(GUIDE.cards[goal.id].say) == " ".join(goal.confirmed.split()), goal.id
        assert GUIDE.cards[goal.id].questions == goal.questions


@each_said
def test_what_is_said_fits_a_call(where: str, lines: tuple[str, ...]) -> None:
    for line in lines:
        assert not re.search(OF_A_PAGE, line, re.IGNORECASE) or where == "chat_privacy", line
        assert len(line.split()) <= 40, line
        assert re.search(r"[.?!]['\"]?$", line), line
    assert not lines or grade(" ".join(lines)) <= 8


@each_said
def test_what_is_said_neither_promises_nor_presses(where: str, lines: tuple[str, ...]) -> None:
    assert [(line, found(AVOIDED, line)) for line in lines if found(AVOIDED, line)] == []


@pytest.mark.parametrize("card", [card for card in CARDS if card.kind != "crisis"], ids=lambda card: card.id)
def test_numbers_that_are_said_are_the_known_ones(card: HelplineCard) -> None:
    assert numbers_to_call(" ".join((*card.say, *card.simpler))) <= HELP_NUMBERS


def test_no_other_number_than_911_and_988_is_typed_into_what_staff_read() -> None:
    for path in (DATA / "answers" / "helpline").rglob("*.yml"):
        own = {"this_service.yml": HELP_NUMBERS}.get(path.name, {"911", "988"})
        assert numbers_to_call(path.read_text(encoding="utf-8")) <= own, path


@pytest.mark.parametrize("card", GUIDE.of_kind("crisis"), ids=lambda card: card.id)
def test_crisis_gives_its_first_number_at_once_and_reads_out_those_of_its_reply(card: HelplineCard) -> None:
    first = card.numbers[0]
    number = first.phone or first.text_number
    assert number is not None
    assert any(number in line for line in card.say[:3])
    assert {line.id for line in card.numbers} == set(catalog().replies[card.id].lines)


def test_the_script_has_its_fourteen_steps_in_order() -> None:
    assert [step.id for step in GUIDE.steps] == STEPS
    assert [step.number for step in GUIDE.steps] == list(range(1, 15))
    for step in GUIDE.steps:
        assert step.title
        assert step.aim
        assert step.listen_for
        assert step.avoid
        assert step.sources
        assert bool(step.say) == (step.id != "after_call")


def test_every_hard_moment_has_its_words() -> None:
    assert [moment.id for moment in GUIDE.moments] == MOMENTS
    led_to = {link.id for step in GUIDE.steps for link in step.leads_to if link.target == "moment"}
    assert led_to <= set(MOMENTS)
    assert all(moment.say and moment.avoid and moment.notes for moment in GUIDE.moments)


def test_the_script_leads_to_every_crisis() -> None:
    led_to = {link.id for step in GUIDE.steps for link in step.leads_to if link.target == "card"}
    assert {card.id for card in GUIDE.of_kind("crisis")} <= led_to


def test_there_are_seven_dos_and_ten_donts() -> None:
    assert (len(GUIDE.dos), len(GUIDE.donts)) == (7, 10)
    assert GUIDE.rule_sources


@pytest.mark.parametrize(
    ("number", "groups"),
    [
        ("1-800-799-7233", ("1", "8 0 0", "7 9 9", "7 2 3 3")),
        ("988", ("9 8 8",)),
        ("741741", ("7 4 1", "7 4 1")),
        ("88788", ("8 8 7", "8 8")),
    ],
)
def test_numbers_are_read_out_in_groups(number: str, groups: tuple[str, ...]) -> None:
    assert digits_in_groups(number) == groups


def test_sentences_end_where_a_breath_is_taken() -> None:
    text = "In most U.S. programs you can ask. 'Is it safe? It can hurt.' You choose; no one presses!"
    assert sentences(text) == (
        "In most U.S. programs you can ask.",
        "'Is it safe?",
        "It can hurt.'",
        "You choose; no one presses!",
    )


# Broken data


def read_from(folder: Path) -> HelplineGuide:
    words = catalog()
    return read_guide(folder, words, Views(words, words.lines.values(), lambda: open_session("sqlite://")))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the answers that a test may break."""
    return Path(shutil.copytree(DATA / "answers", tmp_path / "answers"))


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("topics/what_it_is.yml", "id: appeals", "id: apeals", "has no entry for appeals"),
        ("topics/what_it_is.yml", "id: appeals", "id: after_conviction", "'after_conviction' stands twice"),
        ("topics/what_it_is.yml", "[S76, S78]", "[S76, S999]", "'vom_and_restorative_justice' names 'S999'"),
        ("topics/choosing.yml", "[rights_notices, ", "[rights_note, ", "'no_contact_is_ok' names 'rights_note'"),
        ("topics/rights_and_access.yml", "    simpler:\n", "    also:\n", "'immigration_worry': also: extra fields"),
        ("goals.yml", "    avoid:\n", "    avoided:\n", "'goal_answers': avoid"),
        ("crisis.yml", "{us-911.phone}", "911", "911 typed by hand"),
        ("crisis.yml", "{us-911.phone}", "{us-911.tty}", "'us-911' has no tty"),
        ("crisis.yml", "[us-911, us-ndvh, us-988]", "[us-988]", "names 'us-911'"),
        ("script.yml", "  - id: after_call", "  - id: open", "'open' stands twice"),
        ("script.yml", "id: crisis_danger}", "id: danger}", "'open' names 'danger'"),
        ("script.yml", "target: sheet}", "target: sheet, id: paper}", "takes no id"),
        ("headings.yml", "about {heavy}", "about this", "ask_first: has no blank {heavy}"),
        ("headings.yml", "  avoid: Avoid\n", "", "has no avoid"),
        ("dos_and_donts.yml", "do_not:", "dont:", "do_not: field required"),
        ("dos_and_donts.yml", "[S195, ", "[S0, ", "'sources' names 'S0'"),
        ("hard_moments.yml", "say:", "said:", "'set_on_risky_meeting'"),
    ],
)
def test_broken_data_is_named(copied: Path, name: str, old: str, new: str, reason: str) -> None:
    path = copied / "helpline" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(AnswerDataError, match=re.escape(reason)) as raised:
        read_from(copied)
    assert path.name in str(raised.value)


def test_a_missing_file_is_named(copied: Path) -> None:
    (copied / "helpline" / "topics" / "choosing.yml").unlink()
    with pytest.raises(AnswerDataError, match=r"choosing\.yml is missing"):
        read_from(copied)


def test_a_script_of_another_length_is_refused(copied: Path) -> None:
    path = copied / "helpline" / "script.yml"
    path.write_text(path.read_text(encoding="utf-8").partition("  - id: after_call")[0], encoding="utf-8")
    with pytest.raises(AnswerDataError, match="has 13 steps; it takes 14"):
        read_from(copied)


def test_the_version_changes_with_the_words(copied: Path) -> None:
    before = read_from(copied).content_version
    assert read_from(copied).content_version == before
    path = copied / "helpline" / "hard_moments.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("I won't rush you.", "I will not rush you."), "utf-8")
    assert read_from(copied).content_version != before
