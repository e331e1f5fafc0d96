"""What a visitor or a task has to see travels with them, and nobody else can say it for them."""

from __future__ import annotations

from http.cookies import SimpleCookie
from types import SimpleNamespace

import pytest
import time_machine
from django.core import signing
from django.http import HttpResponse

from strangler.core.positions import Position
from strangler.replicas import freshness, tasks
from strangler.replicas.carrying import COOKIE, LONGEST_LAG, TOLD_HEADER, Visitor, cookie_name, read, write
from strangler.replicas.freshness import Freshness

HERE = Position.parse("0:12")
MYSQL = Position.parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7,b1f4c2d0-0000-11ee-8000-0242ac120002:3")


@pytest.fixture(autouse=True)
def replicated(settings):
    settings.STRANGLER = {"REPLICAS": {"default": ["replica"], "shop": ["shop_replica"]}}
    return settings


def cookie_after(work, cookies):
    """Return the cookie that a visitor with *cookies* gets after *work*."""
    visitor = Visitor(cookies)
    visitor.work = work
    return visitor.tell(HttpResponse()).cookies.get(COOKIE)


def cookie_for(position):
    return cookie_after(Freshness({"default": position}), {})


@pytest.mark.parametrize(
    "work",
    [
        Freshness(),
        Freshness({"default": HERE}),
        Freshness({"default": MYSQL}),
        Freshness({"shop": HERE}, unsettled=["default"]),
    ],
)
def test_what_has_to_be_seen_is_read_as_it_was_written(work):
    assert read(write(work)).told() == work.told()


def test_what_is_too_long_for_a_cookie_is_asked_for_anew():
    gaps = ":".join(str(number) for number in range(1, 2_000, 2))
    work = Freshness(
        {"default": Position.parse(f"3e11fa47-71ca-11e1-9e33-c80aa9429562:{gaps}"), "shop": HERE}
    )
    assert read(write(work)).told() == {"default": None, "shop": HERE}


def test_the_next_page_has_to_show_what_the_cookie_says():
    visitor = Visitor({COOKIE: cookie_for(HERE).value})
    assert visitor.work.need("default") == HERE
    assert freshness.current() is visitor.work


def test_the_gateway_is_told_in_a_header_since_it_takes_over_but_one_cookie():
    visitor = Visitor({})
    visitor.work = Freshness({"default": HERE})
    answer = visitor.tell(HttpResponse(headers={TOLD_HEADER: ""}))
    assert COOKIE not in answer.cookies
    told = SimpleCookie(answer[TOLD_HEADER])
    assert Visitor({COOKIE: told[COOKIE].value}).work.need("default") == HERE
    assert Visitor({}).tell(HttpResponse(headers={TOLD_HEADER: ""}))[TOLD_HEADER] == ""


def test_a_visitor_who_wrote_nothing_gets_no_cookie():
    assert cookie_after(Freshness(), {}) is None
    cookies = {COOKIE: cookie_for(HERE).value}
    assert cookie_after(Freshness({"default": HERE}), cookies) is None


def test_the_cookie_is_kept_from_scripts_and_follows_the_session_s_security(settings):
    settings.SESSION_COOKIE_SECURE = True
    cookie = cookie_for(HERE)
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)


@pytest.mark.parametrize("forged", ["default=0:9999", "", "x" * 5000])
def test_a_forged_cookie_says_nothing(forged):
    assert Visitor({COOKIE: forged}).work.told() == {}


def test_what_was_signed_for_something_else_says_nothing():
    assert Visitor({COOKIE: signing.dumps("default=0:9999")}).work.told() == {}


def test_an_old_cookie_says_nothing():
    with time_machine.travel("2026-01-01", tick=False) as clock:
        cookies = {COOKIE: cookie_for(HERE).value}
        clock.shift(LONGEST_LAG.total_seconds() + 1)
        assert Visitor(cookies).work.told() == {}


def test_a_cookie_about_a_database_that_has_no_replicas_any_more_says_nothing(settings):
    cookies = {COOKIE: cookie_for(HERE).value}
    settings.STRANGLER = {"REPLICAS": {"shop": ["shop_replica"]}}
    assert Visitor(cookies).work.told() == {}


def test_each_service_has_a_cookie_of_its_own(settings):
    settings.STRANGLER = {**settings.STRANGLER, "SERVICE": "images"}
    value = cookie_for(HERE)
    assert value is None
    visitor = Visitor({})
    visitor.work = Freshness({"default": HERE})
    assert (
        list(visitor.tell(HttpResponse()).cookies) == [cookie_name("images")] == ["strangler_position_images"]
    )


def run_task(headers, *, is_eager=False):
    """Return what a task sees that comes with these headers."""
    freshness.begin(Freshness({"shop": HERE}))
    tasks._begin(task=SimpleNamespace(request=SimpleNamespace(headers=headers, is_eager=is_eager)))
    return freshness.current().told()


def test_a_task_sees_what_its_sender_wrote():
    headers: dict[str, object] = {}
    freshness.begin(Freshness({"default": HERE}))
    tasks._tell(headers=headers)
    assert run_task(headers) == {"default": HERE}


def test_a_task_of_nobody_sees_all_that_was_there_when_it_began():
    assert run_task({}) == run_task(None) == {"default": None, "shop": None}


def test_a_task_with_a_header_that_can_t_be_read_sees_all_that_was_there():
    assert run_task({tasks.HEADER: "default=nonsense"}) == {"default": None, "shop": None}


def test_an_eager_task_is_still_the_work_that_sent_it():
    assert run_task({}, is_eager=True) == {"shop": HERE}


def test_without_replicas_nothing_travels(settings):
    settings.STRANGLER = {}
    headers: dict[str, object] = {}
    tasks._tell(headers=headers)
    assert headers == {}
