"""The staff pages: who sees them, what they show, what they can do."""

import pytest

from extracted.email.models import Message, Suppression
from extracted.email.sending import send
from extracted.email.states import RecipientState, State
from tests.services.email.conftest import CUSTOMER, STAFF, TOKEN

pytestmark = pytest.mark.django_db


@pytest.fixture
def get(client_of):
    def get(path, principal=STAFF, **query):
        return client_of(principal).get(path, query)

    return get


@pytest.fixture
def post(client_of):
    def post(path, **form):
        return client_of().post(path, {"csrfmiddlewaretoken": TOKEN, **form})

    return post


def text(answer):
    return answer.content.decode()


@pytest.mark.parametrize("path", ["/email/", "/email/suppressions/"])
def test_only_staff_come_in(get, path):
    anonymous = get(path, principal=None)
    assert (anonymous.status_code, anonymous["Location"]) == (
        302,
        f"/account/login/?next={path.replace('/', '%2F')}",
    )
    assert get(path, principal=CUSTOMER).status_code == 403
    assert get(path).status_code == 200


@pytest.mark.parametrize("name", ["", "html/"])
def test_a_message_is_for_staff_too(get, message, name):
    path = f"/email/messages/{message().pk}/{name}"
    assert get(path, principal=CUSTOMER).status_code == 403
    assert get(path).status_code == 200


def test_forms_need_their_token(client_of, message):
    row = message(state=State.SENT)
    answer = client_of().post(f"/email/messages/{row.pk}/resend/", headers={"Accept": "text/html"})
    assert answer.status_code == 403
    assert "reload the page" in text(answer)
    assert Message.objects.count() == 1


def test_the_list_shows_what_is_looked_for(get, message):
    message("ann@example.org")
    message("ben@example.org", state=State.FAILED, reason="550 no such user")
    assert ">ann@example.org<" in text(get("/email/"))
    failed = text(get("/email/", state="failed"))
    assert "ben@example.org" in failed
    assert "550 no such user" in failed
    assert ">ann@example.org<" not in failed
    assert "No message matches" in text(get("/email/", address="nobody@example.org"))
    wrong = get("/email/", since="yesterday")
    assert wrong.status_code == 400
    assert "since must be a day" in text(wrong)


def test_an_empty_service_says_so(get):
    assert "No mail yet" in text(get("/email/"))


def test_the_list_goes_on(get, message):
    for number in range(51):
        message(f"p{number}@example.org")
    first = text(get("/email/"))
    assert "after=" in first
    assert first.count("cell-subject") == 50


def test_a_message_shows_its_recipients_attempts_and_facts(get, message, smtp):
    row = message("ann@example.org", business_id="welcome:user:42")
    send(row.pk)
    page = text(get(f"/email/messages/{row.pk}/"))
    for part in (
        "ann@example.org",
        "accepted",
        row.message_id.strip("<>"),
        "welcome:user:42",
        "250",
        "Hello Ann",
    ):
        assert part in page


def test_the_preview_is_locked_in(get, message):
    row = message(context={"user": {"username": "ann", "first_name": "<script>alert(1)</script>"}})
    page = get(f"/email/messages/{row.pk}/")
    assert " sandbox " in text(page)
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert "<script" not in text(page)
    preview = get(f"/email/messages/{row.pk}/html/")
    assert preview["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "script" not in preview["Content-Security-Policy"]
    assert preview["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("state", [State.SENT, State.FAILED, State.SUPPRESSED])
def test_sending_again_makes_a_new_message_and_keeps_the_old(post, message, state):
    old = message(state=state, due_at=None, business_id="welcome:user:42")
    answer = post(f"/email/messages/{old.pk}/resend/")
    new = Message.objects.get(resend_of=old)
    assert answer["Location"] == f"/email/messages/{new.pk}/?notice=resent"
    assert new.message_id != old.message_id
    assert (new.state, new.source, new.business_id, new.requested_by) == (State.QUEUED, "staff", None, "1")
    old.refresh_from_db()
    assert old.state == state


def test_a_parked_message_can_be_sent_when_its_template_is_there(post, message, settings, tmp_path):
    old = message(template="later")
    assert post(f"/email/messages/{old.pk}/resend/").status_code == 409
    for part in ("subject.txt", "txt", "html"):
        (tmp_path / f"later.{part}").write_text("Hello")
    settings.TEMPLATES = [{**each, "DIRS": [*each.get("DIRS", []), tmp_path]} for each in settings.TEMPLATES]
    assert post(f"/email/messages/{old.pk}/resend/").status_code == 302
    assert Message.objects.get(resend_of=old).subject == "Hello"


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING])
def test_what_is_on_its_way_is_not_sent_again(get, post, message, state):
    row = message(state=state)
    assert "Send as a new mail" not in text(get(f"/email/messages/{row.pk}/"))
    assert post(f"/email/messages/{row.pk}/resend/").status_code == 409
    assert Message.objects.count() == 1


def test_a_held_message_can_be_sent_again_with_its_id(get, post, message):
    row = message(state=State.UNKNOWN, due_at=None)
    assert "Did it arrive?" in text(get(f"/email/messages/{row.pk}/"))
    post(f"/email/messages/{row.pk}/decide/", decision="again")
    before = row.message_id
    row.refresh_from_db()
    assert (row.state, row.message_id) == (State.QUEUED, before)
    assert post(f"/email/messages/{row.pk}/decide/", decision="again").status_code == 409


def test_a_held_message_can_be_called_sent(post, message):
    row = message(state=State.UNKNOWN, due_at=None)
    post(f"/email/messages/{row.pk}/decide/", decision="sent")
    row.refresh_from_db()
    assert (row.state, row.reason) == (State.SENT, "sam knows that it arrived")
    assert row.recipients.get().state == RecipientState.ACCEPTED
    assert post(f"/email/messages/{row.pk}/decide/", decision="sent").status_code == 409


def test_a_notice_says_only_what_we_wrote(get, message):
    path = f"/email/messages/{message().pk}/"
    assert "with the same Message-ID" in text(get(path, notice="again"))
    assert "You have won" not in text(get(path, notice="You have won"))


def test_addresses_are_suppressed_found_and_released(get, post):
    form = {"address": "Ann@Example.org", "reason": "request", "note": "called us"}
    assert post("/email/suppressions/", **form).status_code == 302
    row = Suppression.objects.get()
    assert (row.address, row.added_by) == ("ann@example.org", "sam")
    assert post("/email/suppressions/", **form).status_code == 302  # twice is once
    assert "called us" in text(get("/email/suppressions/", address="ANN"))
    assert "No suppressed address begins" in text(get("/email/suppressions/", address="ben"))
    post("/email/suppressions/remove/", address="ann@example.org")
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"address": "ann", "reason": "request"}, "is no mail address"),
        ({"address": "ann@example.org", "reason": "spite"}, "choose a reason"),
    ],
)
def test_what_cannot_be_suppressed_is_said(post, form, says):
    answer = post("/email/suppressions/", **form)
    assert answer.status_code == 400
    assert says in text(answer)


def test_the_stylesheet_is_our_own(get):
    answer = get("/email/static/email/staff.css")
    assert answer.status_code == 200
    assert b"http" not in b"".join(answer.streaming_content)
