"""The first layer of the safety net: every rule speaks, guards keep it silent, and a bad file is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.understanding.plain_text import plain_text
from bot.understanding.safety_rules import Rule, RuleBook, SafetyRules, SafetyRulesError, read_rule_book
from tests.understanding.rule_lines import one_line

BOOK = read_rule_book()
NET = SafetyRules.read()


@pytest.mark.parametrize(
    ("text", "crisis"),
    [
        ("My son was murdered three years ago and I want to die.", "crisis_suicide"),
        ("she was killed in 2010 and i dont want to live anymore", "crisis_suicide"),
        ("the man who raped me years ago is outside my house right now", "crisis_danger"),
        ("he got out last year and hes outside my house", "crisis_danger"),
        ("he was convicted and now someone is following me", "crisis_danger"),
        ("i was robbed back in 2015 and now i cut myself again", "crisis_selfharm"),
        ("my daughter was killed that night, i am going to kill him", "crisis_harm_others"),
        ("my uncle was sentenced and my dad is touching my sister", "crisis_child"),
        ("we got married ten years ago and my husband hits me", "crisis_ongoing_abuse"),
        ("my son was murdered in 2010 and im drunk", "crisis_intoxication"),
    ],
)
def test_what_happened_years_ago_does_not_hide_what_is_so_today(text: str, crisis: str) -> None:
    assert [firing.crisis for firing in NET.find(plain_text(text))] == [crisis]


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_every_pattern_of_every_rule_speaks_by_itself(rule: Rule) -> None:
    alone = SafetyRules(RuleBook((rule,), BOOK.guards, BOOK.words))
    silent = [
        pattern
        for pattern in rule.says
        for last in (False, True)
        if [firing.rule for firing in alone.find(one_line(pattern, BOOK.words, last))] != [rule.id]
    ]
    assert silent == [], "no message can make these patterns speak: a guard of their own keeps them silent"


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_beside_the_other_rules_every_rule_still_shows_its_help(rule: Rule) -> None:
    heard = [firing.crisis for firing in NET.find(one_line(rule.says[0], BOOK.words))]
    assert rule.crisis in heard
    assert heard == sorted(heard, key=BOOK.order.index)


@pytest.mark.parametrize(
    ("text", "crises"),
    [
        ("I want to die.", ["crisis_suicide"]),
        ("he is outside, and I want to die", ["crisis_danger", "crisis_suicide"]),
        ("I'm not safe right now!!", ["crisis_danger"]),
        ("IM NOT SAFE RIGHT NOW", ["crisis_danger"]),
        ("i w a n t to d i e. k i l l i n g myself", ["crisis_suicide"]),
        ("How much is it? I took too many pills. Do you have a program in Ohio?", ["crisis_danger"]),
        ("quiero morirme", ["crisis_suicide"]),
        ("how much does it cost", []),
        ("", []),
        ("\U0001f622", []),
    ],
)
def test_danger_is_heard_in_the_order_of_help(text: str, crises: list[str]) -> None:
    assert [firing.crisis for firing in NET.find(plain_text(text))] == crises


@pytest.mark.parametrize(
    ("silent", "speaks"),
    [
        # Negation.
        ("I am not suicidal", "I am suicidal"),
        ("I would never kill myself", "I will kill myself"),
        ("I don't want to die", "I want to die"),
        ("I'm not drunk", "I'm drunk"),
        ("I'm not the offender", "I'm the offender"),
        ("I stopped hurting myself", "I am hurting myself"),
        ("no, no me quiero morir", "me quiero morir"),
        ("no soy menor de edad", "soy menor de edad"),
        # The past.
        ("years ago I wanted to die", "I want to die"),
        ("back then he had a gun at me", "he has a gun at me"),
        ("my husband beats me was what I told them in the past", "my husband beats me"),
        ("when I was young I was cutting myself", "I am cutting myself"),
        ("my uncle touched me when I was nine", "my uncle touched me"),
        ("pense en quitarme la vida, eso fue en 2008", "pense en quitarme la vida"),
        # What somebody else said.
        ("he said he will kill me", "he will kill me"),
        ('his words were "I want to die" and I never forgot them', "I want to die"),
        # Other people, what is only feared, and figures of speech.
        ("the driver was drunk, not me", "I am drunk"),
        ("he was really drunk", "he left and I'm really drunk"),
        ("what if I get a panic attack and can't breathe", "I can't breathe"),
        ("I want to die laughing, this paperwork", "I want to die"),
    ],
)
def test_guards_keep_a_rule_silent_and_nothing_else_does(silent: str, speaks: str) -> None:
    assert NET.find(plain_text(silent)) == []
    assert NET.find(plain_text(speaks)) != []


def test_a_guard_is_silent_only_in_its_own_sentence() -> None:
    assert [firing.crisis for firing in NET.find("That was years ago. I want to die now.")] == ["crisis_suicide"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("crises: [", "cannot be read"),
        ("other: 1", "takes `words`"),
        ("words: {}\nguards: {}\ncrises: {crisis_danger: {door: {says: [911]}}}", "door takes a list of words"),
        ("words: {}\nguards: {}\ncrises: {crisis_danger: {door: {says: help}}}", "door takes a list of words"),
        (
            "words: {}\nguards: {}\ncrises: {crisis_danger: {door: {says: [help], unless: [nap]}}}",
            "rule door: there is no guard nap",
        ),
        (
            'words: {}\nguards: {}\ncrises: {crisis_danger: {door: {says: ["<who> is here"]}}}',
            "there are no words <who>",
        ),
    ],
)
def test_a_bad_file_is_named_with_its_rule(tmp_path: Path, content: str, said: str) -> None:
    broken = tmp_path / "rules.yml"
    broken.write_text(content, encoding="utf-8")
    with pytest.raises(SafetyRulesError, match=rf"rules\.yml.*{said}"):
        SafetyRules.read(broken)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SafetyRulesError, match=r"nowhere\.yml cannot be read"):
        SafetyRules.read(tmp_path / "nowhere.yml")
