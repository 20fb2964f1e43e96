"""How text is cleaned before it is read: what is disguised becomes plain, and what a person means stays."""

from __future__ import annotations

import re
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, seed, settings
from hypothesis import strategies as st

from bot.answers.catalog import catalog
from bot.engine.gate import renderer
from bot.understanding.plain_text import LOOK_ALIKES, LookAlikeDataError, plain_text, read_look_alikes
from bot.understanding.safety_rules import SafetyRules, read_rule_book
from tests.understanding.rule_lines import one_line

SPANISH_LETTERS = "áéíóúüñÁÉÍÓÚÜÑ"
FIXED = settings(max_examples=200, deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        # Marks that are not seen, and directions of writing.
        ("st\u200bo\u200dp\ufeff it", "stop it"),
        ("\u202ewhat\u202c is\u2066 it\u2069", "what is it"),
        ("wh\u00ady\ufe0f\u034f\u115f", "why"),
        ("one\u2028two\x00three\x1b\ttwo\u00a0\u2800 \r\n four", "one two three two four"),
        ("a\ud800b\ue000c", "a b c"),
        # Letters that look like others.
        ("h\N{CYRILLIC SMALL LETTER IE}lp m\N{CYRILLIC SMALL LETTER IE}", "help me"),
        ("\N{GREEK SMALL LETTER RHO}lease", "please"),
        ("\N{GREEK CAPITAL LETTER IOTA} can", "I can"),
        ("w\N{CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I}ll \N{CYRILLIC SMALL LETTER IO}nd", "will end"),
        (
            "\N{CYRILLIC SMALL LETTER ER}\N{CYRILLIC SMALL LETTER A}\N{CYRILLIC SMALL LETTER U} him",
            "pay him",
        ),
        ("\u029c\u1d07\u029f\u1d18", "help"),
        (
            "\uff48\uff45\uff4c\uff50 \U0001d421\U0001d41e\U0001d425\U0001d429 \u24d7\u24d4\u24db\u24df",
            "help help help",
        ),
        # Marks in piles.
        ("h\u0336e\u0336l\u0336p\u0336", "help"),
        ("d\u0301\u0316\u0336i\u0308\u0301\u0300e\u030a\u0300\u0489", "die"),
        # Letters, signs and blanks, many of one.
        ("heeeelp", "help"),
        ("pleeeease hellllp me", "please help me"),
        ("KILLLLL", "KILL"),
        ("sOoOoO goooood", "sO good"),
        ("allll feeeeel reallllly sooooorrrrry", "all feel really sorry"),
        ("why?????? !!!!! ----", "why??? !!! ---"),
        ("so     what", "so what"),
        # Quotation marks and apostrophes.
        (
            "I\u2019m \u201cfine\u201d, don\u00b4t can`t it\u02bcs \u00abno\u00bb",
            "I'm \"fine\", don't can't it's \"no\"",
        ),
    ],
)
def test_what_is_disguised_becomes_plain(typed: str, read: str) -> None:
    assert plain_text(typed) == read


@pytest.mark.parametrize(
    "text",
    [
        "¿Qué pasará mañana, señor Núñez? ¡Sí! ¿Y el pingüino? ÁÉÍÓÚÜÑ",
        "he took it, and I will not see him again.",
        "inmate 5550001111, ZIP 00011, call 1-800-555-0000",
        "he said \U0001f622\U0001f622 \u2764 \U0001f3f3 \U0001f44d\U0001f3fd",
        "\u043d\u0438\u0447\u0435\u0433\u043e \u043d\u0435 \u0431\u044b\u043b\u043e",
        "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd \u6211\u60f3\u77e5\u9053 \ud55c\uad6d\uc5b4",
        "\u0915\u094d\u092f\u093e \u0e01\u0e34\u0e48\u0e19 \u0645\u064e\u0631\u0651",
    ],
)
def test_what_a_person_means_stays(text: str) -> None:
    assert plain_text(text) == text


@pytest.mark.parametrize("letter", SPANISH_LETTERS)
def test_spanish_letters_are_the_same_however_they_are_sent(letter: str) -> None:
    assert plain_text(f"x{letter}x") == plain_text(unicodedata.normalize("NFD", f"x{letter}x")) == f"x{letter}x"


def test_no_letter_of_spanish_or_english_is_a_look_alike_and_each_is_one_that_nothing_else_makes_plain() -> None:
    for alike, latin in read_look_alikes(LOOK_ALIKES).items():
        assert alike not in SPANISH_LETTERS
        assert unicodedata.normalize("NFKC", alike) == alike
        assert plain_text(alike) == latin


@seed(20261122)
@FIXED
@given(text=st.text(max_size=80))
@example("\u1100\u0301\u0316\u1161")
@example("e\u0302\u200b\u0301\u0301")
@example("a\u00b4\u00b4\u00b4\u00b4")
def test_any_text_is_clean_after_one_cleaning(text: str) -> None:
    once = plain_text(text)
    assert plain_text(once) == once
    assert not {"Cf", "Cc", "Cs", "Zl", "Zp"} & {unicodedata.category(character) for character in once}
    assert once == once.strip()
    assert "  " not in once
    assert not re.search(r"([^\W\d_])\1\1", once)
    assert not re.search(r"([^\w\s])\1\1\1", once)


@seed(20261122)
@FIXED
@given(text=st.text(st.sampled_from("help me\u0301\u0300\u0316\u0336\u0489\u1dc4\u20dd"), max_size=60))
def test_no_letter_keeps_a_pile_of_marks(text: str) -> None:
    read = plain_text(text)
    assert not re.search(r"[\u0300-\u036f\u0489\u1dc4\u20dd]", read)
    assert all(len(unicodedata.normalize("NFD", character)) <= 2 for character in read)


def test_words_of_danger_are_heard_with_any_letter_stretched() -> None:
    """All but the few words that are another word when they are stretched: "to" and "too", "son" and "soon"."""
    book = read_rule_book()
    net = SafetyRules(book)
    missed: list[str] = []
    tried = 0
    for rule in book.rules:
        for pattern in rule.says:
            words = one_line(pattern, book.words)
            for place in (match.start() for match in re.finditer(r"[^\W\d_]", words)):
                stretched = words[:place] + words[place] * 5 + words[place + 1 :]
                tried += 1
                if rule.crisis not in {firing.crisis for firing in net.find(plain_text(stretched))}:
                    missed.append(stretched)
    assert len(missed) <= 0.02 * tried, f"their words may be missing in bot/data/double_letters.txt: {missed}"


def test_titles_of_buttons_are_the_same_titles_when_they_are_typed() -> None:
    words = renderer()
    for topic in catalog().topics.values():
        for title in (topic.title, topic.question):
            assert words.payload_for_title(plain_text(title)) == words.payload_for_title(title) is not None
    for goal in catalog().goals.values():
        assert words.payload_for_title(plain_text(goal.title)) == f'/share_goals{{"goal": "{goal.id}"}}'


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "word ",
        "aab",
        "aaabbbccc",
        "aaabbbccc ",
        "e\u0301",
        "\u0301\u0316",
        "\u0651\u064e",
        "\u0e34\u0e49",
        "a\u200b",
        "h\N{CYRILLIC SMALL LETTER IE}lp ",
        "\N{CYRILLIC SMALL LETTER A}\N{CYRILLIC SMALL LETTER BE}",
        "\ufdfa",
        "\u33af",
        "\u1100\u1161",
        "!?",
        "!!!! ",
        "\u00b4",
        " \t",
    ],
)
def test_cleaning_takes_time_in_proportion_to_the_length(unit: str) -> None:
    """Four times the text takes about four times as long; what takes quadratic time would take sixteen times."""

    def seconds(characters: int) -> float:
        text = (unit * characters)[:characters]
        runs = []
        for _ in range(5):
            start = time.process_time()
            plain_text(text)
            runs.append(time.process_time() - start)
        return min(runs)

    assert seconds(40_000) <= 10 * max(seconds(10_000), 0.0002)


def test_a_broken_file_of_look_alikes_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "look_alikes.yml"
    for content in ("latin: [", "latin: a", "latin: {a: 5}", "latin: {ab: \u0430}", "latin: {a: \u0430\u0435}", "1"):
        broken.write_text(content, encoding="utf-8")
        with pytest.raises(LookAlikeDataError, match=r"look_alikes\.yml"):
            read_look_alikes(broken)
    with pytest.raises(LookAlikeDataError, match="missing"):
        read_look_alikes(tmp_path / "missing.yml")
