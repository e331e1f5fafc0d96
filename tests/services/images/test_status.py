"""GET /images/uploads/…: how far each photo is, for its owner only."""

import uuid

import pytest

from extracted.images.models import Photo, State, Upload
from tests.services.images.conftest import BEN

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def uploaded(photo):
    """Return a function that makes an upload with photos in the given states."""

    def uploaded(*states, **fields):
        first, *others = [photo(state=state, **fields) for state in states]
        for position, other in enumerate(others, start=1):
            Photo.objects.filter(pk=other.pk).update(upload=first.upload, position=position)
        return first.upload

    return uploaded


def url(upload):
    return f"/images/uploads/{upload.pk}"


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([State.QUEUED, State.QUEUED], "queued"),
        ([State.QUEUED, State.PROCESSING], "processing"),
        ([State.READY], "processing"),
        ([State.PUBLISHED, State.PROCESSING], "processing"),
        ([State.PUBLISHED, State.FAILED], "ready"),
        ([State.FAILED], "failed"),
    ],
)
def test_an_upload_is_ready_when_all_is_finished_and_something_can_be_seen(
    browser, uploaded, states, expected
):
    assert browser().get(url(uploaded(*states))).json()["status"] == expected


def test_a_photo_that_the_shop_does_not_know_yet_is_still_being_worked_on(browser, uploaded):
    body = browser().get(url(uploaded(State.READY, progress=90))).json()
    assert [(each["state"], each["progress"]) for each in body["photos"]] == [("processing", 90)]


def test_only_a_failure_tells_its_reason(browser, uploaded):
    failed, waiting = (
        uploaded(State.FAILED, reason="cut off"),
        uploaded(State.READY, reason="shop answered 500"),
    )
    assert browser().get(url(failed)).json()["photos"][0]["reason"] == "cut off"
    assert browser().get(url(waiting)).json()["photos"][0]["reason"] == ""


def test_nobody_else_sees_it(browser, uploaded):
    upload = uploaded(State.QUEUED)
    assert browser(BEN).get(url(upload)).status_code == 404
    assert browser().get(f"/images/uploads/{uuid.uuid4()}").status_code == 404
    assert browser(None).get(url(upload)).status_code == 401


def test_the_fragment_renews_itself_until_all_is_finished(browser, uploaded):
    upload = uploaded(State.PROCESSING, State.PUBLISHED, State.FAILED, progress=40, reason="cut off")
    answer = browser(**HTMX).get(url(upload))
    page = answer.content.decode()
    assert f'hx-get="{url(upload)}" hx-trigger="every 700ms" hx-swap="outerHTML"' in page
    for state in ("is-processing", "is-ready", "is-failed"):
        assert f"upload-state {state}" in page
    assert '<progress class="upload-bar" value="40" max="100"' in page
    assert '<span class="upload-error">cut off</span>' in page
    assert "HX-Trigger" not in answer


def test_the_last_fragment_stops_asking_and_tells_the_gallery(browser, uploaded):
    answer = browser(**HTMX).get(url(uploaded(State.PUBLISHED)))
    assert answer["HX-Trigger"] == "photosReady"
    assert "hx-get" not in answer.content.decode()


def test_a_file_name_cannot_run_in_the_fragment(browser, uploaded):
    page = (
        browser(**HTMX)
        .get(url(uploaded(State.QUEUED, filename='"><script>alert(1)</script>')))
        .content.decode()
    )
    assert "<script" not in page
    assert "&quot;&gt;&lt;script&gt;" in page


def test_answers_are_never_kept_by_caches(browser, uploaded):
    assert "no-store" in browser().get(url(uploaded(State.QUEUED)))["Cache-Control"]


def test_my_recent_uploads_are_listed_newest_first(browser, uploaded):
    mine = [uploaded(State.QUEUED) for _ in range(3)]
    Upload.objects.create(owner=BEN.id)
    assert [each["id"] for each in browser().get("/images/uploads/").json()] == [
        str(each.pk) for each in mine[::-1]
    ]


def test_the_api_describes_itself_without_anybody_elses_server(browser):
    description = browser(None).get("/images/openapi.json").json()
    assert set(description["paths"]) == {"/photos/upload/", "/images/uploads/", "/images/uploads/{upload_id}"}
    assert "multipart/form-data" in description["paths"]["/photos/upload/"]["post"]["requestBody"]["content"]
    assert "202" in description["paths"]["/photos/upload/"]["post"]["responses"]
    page = browser(None).get("/images/docs").content.decode()
    assert "/images/static/ninja/swagger-ui-bundle.js" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    script = browser(None).get("/images/static/ninja/swagger-ui-bundle.js")
    assert script.status_code == 200
    script.close()


def test_health_is_answered_without_a_user(browser):
    assert browser(None).get("/health/live").status_code == 200
    assert browser(None).get("/health/ready").json() == {"ready": True, "problems": {}}
