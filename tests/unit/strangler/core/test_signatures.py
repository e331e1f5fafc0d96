"""What one side calls against what the other takes: every way of calling must fit."""

import functools
import json

import pytest

from strangler.core.signatures import differences, from_json, signature_of, to_json


def plain(day, *, is_final=False): ...
def same(day, *, is_final=True): ...
def more(day, region="all", *, is_final=False): ...
def stricter(day, region, *, is_final=False): ...
def renamed(date, *, is_final=False): ...
def fewer(day): ...
def anything(*args, **kwargs): ...
def keywords_only(*, day, is_final=False): ...
def two(day, month): ...
def swapped(month, day): ...
def positional(day, /): ...


FIT = {"same": (plain, same), "new with a default": (plain, more), "takes anything": (plain, anything)}
UNFIT = {
    "one more is required": (plain, stricter, "(day): missing a required argument: 'region'"),
    "another name": (plain, renamed, "parameter 1 is 'day' here and 'date' there"),
    "another name, called by name": (plain, renamed, "(day=…): missing a required argument: 'date'"),
    "one is gone": (plain, fewer, "(day, is_final=…): got an unexpected keyword argument 'is_final'"),
    "by name only": (plain, keywords_only, "(day): too many positional arguments"),
    "swapped": (two, swapped, "parameter 1 is 'day' here and 'month' there"),
}


@pytest.mark.parametrize(("ours", "theirs"), FIT.values(), ids=FIT)
def test_calls_that_fit_have_no_differences(ours, theirs):
    assert differences(signature_of(ours), signature_of(theirs)) == []


@pytest.mark.parametrize(("ours", "theirs", "message"), UNFIT.values(), ids=UNFIT)
def test_calls_that_do_not_fit_are_named(ours, theirs, message):
    assert message in differences(signature_of(ours), signature_of(theirs))


@pytest.mark.parametrize("function", [plain, more, anything, keywords_only, positional])
def test_a_signature_survives_json(function):
    signature = signature_of(function)
    read = from_json(json.loads(json.dumps(to_json(signature))))
    assert to_json(read) == to_json(signature)
    assert differences(signature, read) == []


def test_of_a_decorator_that_passes_all_on_the_function_below_counts():
    @functools.wraps(plain)
    def passing(*args, **kwargs): ...

    assert to_json(signature_of(passing)) == to_json(signature_of(plain))


def test_of_a_decorator_that_takes_something_else_the_decorator_counts():
    @functools.wraps(plain)
    def receiving(body=None, version=1): ...

    assert [name for name, *_ in to_json(signature_of(receiving))] == ["body", "version"]
