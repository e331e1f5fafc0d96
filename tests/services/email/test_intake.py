"""What is taken, what is refused and why, and what a repetition does."""

import json

import pytest

from extracted.email import errors
from extracted.email.composing import compose, names
from extracted.email.conf import config
from extracted.email.delivering import deliver
from extracted.email.intake import take
from extracted.email.models import Message, Source
from extracted.email.states import State
from extracted.email.submission import parse, parse_json

pytestmark = pytest.mark.django_db
GOOD = {
    "template": "welcome",
    "to": ["ann@example.org"],
    "context": {"user": {"username": "ann", "first_name": "Ann"}},
}
ORDER = {
    "order": {"number": "HT-1", "name": "Ann", "total": "12.50", "lines": ["Ann <b>", "1 Road"]},
    "items": [{"quantity": 2, "description": "Print 10 × 15", "amount": "12.50"}],
    "invoice": {"number": "2026-0000001", "issued_on": "1 March 2026", "total": "12.50", "due": "12.50"},
}


def with_user(**user):
    return {**GOOD, "context": {"user": {"username": "ann", "first_name": "Ann", **user}}}


@pytest.mark.parametrize(
    ("body", "error", "text"),
    [
        ([], errors.MalformedError, "JSON object, not list"),
        ({"to": []}, errors.MalformedError, "template is missing"),
        ({**GOOD, "subject": "x"}, errors.MalformedError, "no key 'subject'"),
        ({**GOOD, "to": "ann@example.org"}, errors.MalformedError, "to must be a list"),
        ({**GOOD, "to": [1]}, errors.MalformedError, "each a text"),
        ({**GOOD, "to": []}, errors.AddressError, "no recipient"),
        ({**GOOD, "to": [f"a{i}@b.example" for i in range(51)]}, errors.AddressError, "51 recipients"),
        ({**GOOD, "to": ["ann"]}, errors.AddressError, "'ann' is no mail address"),
        ({**GOOD, "to": ["a@b.example, c@d.example"]}, errors.AddressError, "is no mail address"),
        ({**GOOD, "to": ["Ann <ann@example.org>"]}, errors.AddressError, "is no mail address"),
        ({**GOOD, "to": ["a" * 250 + "@b.example"]}, errors.AddressError, "at most 254"),
        ({**GOOD, "to": ["a@b.example\nBcc: all@c.example"]}, errors.HeaderInjectionError, "line break"),
        ({**GOOD, "to": ["a@b.example\r\n"]}, errors.HeaderInjectionError, "line break"),
        ({**GOOD, "to": ["a@b.example\u2028x"]}, errors.HeaderInjectionError, "line break"),
        ({**GOOD, "context": []}, errors.MalformedError, "context must be an object"),
        ({**GOOD, "context": {"x": float("nan")}}, errors.MalformedError, "JSON values"),
        ({**GOOD, "context": {"x": "\ud800"}}, errors.MalformedError, "JSON values"),
        ({**GOOD, "context": {"x": ["a\0b"]}}, errors.MalformedError, "NUL"),
        ({**GOOD, "context": {"x": "y" * 70_000}}, errors.TooLargeError, "context has 70,009 bytes"),
        ({**GOOD, "business_id": "x" * 201}, errors.TooLargeError, "business_id has 201 bytes"),
        ({**GOOD, "business_id": "x\ny"}, errors.HeaderInjectionError, "business_id"),
        ({**GOOD, "template": "a\0"}, errors.HeaderInjectionError, "template"),
        ({**GOOD, "locale": "../../etc"}, errors.MalformedError, "locale"),
    ],
)
def test_a_body_that_is_wrong_is_refused_by_name(body, error, text):
    with pytest.raises(error) as caught:
        parse(body)
    assert text in str(caught.value)


@pytest.mark.parametrize("version", [0, 2, "1", None, True])
def test_a_version_that_is_newer_or_none_is_refused(version):
    with pytest.raises(errors.UnknownVersionError):
        parse(GOOD, version=version)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 200_000, b'{"a": NaN'])
def test_what_is_not_json_is_refused(raw):
    with pytest.raises(errors.MalformedError):
        parse_json(raw)


def test_a_body_over_the_limit_is_not_even_read():
    with pytest.raises(errors.TooLargeError, match="the body has 300,000 bytes"):
        parse_json(b" " * 300_000)


def test_recipients_are_taken_once_each():
    assert parse({**GOOD, "to": ["ann@example.org", "Ann@Example.org"]}).to == ("Ann@Example.org",)


def test_a_mail_without_a_template_is_refused_or_parked():
    missing = parse({**GOOD, "template": "nothing"})
    with pytest.raises(errors.NoTemplateError):
        take(missing, source=Source.API)
    row = take(missing, source=Source.TASK, is_parked_on_failure=True).message
    assert (row.state, row.due_at) == (State.PARKED, None)
    assert row.reason == "there is no template 'nothing'"


@pytest.mark.parametrize("name", ["../settings", "layout", "welcome.txt", "Welcome", ""])
def test_a_template_is_only_what_has_three_parts_and_a_plain_name(name):
    with pytest.raises(errors.NoTemplateError):
        compose(name, context=ORDER, locale="en")


def test_a_template_that_prints_what_the_context_lacks_fails():
    with pytest.raises(errors.RenderingError, match="the context has no username"):
        take(parse({**GOOD, "context": {"user": {"first_name": ""}}}), source=Source.API)
    assert not Message.objects.exists()


def test_a_template_with_a_mistake_fails(settings, tmp_path):
    (tmp_path / "broken.subject.txt").write_text("{% if %}")
    settings.TEMPLATES = [{**each, "DIRS": [tmp_path]} for each in settings.TEMPLATES]
    with pytest.raises(errors.RenderingError, match=r"broken\.subject\.txt"):
        compose("broken", context={}, locale="en")


def test_a_template_has_the_language_that_is_asked_for_or_the_plain_one(settings, tmp_path):
    for part in ("subject.txt", "txt", "html"):
        (tmp_path / f"hi.{part}").write_text("Hello")
        (tmp_path / f"hi.de.{part}").write_text("Hallo")
    settings.TEMPLATES = [{**each, "DIRS": [tmp_path]} for each in settings.TEMPLATES]
    assert [compose("hi", context={}, locale=each).subject for each in ("de-AT", "en", "fr")] == [
        "Hallo",
        "Hello",
        "Hello",
    ]


def test_a_context_cannot_end_the_subject(settings, tmp_path):
    for part in ("subject.txt", "txt", "html"):
        (tmp_path / f"hi.{part}").write_text("Hello {{ name }}")
    settings.TEMPLATES = [{**each, "DIRS": [tmp_path]} for each in settings.TEMPLATES]
    with pytest.raises(errors.HeaderInjectionError, match="the subject"):
        compose("hi", context={"name": "x\nBcc: all@example.org"}, locale="en")
    with pytest.raises(errors.TooLargeError, match="the subject"):
        compose("hi", context={"name": "x" * 1000}, locale="en")


def test_html_escapes_the_context_and_text_does_not():
    content = compose("welcome", context=with_user(first_name="<b>Ann</b>")["context"], locale="en")
    assert "&lt;b&gt;Ann&lt;/b&gt;" in content.html
    assert "<b>Ann</b>" not in content.html
    assert "Hello <b>Ann</b>," in content.text


def test_a_mail_that_gets_too_long_is_refused(configure):
    configure(MAX_CONTENT_BYTES=100)
    with pytest.raises(errors.TooLargeError, match="the rendered mail"):
        compose("welcome", context=GOOD["context"], locale="en")


def test_every_template_of_the_shop_renders():
    assert names() == ["invoice", "order", "report", "welcome"]
    order = compose("order", context=ORDER, locale="en")
    assert order.subject == "Your order HT-1"
    assert "2 x Print 10 × 15: £12.50" in order.text
    assert "Ann &lt;b&gt;<br>1 Road" in order.html
    invoice = compose("invoice", context=ORDER, locale="en")
    assert invoice.subject == "Your invoice 2026-0000001"
    assert "To be paid: £12.50" in invoice.text


def test_the_same_business_id_makes_one_mail():
    wanted = parse({**GOOD, "business_id": "welcome:user:42"})
    first, second = take(wanted, source=Source.API), take(wanted, source=Source.API)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.message.pk == second.message.pk


def test_the_same_business_id_with_another_content_is_a_conflict_or_left_out():
    take(parse({**GOOD, "business_id": "welcome:user:42"}), source=Source.API)
    other = parse({**with_user(first_name="Anna"), "business_id": "welcome:user:42"})
    with pytest.raises(errors.ConflictError):
        take(other, source=Source.API)
    deliver(other, source=Source.TASK, is_parked_on_failure=True)
    assert Message.objects.count() == 1


def test_without_a_business_id_two_mails_are_two():
    for _ in range(2):
        take(parse(GOOD), source=Source.API)
    assert Message.objects.count() == 2


def test_the_workers_are_told_after_the_commit(queue, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        taken = take(parse(GOOD), source=Source.API).message
    (message,) = queue()
    assert json.loads(message)["headers"]["task"] == "email.send"
    assert str(taken.pk) in json.loads(message)["headers"]["argsrepr"]


def test_without_a_broker_the_message_is_due_at_once(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        taken = take(parse(GOOD), source=Source.API).message
    taken.refresh_from_db()
    assert taken.state == State.QUEUED
    assert taken.due_at < taken.created_at + config().resend_after
