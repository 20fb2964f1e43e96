"""The rules that the vetted texts keep: length, reading ease, plain and careful words, balance, and sources."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypedDict

import pytest
import textstat
import yaml

ANSWERS = Path(__file__).parents[2] / "bot" / "data" / "answers"


class Topic(TypedDict):
    id: str
    title: str
    question: str
    words: str
    simpler: str
    heavy: str | None
    buttons: list[str]
    sources: list[str]
    reviewed_by: str | None
    written: date
    review_by: date


class Goal(TypedDict):
    id: str
    title: str
    depends_on_them: str
    confirmed: str
    questions: list[str]
    sources: list[str]
    reviewed_by: str | None
    written: date
    review_by: date


class Source(TypedDict):
    title: str
    address: str | None
    printed: str
    seen: date
    kind: str


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


TOPIC_FILES = sorted((ANSWERS / "topics").glob("*.yml"))
TOPICS: list[Topic] = [topic for path in TOPIC_FILES for topic in read(path)["topics"]]
GOALS: list[Goal] = read(ANSWERS / "goals.yml")["goals"]
SPANISH: list[dict[str, Any]] = read(ANSWERS / "spanish.yml")["replies"]
SOURCES: dict[str, Source] = read(ANSWERS / "sources.yml")["sources"]
CITED_FOR_STAFF = {
    number
    for path in (ANSWERS / "helpline").rglob("*.yml")
    for listed in re.findall(r"sources: \[(.*)\]", path.read_text(encoding="utf-8"))
    for number in listed.split(", ")
}
TOPIC_OF = {topic["id"]: topic for topic in TOPICS}

RISK = "retraumatization_risk"
# Shown only after a notice and a choice.
HEAVY = {
    RISK,
    "research_harm",
    "homicide_survivors",
    "sexual_assault",
    "offender_intimate_partner",
    "offender_death_row",
    "offender_died",
    "children",
    "went_badly",
}
HOPE = "healing_through_accountability"
GOAL_IDS = [
    "goal_answers",
    "goal_tell_impact",
    "goal_accountability",
    "goal_apology",
    "goal_honor_loved_one",
    "goal_face_fear",
    "goal_future_safety",
    "goal_understand_person",
    "goal_express_anger",
    "goal_be_heard_in_system",
    "goal_prevent_harm",
    "goal_make_right",
    "goal_forgive_on_my_terms",
    "goal_move_forward",
    "goal_settle_family_contact",
    "goal_not_sure",
]
DEPENDENCE = {
    "high": "This depends a lot on them.",
    "medium": "This depends partly on them.",
    "low": "This is mostly in your hands.",
}
HELP_NUMBERS = {"911", "988", "1-800-799-7233", "1-800-656-4673", "88788"}

# Words that promise, press, blame or soften. Topics may say "no one should": it limits others, not the reader.
AVOIDED = [
    r"\bclosure\b",
    r"\bjourney\b",
    r"\bpeace\b",
    r"\bget over it\b",
    r"\bmov(e|ing) on\b",
    r"\byour (abuser|offender|attacker|rapist)\b",
    r"\b(monster|perp|perpetrator)s?\b",
    r"\bother party\b",
    r"\bboth sides\b",
    r"\b(settle|compromise)s?\b",
    r"\bpassed away\b",
    r"\b(lost|incident|tragedy|deceased)\b",
    r"\bthe body\b",
    r"\bhad sex\b",
    r"\bunwanted affection\b",
    r"\bdate rape\b",
    r"\balleged(ly)?\b",
    r"(?<!no one )\bshould\b",
    r"\bmust\b",
    r"\bneed to\b",
    r"\bjust\b",
    r"\bwhy (don't|did|didn't) you\b",
    r"\bat least\b",
    r"\beverything happens for a reason\b",
    r"\bI know how you feel\b",
    r"\bbe strong\b",
    r"\bcommitted suicide\b",
    r"\balways\b",
    r"\bguarantee",
    r"\byou (are|will be) safe\b",
    r"%",
    r"\u2014",
]
# A goal is read by somebody who has named a hope: there even a denial of these words is left out.
AVOIDED_IN_GOALS = [*AVOIDED, r"\bshould\b", r"\bsafe\b", r"\boffenders?\b", r"\bpromise you\b", r"\bbrave\b"]

each_topic = pytest.mark.parametrize("topic", TOPICS, ids=[topic["id"] for topic in TOPICS])
each_goal = pytest.mark.parametrize("goal", GOALS, ids=[goal["id"] for goal in GOALS])


def sentences(text: str) -> int:
    """Number of sentences: each ends with . ? or ! (a closing quote may follow); U.S. ends none."""
    return len(re.findall(r"[.?!]['\"]?(?=\s|$)", text.replace("U.S.", "US")))


def ends_a_sentence(text: str) -> bool:
    return re.search(r"[.?!]['\"]?$", text) is not None


def word_count(text: str) -> int:
    return len(text.split())


def grade(text: str) -> float:
    """Flesch-Kincaid grade: school years needed to read the text."""
    return float(textstat.flesch_kincaid_grade(text))


def numbers_to_call(text: str) -> set[str]:
    return set(re.findall(r"\b(?:\d-)?\d{3}-\d{3}-\d{4}\b|\b\d{5,6}\b|\b\d{3}\b", text))


def found(patterns: list[str], text: str) -> list[str]:
    return [pattern for pattern in patterns if re.search(pattern, text, re.IGNORECASE)]


def topics_with_buttons_to(topic_id: str) -> list[str]:
    return [topic["id"] for topic in TOPICS if topic_id in topic["buttons"] and topic["id"] != topic_id]


# Shape of the files


@pytest.mark.parametrize("path", [*TOPIC_FILES, ANSWERS / "goals.yml", ANSWERS / "sources.yml"], ids=lambda p: p.stem)
def test_file_opens_with_two_lines_for_its_editor(path: Path) -> None:
    first, second, third = path.read_text(encoding="utf-8").splitlines()[:3]
    assert first.startswith("# ")
    assert second.startswith("# ")
    assert not third.startswith("#")


def test_ids_stand_once() -> None:
    assert len(TOPIC_OF) == len(TOPICS)
    assert len({topic["title"] for topic in TOPICS}) == len(TOPICS)


@each_topic
def test_topic_has_its_fields_and_no_others(topic: Topic) -> None:
    assert set(topic) - {"always_shown"} == set(Topic.__annotations__)


@each_goal
def test_goal_has_its_fields_and_no_others(goal: Goal) -> None:
    assert set(goal) == set(Goal.__annotations__)


# Length and reading ease


@each_topic
def test_title_fits_a_button(topic: Topic) -> None:
    assert 2 <= word_count(topic["title"]) <= 6
    assert len(topic["title"]) <= 34


@each_topic
def test_answer_has_two_to_four_sentences_and_at_most_seventy_words(topic: Topic) -> None:
    assert ends_a_sentence(topic["words"])
    assert 2 <= sentences(topic["words"]) <= 4
    assert word_count(topic["words"]) <= 70


@each_topic
def test_answer_reads_at_grade_eight_or_lower(topic: Topic) -> None:
    assert grade(topic["words"]) <= 8


@each_topic
def test_simpler_answer_is_shorter_and_easier(topic: Topic) -> None:
    assert ends_a_sentence(topic["simpler"])
    assert 1 <= sentences(topic["simpler"]) <= 3
    assert word_count(topic["simpler"]) <= 35
    assert word_count(topic["simpler"]) < word_count(topic["words"])
    assert grade(topic["simpler"]) <= 6


@each_goal
def test_confirmed_goal_is_short_and_easy(goal: Goal) -> None:
    assert len(goal["title"]) <= 34
    assert ends_a_sentence(goal["confirmed"])
    assert 2 <= sentences(goal["confirmed"]) <= 4
    assert word_count(goal["confirmed"]) <= 55
    assert grade(goal["confirmed"]) <= 8


# Careful words


@each_topic
@pytest.mark.parametrize("part", ["title", "question", "words", "simpler", "heavy"])
def test_topic_avoids_words_that_promise_press_or_blame(topic: Topic, part: str) -> None:
    text = {
        "title": topic["title"],
        "question": topic["question"],
        "words": topic["words"],
        "simpler": topic["simpler"],
        "heavy": topic["heavy"] or "",
    }[part]
    assert found(AVOIDED, text) == []


@each_goal
def test_goal_avoids_words_that_promise_press_or_blame(goal: Goal) -> None:
    assert found(AVOIDED_IN_GOALS, f"{goal['title']}. {goal['confirmed']}") == []


def test_mediator_tasks_keep_their_order() -> None:
    topic = TOPIC_OF["mediator_three_tasks"]
    for text in (topic["words"], topic["simpler"]):
        assert re.search(r"\bFirst\b.*\btalk\b.*\bSecond\b.*\bsafe\b.*\bthird\b.*\bpay back\b", text), text


def test_effect_on_sentence_is_usually_little_or_none() -> None:
    topic = TOPIC_OF["effect_on_sentence"]
    assert "usually little or no effect" in topic["words"]
    assert "usually little or no effect" in topic["simpler"]


@each_topic
def test_no_topic_says_that_there_is_no_effect(topic: Topic) -> None:
    assert not re.search(r"(?<!little or )\bno effect\b", f"{topic['words']} {topic['simpler']}", re.IGNORECASE)


def test_timing_keeps_its_hedge() -> None:
    topic = TOPIC_OF["after_conviction"]
    assert "mostly happens only after" in topic["words"]
    assert "mostly happens only after" in topic["simpler"]


def test_what_vom_is_says_that_it_can_help_and_hurt() -> None:
    topic = TOPIC_OF["what_is_vom"]
    assert "can help and it can hurt" in topic["words"]
    assert "can help and it can hurt" in topic["simpler"]


def test_find_program_names_the_map_and_its_limit() -> None:
    words = TOPIC_OF["find_program"]["words"]
    assert "A national group, NACRJ, also keeps a map of restorative justice services at nacrj.org." in words
    assert "Being on a list does not mean a program is safe or right for you." in words


def test_help_comes_in_the_first_sentence_when_in_danger() -> None:
    topic = TOPIC_OF["safety_now"]
    assert "911" in topic["words"].split(".")[0]
    assert "911" in topic["simpler"].split(".")[0]
    assert {"1-800-799-7233", "88788"} <= numbers_to_call(topic["words"])
    assert {"1-800-799-7233", "88788"} <= numbers_to_call(topic["simpler"])


@each_topic
def test_help_numbers_are_the_known_ones(topic: Topic) -> None:
    assert numbers_to_call(topic["words"]) <= HELP_NUMBERS
    assert numbers_to_call(topic["simpler"]) <= numbers_to_call(topic["words"])


@pytest.mark.parametrize(
    ("topic_id", "number"),
    [("offender_intimate_partner", "1-800-799-7233"), ("sexual_assault", "1-800-656-4673")],
)
def test_shorter_version_keeps_the_help_line(topic_id: str, number: str) -> None:
    assert number in TOPIC_OF[topic_id]["words"]
    assert number in TOPIC_OF[topic_id]["simpler"]


def test_privacy_answer_says_what_is_kept_and_what_exit_cannot_do() -> None:
    words = TOPIC_OF["chat_privacy"]["words"]
    assert "does not write what you type to a file or log" in words
    assert "holds your choices and goals for a short time, until you leave or go quiet" in words
    assert "history" in words
    assert "does not erase everything" in words


# Consent before heavy content


def test_only_the_heavy_topics_carry_a_notice() -> None:
    heavy = {topic["id"] for topic in TOPICS if topic["heavy"] is not None}
    assert heavy == HEAVY


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic["heavy"]], ids=lambda topic: str(topic["id"]))
def test_heavy_label_completes_the_notice(topic: Topic) -> None:
    label = topic["heavy"]
    assert label is not None
    assert re.fullmatch(r"[a-z][a-z ]+", label), "completes 'The next part talks about ...'"
    assert word_count(label) <= 8


# Ways on


@each_topic
def test_buttons_lead_to_known_topics(topic: Topic) -> None:
    assert 2 <= len(topic["buttons"]) <= 4
    assert len(set(topic["buttons"])) == len(topic["buttons"])
    assert set(topic["buttons"]) <= set(TOPIC_OF) - {topic["id"]}


@each_topic
def test_topic_is_reached_from_another(topic: Topic) -> None:
    assert topics_with_buttons_to(topic["id"]) != []


def test_every_topic_can_be_reached_from_the_first() -> None:
    reached: set[str] = set()
    ahead = ["what_is_vom"]
    while ahead:
        topic_id = ahead.pop()
        if topic_id not in reached:
            reached.add(topic_id)
            ahead.extend(TOPIC_OF[topic_id]["buttons"])
    assert set(TOPIC_OF) - reached == set()


@pytest.mark.parametrize(
    "topic_id", ["what_is_vom", "who_starts", "find_program", "personal_justice", "in_person_meeting", "preparation"]
)
def test_risk_and_hope_stand_side_by_side(topic_id: str) -> None:
    assert set(TOPIC_OF[topic_id]["buttons"][:2]) == {RISK, HOPE}


def test_hope_leads_to_risk_first_and_risk_to_hope() -> None:
    assert TOPIC_OF[HOPE]["buttons"][0] == RISK
    assert HOPE in TOPIC_OF[RISK]["buttons"]


@pytest.mark.parametrize(
    ("topic_id", "button"),
    [
        ("in_person_meeting", "formats"),
        ("offender_refuses", "alternatives"),
        ("sexual_assault", "safety_screening"),
        ("homicide_survivors", "safety_screening"),
        ("offender_intimate_partner", "safety_screening"),
    ],
)
def test_topic_offers_its_way_on(topic_id: str, button: str) -> None:
    assert button in TOPIC_OF[topic_id]["buttons"]


@pytest.mark.parametrize("topic_id", ["sexual_assault", "homicide_survivors", "offender_intimate_partner"])
def test_hard_topics_offer_a_way_without_meeting(topic_id: str) -> None:
    assert {"alternatives", "no_contact_is_ok"} & set(TOPIC_OF[topic_id]["buttons"])


def test_wish_for_no_contact_is_not_answered_with_benefits() -> None:
    assert TOPIC_OF["no_contact_is_ok"]["buttons"] == ["alternatives", "legal_question"]


def test_danger_leads_only_to_this_service() -> None:
    assert TOPIC_OF["safety_now"]["buttons"] == ["chat_privacy", "about_this_chat"]


# Goals


def test_goals_are_the_sixteen_in_order() -> None:
    assert [goal["id"] for goal in GOALS] == GOAL_IDS


@each_goal
def test_goal_brings_three_questions(goal: Goal) -> None:
    assert len(set(goal["questions"])) == 3
    assert all(question.endswith("?") for question in goal["questions"])


@pytest.mark.parametrize("goal", [goal for goal in GOALS if goal["id"] != "goal_not_sure"], ids=lambda goal: goal["id"])
def test_goal_is_named_back_and_says_how_far_it_depends_on_them(goal: Goal) -> None:
    first, second, *caution = re.split(r"(?<=\.) ", goal["confirmed"])
    assert first.startswith("You would like ")
    assert second == DEPENDENCE[goal["depends_on_them"]]
    assert caution
    assert "?" not in goal["confirmed"]


def test_not_sure_is_a_full_answer() -> None:
    goal = next(goal for goal in GOALS if goal["id"] == "goal_not_sure")
    assert goal["depends_on_them"] == "none"
    assert "not sure" in goal["confirmed"]
    assert "full answer" in goal["confirmed"]
    assert "?" not in goal["confirmed"]


def test_not_forgiving_is_equally_fine() -> None:
    goal = next(goal for goal in GOALS if goal["id"] == "goal_forgive_on_my_terms")
    assert "Forgiving and not forgiving are equally fine." in goal["confirmed"]


# Sources and review


@pytest.mark.parametrize("entry", [*TOPICS, *GOALS], ids=lambda entry: str(entry["id"]))
def test_entry_cites_known_sources(entry: Topic | Goal) -> None:
    assert entry["sources"]
    assert len(set(entry["sources"])) == len(entry["sources"])
    assert set(entry["sources"]) <= set(SOURCES)


@pytest.mark.parametrize("entry", [*TOPICS, *GOALS], ids=lambda entry: str(entry["id"]))
def test_entry_is_dated_and_due_for_review_within_half_a_year(entry: Topic | Goal) -> None:
    assert isinstance(entry["written"], date)
    assert isinstance(entry["review_by"], date)
    assert timedelta(0) < entry["review_by"] - entry["written"] <= timedelta(days=184)
    assert entry["reviewed_by"] is None or entry["reviewed_by"].strip()


@pytest.mark.parametrize("number", list(SOURCES))
def test_source_is_complete_and_cited(number: str) -> None:
    source = SOURCES[number]
    assert set(source) == set(Source.__annotations__)
    assert source["title"].strip()
    assert source["printed"].strip()
    assert isinstance(source["seen"], date)
    assert source["kind"] in {"official", "professional", "research", "summary", "seed"}
    assert (source["kind"] == "seed") == (number == "S1") == (source["address"] is None)
    assert source["address"] is None or re.match(r"https?://\S+$", source["address"])
    assert any(number in entry["sources"] for entry in [*TOPICS, *GOALS, *SPANISH]) or number in CITED_FOR_STAFF
