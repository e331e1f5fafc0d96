"""Rules as text, as JSON, and at work."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler.core.comparison import PRESETS, Action, Rule, compare, learn
from strangler.core.decision import Side
from strangler.core.observation import Observation
from strangler.errors import RuleError


def answer(document):
    return Observation(
        side=Side.LEGACY,
        status=200,
        headers=(("Content-Type", "application/json"),),
        body=json.dumps(document).encode(),
    )


@pytest.mark.parametrize("rule", PRESETS, ids=str)
def test_every_preset_survives_text_and_json(rule):
    assert Rule.parse(str(rule)) == rule
    assert Rule.from_json(json.loads(json.dumps(rule.to_json()))) == rule


@given(st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_any_words_survive_the_text_form(old, new):
    rule = Rule(action=Action.TRANSFORM, place="body.$.a", arguments=("map", f"{old}={new}"))
    assert Rule.parse(str(rule)) == rule


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs an action and a place"),
        ("ignore", "needs an action and a place"),
        ("ignroe headers.date", "Did you mean 'ignore'"),
        ("ignore headers.date x", "takes nothing"),
        ("tolerance body.$.a much", "one number"),
        ("transform body.$.a upper", "needs lower"),
        ("transform body.$.a replace ( x", "no regular expression"),
        ("transform body.$.a map x", "not OLD=NEW"),
        ("transform body.$.a round x", "no number of digits"),
        ("noise ** tmie", "Did you mean 'time'"),
        ("noise ** time soon", "no duration"),
        ("ignore 'a", "No closing quotation"),
    ],
)
def test_a_rule_that_cannot_be_read_says_why(text, message):
    with pytest.raises(RuleError, match=message):
        Rule.parse(text)


@pytest.mark.parametrize(
    ("rule", "control", "candidate"),
    [
        ("ignore body.$.a", {"a": {"b": 1}}, {"a": {"b": "x"}}),
        ("ignore body.$.items[*].a", {"items": [{"a": "x"}]}, {"items": [{"a": "y"}]}),
        ("ignore body.$.items.*.a", {"items": [{"a": "x"}]}, {"items": [{"a": "y"}]}),
        ("ignore body.**.a", {"b": [{"c": {"a": "x"}}]}, {"b": [{"c": {"a": "y"}}]}),
        ("ignore body.$.x-*", {"x-one": "x"}, {}),
        ("unordered body.$.a", {"a": ["x", "y"]}, {"a": ["y", "x"]}),
        ("tolerance body.$.a 0.01", {"a": 1.5}, {"a": 1.51}),
        ("tolerance body.$.a 1%", {"a": 1000}, {"a": 1009}),
        ("transform body.$.a lower", {"a": "X"}, {"a": "x"}),
        ("transform body.$.a round 1", {"a": 1.54}, {"a": 1.53}),
        ("transform body.$.a replace '^v\\d+' v", {"a": "v1 x"}, {"a": "v2 x"}),
        ("transform body.$.a map old=new", {"a": "old"}, {"a": "new"}),
        ("noise body.$.a any", {"a": "x"}, {"a": "y"}),
    ],
)
def test_a_rule_takes_a_difference_away(rule, control, candidate):
    assert compare(answer(control), answer(candidate))
    assert compare(answer(control), answer(candidate), rules=(*PRESETS, Rule.parse(rule))) == ()


@pytest.mark.parametrize(
    ("rule", "control", "candidate"),
    [
        ("ignore body.$.a", {"ab": "x"}, {"ab": "y"}),
        ("ignore body.$.*.a", {"a": "x"}, {"a": "y"}),
        ("unordered body.$.a", {"a": ["x", "y"]}, {"a": ["y", "z"]}),
        ("tolerance body.$.a 0.01", {"a": 1.5}, {"a": 1.52}),
        ("tolerance body.$.a 1%", {"a": 1000}, {"a": 1100}),
        ("noise body.$.a any", {"a": "x"}, {}),
    ],
)
def test_a_rule_takes_away_no_more_than_it_says(rule, control, candidate):
    assert compare(answer(control), answer(candidate), rules=(*PRESETS, Rule.parse(rule)))


def test_what_legacy_shows_against_itself_is_proposed():
    pairs = [
        (
            answer({"load": 100.0 + number, "ad": f"a{number}", "names": ["x", "y"], "same": 1}),
            answer({"load": 101.0 + number, "ad": f"b{number}", "names": ["y", "x"], "same": 1}),
        )
        for number in range(5)
    ]
    rules = learn(pairs)
    assert sorted(map(str, rules)) == [
        "ignore body.$.ad",
        "tolerance body.$.load 2%",
        "unordered body.$.names",
    ]
    assert {(rule.seen, rule.of) for rule in rules} == {(5, 5)}
    assert [compare(*pair, rules=(*PRESETS, *rules)) for pair in pairs] == [()] * 5


def test_a_rare_difference_is_not_proposed():
    same = [(answer({"a": "x"}), answer({"a": "x"}))] * 99
    assert learn([*same, (answer({"a": "x"}), answer({"a": "y"}))]) == ()


def test_entries_of_a_list_are_one_place():
    pairs = [(answer([{"ad": "x"}, {"ad": "x"}]), answer([{"ad": "y"}, {"ad": "z"}]))] * 2
    assert [str(rule) for rule in learn(pairs)] == ["ignore body.$[*].ad"]


def test_nothing_is_learned_from_nothing():
    assert learn([]) == ()
