"""Users on both sides: what is sent, what is taken, and what happens when both changed one."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from monolith.accounts.models import Profile
from strangler.bridge import following, users
from strangler.bridge.models import EndedLogin, Link
from strangler.bridge.noticing import collecting
from strangler.errors import PeerUnavailableError, UserConflictError

PATH = "/_strangler/users"


def everything_is_taken(_headers, items):
    return [{"uid": each["uid"], "id": "4711", "record": each["sent"]} for each in items]


@pytest.fixture
def in_step(monolith, ann):
    """A user that both sides know, and the function that looks at its link."""
    monolith.answers["POST", PATH] = everything_is_taken
    monolith.answers["GET", PATH] = []
    following.catch_up()
    assert link_of(ann).due_at is None
    return ann


def receive_and_close(item):
    """Receive in a thread of its own, whose connection nobody else would close."""
    try:
        return users.receive(item)
    finally:
        connection.close()


def link_of(user):
    return Link.objects.get(user=user)


def from_the_other_side(user, **changes):
    link = link_of(user)
    return {"uid": str(link.uid), "id": "4711", "base": link.agreed, "sent": {**link.agreed, **changes}}


def test_a_new_user_is_made_with_all_that_belongs_to_it(monolith, item):
    answer = users.receive(item)
    user = get_user_model().objects.get(pk=answer["id"])
    assert answer["record"] == item["sent"]
    assert (user.password, user.profile.phone) == ("md5$salt$hash", "0113 496 0000")
    assert link_of(user).due_at is None


def test_taken_twice_it_is_one_user(monolith, item):
    assert users.receive(item) == users.receive(item)
    assert get_user_model().objects.count() == 1


def test_a_change_is_sent_with_what_was_known_before(in_step, monolith):
    before = link_of(in_step).agreed
    in_step.email = "ann@example.org"
    in_step.save()
    assert users.push(users.due()) == 1
    (sent,) = monolith.asked[-1][3]
    assert (sent["base"], sent["sent"]["email"]) == (before, "ann@example.org")
    assert link_of(in_step).due_at is None


def test_a_change_of_a_row_that_belongs_to_the_user_is_sent_too(in_step, monolith):
    Profile.objects.create(user=in_step, phone="2")
    assert users.push(users.due()) == 1
    assert monolith.asked[-1][3][0]["sent"]["profile.phone"] == "2"


def test_a_login_changes_nothing_that_the_other_side_has_to_know(in_step):
    in_step.save(update_fields=["last_login"])
    assert users.due() == []


def test_what_passes_djangos_signals_by_is_found(in_step):
    get_user_model().objects.filter(pk=in_step.pk).update(first_name="Anna")
    assert users.due() == []
    assert users.find_unnoticed() == 1
    assert [link.user for link in users.due()] == [in_step]


def test_a_change_that_is_rolled_back_is_not_sent(in_step):
    with transaction.atomic():
        in_step.email = "ann@example.org"
        in_step.save()
        transaction.set_rollback(True)
    assert users.due() == []


def test_what_the_other_side_changed_is_taken_and_not_sent_back(in_step):
    users.receive(from_the_other_side(in_step, email="ann@example.org", **{"profile.phone": "2"}))
    in_step.refresh_from_db()
    assert (in_step.email, in_step.profile.phone) == ("ann@example.org", "2")
    assert users.due() == []


def test_changes_of_both_sides_come_together_and_what_is_news_is_sent(in_step):
    get_user_model().objects.filter(pk=in_step.pk).update(first_name="Anna")
    answer = users.receive(from_the_other_side(in_step, email="ann@example.org"))
    assert (answer["record"]["first_name"], answer["record"]["email"]) == ("Anna", "ann@example.org")
    assert len(users.due()) == 1  # whether the answer arrives nobody knows


def test_a_field_that_both_changed_holds_as_the_monolith_has_it_and_is_logged(in_step, caplog):
    get_user_model().objects.filter(pk=in_step.pk).update(first_name="Anna")
    answer = users.receive(from_the_other_side(in_step, first_name="Annie"))
    assert answer["record"]["first_name"] == "Anna"
    assert "changed on both sides: first_name" in caplog.text


def test_in_the_service_it_holds_as_the_monolith_sends_it(service, item):
    users.receive(item)
    user = get_user_model().objects.get()
    get_user_model().objects.update(first_name="Anna")
    assert users.receive(from_the_other_side(user, first_name="Annie"))["record"]["first_name"] == "Annie"


def test_what_changes_while_it_is_being_sent_stays_and_is_sent_again(in_step, monolith):
    in_step.email = "ann@example.org"
    in_step.save()

    def answer_late(_headers, items):
        get_user_model().objects.filter(pk=in_step.pk).update(first_name="Anna")
        return everything_is_taken(_headers, items)

    links = users.due()
    items = [users.item_of(link) for link in links]
    answers = answer_late({}, items)
    assert users._settle(items[0], answers[0]) is False
    in_step.refresh_from_db()
    assert (in_step.email, in_step.first_name) == ("ann@example.org", "Anna")
    assert len(users.due()) == 1


def test_without_an_answer_a_user_stays_due(in_step, monolith):
    in_step.email = "ann@example.org"
    in_step.save()
    monolith.answers["POST", PATH] = 500
    with pytest.raises(PeerUnavailableError, match="answered 500"):
        users.push(users.due())
    assert len(users.due()) == 1


def test_a_deleted_user_is_deleted_on_the_other_side_and_never_made_again(in_step, monolith, item):
    uid = str(link_of(in_step).uid)
    in_step.delete()
    monolith.answers["POST", PATH] = lambda _headers, items: [
        {"uid": each["uid"], "id": "", "record": None} for each in items
    ]
    users.push(users.due())
    assert monolith.asked[-1][3][0]["sent"] is None
    assert users.receive({**item, "uid": uid})["record"] is None
    assert not get_user_model().objects.exists()
    assert users.due() == []


def test_a_user_that_the_other_side_deleted_is_deleted_here(in_step):
    users.receive({**from_the_other_side(in_step), "sent": None})
    assert not get_user_model().objects.exists()


def test_two_people_who_registered_one_name_are_not_made_one(monolith, ann, item):
    with pytest.raises(UserConflictError, match="somebody else is 'ann' here"):
        users.receive(item)
    ann.refresh_from_db()
    assert ann.check_password("a long password")


def test_a_user_whose_row_was_copied_to_both_sides_before_is_one(monolith, ann, item):
    item["sent"]["password"] = ann.password
    assert users.receive(item)["id"] == str(ann.pk)
    assert str(link_of(ann).uid) == item["uid"]


@pytest.mark.django_db(transaction=True)
def test_a_user_that_comes_twice_at_the_same_moment_is_one_and_nobody_is_refused(monolith, item):
    """The push of the service and the question of a visitor's next page."""
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(receive_and_close, [item] * 4))
    assert len({answer["id"] for answer in answers}) == 1
    assert get_user_model().objects.count() == 1


def test_a_name_alone_makes_nobody_the_same(monolith, ann, item):
    del item["sent"]["password"]
    with pytest.raises(UserConflictError, match="somebody else"):
        users.receive(item)


def test_a_refused_user_waits_says_why_and_holds_up_nobody(in_step, monolith):
    ben = get_user_model().objects.create_user("ben", "ben@example.com", "a long password")
    in_step.save()
    refused = str(link_of(ben).uid)
    monolith.answers["POST", PATH] = lambda headers, items: [
        {"error": "somebody else is 'ben'"}
        if each["uid"] == refused
        else everything_is_taken(headers, [each])[0]
        for each in items
    ]
    assert users.push(users.due()) == 1
    assert users.due() == []
    assert link_of(ben).problem == "somebody else is 'ben'"


@pytest.mark.parametrize("strange", [{}, {"uid": "x"}, {"uid": str(uuid.uuid4()), "id": "1", "sent": 7}, 7])
def test_what_is_no_user_is_refused(monolith, strange):
    with pytest.raises(UserConflictError):
        users.receive(strange)


def test_a_step_fetches_what_is_due_over_there_and_says_that_it_was_heard(monolith, item):
    monolith.answers["GET", PATH] = [item]
    monolith.answers["POST", PATH] = everything_is_taken
    assert following.step() == following.Steps(fetched=1)
    assert get_user_model().objects.get().username == "ann"
    (sent,) = monolith.asked[-1][3]
    assert (sent["uid"], sent["sent"]) == (item["uid"], item["sent"])


def test_a_step_ends_the_logins_that_could_not_be_ended(monolith):
    EndedLogin.objects.create(digest="d", cookie="c", ended_at=timezone.now())
    monolith.answers.update({("GET", PATH): [], ("DELETE", "/_strangler/login"): 204})
    assert following.step() == following.Steps(ended=1)
    assert following.step() == following.Steps()
    assert [each[2].get("Strangler-Login") for each in monolith.asked if each[0] == "DELETE"] == ["c"]
    assert EndedLogin.objects.get().cookie == "", "processes may remember the login for a moment"


def test_the_command_brings_all_users_over_and_says_what_is_out_of_step(monolith, ann, capsys):
    monolith.answers["POST", PATH] = everything_is_taken
    monolith.answers["GET", PATH] = []
    Link.objects.all().delete()
    call_command("strangler", "users", "sync")
    assert "1 users sent, 0 fetched, 0 refused" in capsys.readouterr().out
    call_command("strangler", "users", "status")
    assert "1 users on both sides, 0 to be sent" in capsys.readouterr().out
    Link.objects.update(problem="somebody else is 'ann'")
    with pytest.raises(SystemExit):
        call_command("strangler", "users", "status")
    assert "somebody else is 'ann'" in capsys.readouterr().out


def test_a_web_request_pushes_what_it_changed(monolith, client):
    monolith.answers["POST", PATH] = everything_is_taken
    boss = get_user_model().objects.create_superuser("boss", "boss@example.com", "a long password")
    client.force_login(boss)
    with collecting() as changed:
        pass
    assert changed == set()
    client.post("/account/profile/", {"email": "boss@example.org", "phone": "3"})
    method, path, _, items = monolith.asked[-1]
    assert (method, path, items[0]["sent"]["profile.phone"]) == ("POST", PATH, "3")
