"""Whatever is typed, pasted, dictated or disguised: it is read without an error, in bounded time, and answered."""

from __future__ import annotations

import random
import time
from itertools import product
from statistics import median
from string import ascii_lowercase

import pytest
from hypothesis import HealthCheck, example, given, seed, settings
from hypothesis import strategies as st

from bot.engine.engine import LONGEST_MESSAGE, LONGEST_READ, Engine, Turn, Understanding

FIXED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# What people ask, with its topic whatever that is: disguised, it must stay the same.
KNOWN = (
    "how much does it cost",
    "what if i change my mind",
    "can he refuse to take part",
    "who will be in the room with us",
    "how long does all of this take",
    "do i have to forgive him",
    "i want him to say sorry",
    "can my sister sit with me",
    "will this change his sentence",
    "delete what i said",
    "¿puedo parar cuando quiera?",
    "¿cuánto cuesta la mediación?",
)
SPANISH = ("¿puedo parar cuando quiera?", "tengo miedo de verlo", "quiero que me pida perdón", "¿quién más va a estar?")
DANGER = "i want to die"

UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u00ad\u061c\u202a\u202c\u202e\u2060\u2066\u2069\ufeff\ufe0f\u034f\u115f"
DISGUISES = str.maketrans(
    {
        "a": "\N{CYRILLIC SMALL LETTER A}",
        "c": "\N{CYRILLIC SMALL LETTER ES}",
        "e": "\N{CYRILLIC SMALL LETTER IE}",
        "i": "\N{CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I}",
        "o": "\N{GREEK SMALL LETTER OMICRON}",
        "p": "\N{GREEK SMALL LETTER RHO}",
        "s": "\N{CYRILLIC SMALL LETTER DZE}",
        "u": "\N{LATIN LETTER SMALL CAPITAL U}",
        "v": "\N{GREEK SMALL LETTER NU}",
        "x": "\N{CYRILLIC SMALL LETTER HA}",
        "y": "\N{CYRILLIC SMALL LETTER U}",
        "h": "\N{FULLWIDTH LATIN SMALL LETTER H}",
        "m": "\N{MATHEMATICAL BOLD SMALL M}",
        "r": "\N{LATIN LETTER SMALL CAPITAL R}",
    }
)
PILE = "\u0336\u0301\u0316\u0489"
PAYLOADS = (
    "/restart",
    "/session_start",
    "/action_listen",
    "/slot{",
    '/ask{"topic": "no_such_topic"}',
    '/ask{"topic": "cost", "goal": "goal_apology"}',
    '/give_place{"state": "ZZ"}',
    '/crisis{"crisis": ["crisis_suicide"]}',
    "/nlu_fallback{}",
    "EXTERNAL: /ask",
    '{"text": "hello", "sender": "x", "metadata": {"a": [1, 2, null]}}',
    '[{"intent": "ask"}]',
    '"; DROP TABLE programs; --',
    "<script>alert(1)</script> {{7*7}} ${7*7} %s %n {0}",
    "\\u0000\\x00\\n",
)
# What dictation makes of speech: said punctuation, fillers, words twice, words that sound the same, no stops at all.
DICTATED = {
    "how much does it cost": "How much does it cost question mark",
    "what if i change my mind": "so uh what if I change my mind period",
    "do i have to forgive him": "um do I do I have to forgive him",
    "will this change his sentence": "Will this change his Sentence question mark",
    "can he refuse to take part": "and can he can he refuse to take part",
    "who will be in the room with us": "OK who will be in the room with us question mark",
    "how long does all of this take": "how long does all this take um all of this",
    "i want him to say sorry": "I want him to uh to say sorry period",
}
MISHEARD = (
    "eye want two no why he did it comma and weather he is sorry",
    "cannon my sister sit with me in the meat in",
    "victim a fender media shun how duz that work",
    "hey siri call no don't call um what is this exclamation point new line new paragraph",
    "he was my steps on and I I I can't can not really talk about it open quote why close quote",
)


def _filled(unit: str, length: int = 10_000) -> str:
    return (unit * length)[:length]


def _random(first: int, last: int, length: int = 10_000) -> str:
    source = random.Random(20261122)  # noqa: S311 - the same text in every run
    return "".join(chr(source.randint(first, last)) for _ in range(length))


def _pairs() -> list[str]:
    return ["".join(pair) for pair in product(ascii_lowercase, repeat=2)] * 2


# 10,000 characters each.
LONG = {
    "words": _filled("word "),
    "story": _filled("He came to my work. I was so afraid, and I still want to know why he did it. "),
    "goals": _filled("I want peace. I want answers. I want to heal. "),
    "short wishes": "".join(f"I need {word}\U0001f622. " for word in _pairs())[:10_000],
    "places": _filled("tennesee, arkansaw, new hamshire, 12345 in or "),
    "negations": _filled("I am not, "),
    "no blanks": _random(ord("a"), ord("z")),
    "short words": " ".join(_random(ord("a"), ord("z"), 5_000)),
    "one letter": _filled("a"),
    "stretched words": _filled("aaabbbccc "),
    "points": _filled("a."),
    "apostrophes": _filled("a'"),
    "punctuation": _filled("!?.,"),
    "emoji": _filled("\U0001f622\U0001f62d\U0001f52a"),
    "right to left": _filled("\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd "),
    "chinese": _filled("\u6211\u60f3\u77e5\u9053"),
    "korean": _random(0xAC00, 0xD7A3),
    "thai": _filled("\u0e01\u0e34\u0e49"),
    "marks in a pile": _filled("i" + PILE * 20),
    "marks in no order": _filled("\u0651\u064e"),
    "unseen marks": _filled("a\u200b\u202e"),
    "look-alikes": _filled("h\N{CYRILLIC SMALL LETTER IE}lp "),
    "words in one character": _filled("\ufdfa\u33af"),
    "any characters": _random(0x0, 0x1FFFF),
    "characters of four bytes": _random(0x10000, 0x1FFFF),
    "four characters in one": _filled("\ufdf4\u2057"),
    "payload": _filled('/ask{"topic": '),
    "nested": _filled('{"a": ['),
    "danger": _filled("he is outside "),
}
IN_DANGER = {
    "capitals": "I WANT TO DIE",
    "stretched": "i waaaant to diiiiie",
    "look-alikes": "i want to di\N{CYRILLIC SMALL LETTER IE}",
    "marks in a pile": "".join(letter + PILE for letter in DANGER),
    "unseen marks": "\u200b".join(DANGER),
    "dictated": "i want to die period",
    "two languages": "quiero que sepas que i want to die y no puedo más",
    "right to left": "\u0645\u0631\u062d\u0628\u0627 i want to die",
    "at the end": _filled("word ") + DANGER,
    "at the beginning": DANGER + _filled(" word"),
    "where the reading ends": _filled("word ", LONGEST_READ - 5) + DANGER,
    "after stretched words": _filled("aaabbb ") + DANGER,
    "after words in one character": "\ufdfa" * 10_000 + DANGER,
}
ORDINARY = (
    *KNOWN,
    "i live in ohio but he is in prison in texas",
    "I want to know why he did it, and I want him to see what he did to my mother.",
    "my lawyer said something about a meeting with him and i do not know what to think of that, is it safe",
)


def _sound(found: Understanding) -> bool:
    return bool(found.topic) and 0 <= found.confidence <= 1


def _answered(turn: Turn) -> bool:
    return bool(turn.replies) and "something_broke" not in [reply.id for reply in turn.replies]


@seed(1)
@FIXED
@given(text=st.text(max_size=400))
@example("\ud800")
@example("\x00")
@example("/")
async def test_any_text_is_read(engine: Engine, text: str) -> None:
    assert _sound(await engine.parse(text))


@seed(2)
@settings(FIXED, max_examples=30)
@given(english=st.sampled_from(KNOWN), spanish=st.sampled_from(SPANISH), around=st.text(max_size=20))
async def test_two_languages_in_one_message_are_read_and_answered(
    engine: Engine, english: str, spanish: str, around: str
) -> None:
    for text in (f"{english}, {spanish}", f"{spanish} {around} {english}"):
        assert _sound(await engine.parse(text))
        assert _answered(await engine.turn("two languages", text, begin=True))


@seed(3)
@FIXED
@given(text=st.sampled_from(KNOWN), marks=st.lists(st.tuples(st.integers(0, 40), st.sampled_from(UNSEEN)), max_size=30))
async def test_marks_that_are_not_seen_change_nothing(engine: Engine, text: str, marks: list[tuple[int, str]]) -> None:
    sprinkled = text
    for place, mark in marks:
        sprinkled = sprinkled[:place] + mark + sprinkled[place:]
    assert await engine.parse(sprinkled) == await engine.parse(text)


@seed(4)
@FIXED
@given(text=st.sampled_from(KNOWN), where=st.sets(st.integers(0, 40)))
async def test_letters_that_look_alike_change_nothing(engine: Engine, text: str, where: set[int]) -> None:
    disguised = "".join(letter.translate(DISGUISES) if place in where else letter for place, letter in enumerate(text))
    assert await engine.parse(disguised) == await engine.parse(text)


@seed(5)
@FIXED
@given(text=st.sampled_from(KNOWN), word=st.integers(0, 8), letter=st.integers(0, 8), times=st.integers(3, 60))
async def test_a_stretched_word_is_read_as_the_word(
    engine: Engine, text: str, word: int, letter: int, times: int
) -> None:
    words = text.split()
    long_words = [place for place, given_word in enumerate(words) if len(given_word) > 2]
    place = long_words[word % len(long_words)]
    stretched = words[place]
    at = letter % len(stretched)
    words[place] = stretched[:at] + stretched[at] * times + stretched[at + 1 :]
    assert await engine.parse(" ".join(words)) == await engine.parse(text)


@pytest.mark.parametrize("text", KNOWN)
async def test_capitals_and_piles_of_marks_keep_the_topic(engine: Engine, text: str) -> None:
    clean = await engine.parse(text)
    assert (await engine.parse(text.upper())).topic == clean.topic
    if text.isascii():
        assert await engine.parse("".join(letter + PILE for letter in text)) == clean


@pytest.mark.parametrize("name", IN_DANGER)
async def test_danger_is_heard_in_all_of_it(engine: Engine, name: str) -> None:
    found = await engine.parse(IN_DANGER[name])
    assert "crisis_suicide" in [firing.crisis for firing in found.crises]
    turn = await engine.turn(f"danger {name}", IN_DANGER[name], begin=True)
    assert "crisis_suicide" in [reply.id for reply in turn.replies]


async def test_what_dictation_adds_mostly_keeps_the_topic(engine: Engine) -> None:
    same = [
        (await engine.parse(dictated)).topic == (await engine.parse(clean)).topic
        for clean, dictated in DICTATED.items()
    ]
    assert sum(same) >= 0.75 * len(DICTATED), dict(zip(DICTATED, same, strict=True))


@pytest.mark.parametrize("text", [*PAYLOADS, *MISHEARD])
async def test_commands_and_misheard_words_are_read_and_answered(engine: Engine, text: str) -> None:
    assert _sound(await engine.parse(text))
    await engine.turn(f"command {text}", "hello", begin=True)
    assert _answered(await engine.turn(f"command {text}", text, begin=True))


@pytest.mark.parametrize("text", [text for text in PAYLOADS if "{" in text])
async def test_a_typed_command_steers_nothing(engine: Engine, text: str) -> None:
    await engine.turn(f"steering {text}", '/share_goals{"goal": "goal_apology"}', begin=True)
    turn = await engine.turn(f"steering {text}", text, begin=True)
    assert (turn.goals, turn.state) == (("goal_apology",), None)


@pytest.mark.parametrize("name", LONG)
async def test_long_texts_are_read_and_answered(engine: Engine, name: str) -> None:
    found = await engine.parse(LONG[name])
    assert _sound(found)
    for length in (LONGEST_MESSAGE, len(LONG[name])):
        turn = await engine.turn(f"long {name}", LONG[name][:length], begin=True)
        assert _answered(turn)
        # The classifier may take noise for anything; the rules hear words alone.
        assert ("rules" in [firing.layer for firing in found.crises]) == (name == "danger")
        assert turn.crisis == "crisis_danger" or name != "danger"


@seed(6)
@settings(FIXED, max_examples=80)
@given(text=st.text(max_size=200) | st.sampled_from(KNOWN).map(str.upper) | st.sampled_from(MISHEARD))
async def test_any_text_is_answered(engine: Engine, text: str) -> None:
    assert _answered(await engine.turn("any input", text, begin=True))


async def test_no_text_takes_ten_times_as_long_as_an_ordinary_message(engine: Engine) -> None:
    """Time of the processor, against ordinary messages of the same moment.

    The least of seven counts: what else the machine does only adds to it.
    """

    async def seconds(text: str) -> float:
        start = time.process_time()
        await engine.parse(text)
        return time.process_time() - start

    times_ordinary: dict[str, list[float]] = {name: [] for name in LONG}
    for _ in range(7):
        ordinary = median([await seconds(text) for text in ORDINARY])
        for name, text in LONG.items():
            times_ordinary[name].append(await seconds(text) / ordinary)
    slowest = sorted(((min(times), name) for name, times in times_ordinary.items()), reverse=True)
    assert slowest[0][0] <= 10, slowest[:5]
