"""The measures, on small cases whose figures are counted by hand."""

from __future__ import annotations

import pytest

from evaluation import measures
from evaluation.measures import ConfusionRow, ReliabilityPoint, Share, ThresholdPoint
from evaluation.readings import Reading

ANSWERED = Reading("cost")
OFFERED = Reading("formats", answered=False, offered=frozenset({"formats", "cost"}))
REFUSED = Reading("out_of_scope", answered=False)
UNSURE = Reading("out_of_scope", answered=False, offered=frozenset({"cost"}))
HELPED = Reading("cost", crisis="crisis_danger")


@pytest.mark.parametrize(
    ("expected", "reading", "right"),
    [
        ("cost", ANSWERED, True),
        ("formats", ANSWERED, False),
        ("formats", OFFERED, True),
        ("out_of_scope", REFUSED, True),
        ("cost", HELPED, False),
        ("safety_now", HELPED, True),
        ("safety_now", Reading("safety_now"), True),
        ("talk_to_person", Reading("safety_now"), False),
        ("talk_to_person", HELPED, False),
        ("grounding_now", Reading("grounding_now", crisis="crisis_flashback"), True),
        ("grounding_now", HELPED, False),
        ("counselling_peers", Reading("cost", crisis="crisis_flashback"), False),
        ("find_program", Reading("find_program"), True),
    ],
)
def test_a_best_guess_is_right_and_help_is_right_only_where_it_is_the_answer(
    expected: str, reading: Reading, right: bool
) -> None:
    assert measures.is_right(expected, reading) is right


def test_each_share_counts_what_its_name_says() -> None:
    pairs = [("cost", reading) for reading in (ANSWERED, OFFERED, REFUSED, UNSURE, HELPED)]
    pairs += [("safety_now", HELPED), ("timing", ANSWERED), ("timing", OFFERED)]
    assert measures.accuracy(pairs) == Share(2, 8)  # ANSWERED for cost, HELPED for safety_now
    assert measures.understood(pairs) == Share(3, 8)  # and HELPED for cost
    assert measures.accuracy_with_offers(pairs) == Share(4, 8)  # and OFFERED and UNSURE for cost
    assert measures.wrong_answers(pairs) == Share(1, 8)  # ANSWERED for timing; help is no answer
    assert measures.help_shown(pairs) == Share(1, 7)  # HELPED for cost; safety_now is not among the seven
    flashback = [("grounding_now", Reading("grounding_now", crisis="crisis_flashback")), ("grounding_now", HELPED)]
    assert measures.help_shown(flashback) == Share(1, 2)  # the card for a flashback has the words of grounding
    assert measures.refusals([reading for _, reading in pairs]) == Share(1, 8)  # UNSURE was offered something


def test_nothing_answered_offered_or_helped_is_a_refusal() -> None:
    assert measures.is_refused(REFUSED)
    shown = Reading("out_of_scope", answered=False, crisis="crisis_suicide")
    assert not any(measures.is_refused(one) for one in (ANSWERED, OFFERED, UNSURE, HELPED, shown))


def test_a_share_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no messages"):
        measures.accuracy([])
    assert Share(3, 4).value == 0.75


def test_f1_counts_every_goal_of_every_message_once() -> None:
    pairs: list[tuple[set[str], set[str]]] = [
        ({"a", "b"}, {"a"}),  # one found, one missed
        ({"a"}, {"a", "c"}),  # one found, one too many
        (set(), {"b"}),  # one too many
        (set(), set()),
    ]
    # 2 found, 1 missed, 2 too many: precision 2/4, recall 2/3, F1 4/7
    assert measures.micro_f1(pairs) == pytest.approx(4 / 7)
    with pytest.raises(ValueError, match="F1"):
        measures.micro_f1([(set(), set())])


def test_no_place_matches_only_no_place() -> None:
    assert measures.exact_matches([("TX", "TX"), (None, None), (None, "IN"), ("WA", None), ("VA", "WV")]) == Share(2, 5)


def test_the_percentile_of_even_steps() -> None:
    assert measures.percentile_95([float(number) for number in range(101)]) == pytest.approx(95)


def test_the_commonest_confusions_stand_first_and_ties_by_name() -> None:
    pairs = [("cost", Reading("formats"))] * 2 + [
        ("timing", Reading("cost")),
        ("apology", REFUSED),
        ("cost", HELPED),
        ("cost", ANSWERED),
    ]
    assert measures.commonest_confusions(pairs, most=3) == [
        ("cost", "formats", 2),
        ("apology", "out_of_scope", 1),
        ("cost", "help", 1),
    ]


def test_confusions_are_gathered_by_family() -> None:
    family_of = {"cost": "how", "timing": "how", "apology": "hopes"}
    pairs = [
        ("cost", ANSWERED),
        ("cost", Reading("timing")),
        ("timing", Reading("apology")),
        ("timing", Reading("goodbye")),
        ("apology", HELPED),
        ("out_of_scope", REFUSED),
        ("out_of_scope", ANSWERED),
    ]
    assert measures.family_confusions(pairs, family_of, other="act") == {
        "how": ConfusionRow(1, {"how": 1, "hopes": 1, "act": 1}),
        "hopes": ConfusionRow(0, {"help": 1}),
        "out_of_scope": ConfusionRow(1, {"how": 1}),
    }


def test_a_threshold_answers_what_is_as_sure_as_it() -> None:
    in_scope = [
        ("cost", Reading("cost", confidence=0.9)),
        ("cost", Reading("timing", confidence=0.5)),
        ("cost", Reading("out_of_scope", confidence=0.9)),
        ("cost", Reading("cost", confidence=0.4)),
        ("cost", HELPED),
    ]
    out_of_scope = [Reading("cost", confidence=0.5), REFUSED]
    assert measures.threshold_curve(in_scope, out_of_scope, [0.0, 0.5, 0.95], few=2) == [
        ThresholdPoint(0.0, 0.75, 2 / 3, 0.5),
        ThresholdPoint(0.5, 0.5, 0.5, 0.5),
        ThresholdPoint(0.95, 0.0, None, 0.0),
    ]


def test_reliability_is_taken_over_messages_of_like_confidence() -> None:
    pairs = [
        ("cost", Reading("timing", confidence=0.875)),
        ("cost", Reading("cost", confidence=1.0)),
        ("cost", Reading("cost", confidence=0.25)),
        ("cost", Reading("out_of_scope", confidence=0.75)),
        ("cost", HELPED),
    ]
    assert measures.reliability_curve(pairs, bins=2) == [
        ReliabilityPoint(0.25, 1.0, 1),
        ReliabilityPoint(0.9375, 0.5, 2),
    ]
