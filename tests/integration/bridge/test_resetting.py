"""Links that set a new password: made by one side, good at the other."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from strangler.bridge import users
from strangler.bridge.resetting import SharedResetLink, reset_tokens, reset_uid


@pytest.fixture
def link_of_the_other_side(monolith, item):
    """A user whom the other side sent, and the link that it mailed: what goes into it is the same on both."""
    user = get_user_model().objects.get(pk=users.receive(item)["id"])
    return user, reset_uid(user), reset_tokens.make_token(user)


def test_it_names_the_user_by_what_both_sides_know(link_of_the_other_side):
    user, uid, token = link_of_the_other_side
    assert SharedResetLink().get_user(uid) == user
    assert reset_tokens.check_token(user, token)


def test_it_does_not_depend_on_the_number_of_the_row(link_of_the_other_side, item):
    user, _uid, token = link_of_the_other_side
    user.delete()
    item["uid"], known = str(users.UUID(int=1)), item["uid"]
    again = get_user_model().objects.get(pk=users.receive(item)["id"])
    assert not reset_tokens.check_token(again, token), "another person's"
    users.Link.objects.filter(uid=known).delete()
    users.Link.objects.filter(user=again).update(uid=known)
    assert reset_tokens.check_token(again, token)


def test_it_is_used_up_by_a_new_password(link_of_the_other_side):
    user, _uid, token = link_of_the_other_side
    user.set_password("another long password")
    assert not reset_tokens.check_token(user, token)


def test_it_outlives_a_new_key_until_the_old_one_is_gone(link_of_the_other_side, settings):
    user, _uid, token = link_of_the_other_side
    old = settings.STRANGLER["SIGNING_KEYS"]
    settings.STRANGLER = {**settings.STRANGLER, "SIGNING_KEYS": ["n" * 40, *old]}
    assert reset_tokens.check_token(user, token)
    settings.STRANGLER = {**settings.STRANGLER, "SIGNING_KEYS": ["n" * 40]}
    assert not reset_tokens.check_token(user, token)


@pytest.mark.parametrize("uid", ["", "x", "MQ", "w6k", "!!!"])
def test_a_strange_one_names_nobody(monolith, uid):
    assert SharedResetLink().get_user(uid) is None
