"""images.render: from an original and a row to files and rows."""

import threading

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from extracted.images import rendering
from extracted.images.models import Photo, State
from extracted.images.rendering import render
from extracted.images.storage import RENDITIONS, store
from tests.integration.images.stack import jpeg
from tests.unit.images.samples import damaged_png

pytestmark = pytest.mark.django_db(transaction=True)


def test_renditions_are_made_stored_and_recorded(photo, media):
    row = photo(jpeg(2000, 1500))
    assert render(row.pk, holder="task")
    row.refresh_from_db()
    assert (row.state, row.width, row.height, row.attempts) == (State.READY, 2000, 1500, 1)
    assert [(made.size, made.width, made.height) for made in row.renditions.all()] == [
        (1280, 1280, 960),
        (640, 640, 480),
        (160, 160, 120),
    ]
    for made in row.renditions.all():
        assert (media / made.name).stat().st_size == made.bytes
        assert made.name.startswith(f"{RENDITIONS}/")


def test_more_sizes_are_a_matter_of_configuration(photo, limits):
    limits(SIZES=(2560, 1280, 640, 320, 160))
    row = photo(jpeg(3000, 2000))
    render(row.pk, holder="task")
    assert [made.size for made in row.renditions.all()] == [2560, 1280, 640, 320, 160]


def test_doing_it_again_makes_the_same_files(photo, files):
    first, second = photo(jpeg()), photo(jpeg())
    render(first.pk, holder="one")
    before = files()
    render(second.pk, holder="two")
    assert files() == before


def test_files_are_readable_by_the_web_server(photo, media):
    row = photo(jpeg())
    render(row.pk, holder="task")
    assert all((media / made.name).stat().st_mode & 0o044 for made in row.renditions.all())


def test_two_workers_at_once_leave_one_result(photo):
    row = photo(jpeg(1600, 1200))
    results = []
    threads = [
        threading.Thread(target=lambda name=name: results.append(run(row.pk, name)))
        for name in ("one", "two")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, True]
    assert row.renditions.count() == 3


def run(photo_id, holder):
    from django.db import connection  # noqa: PLC0415 - the thread's own

    try:
        return render(photo_id, holder=holder)
    finally:
        connection.close()


def test_a_damaged_file_fails_with_a_reason_for_its_owner(photo):
    row = photo(damaged_png())
    assert not render(row.pk, holder="task")
    row.refresh_from_db()
    assert row.state == State.FAILED
    assert "damaged" in row.reason


def test_a_file_that_vanished_fails_and_says_so(photo):
    row = photo()
    store().path(row.original).unlink()
    render(row.pk, holder="task")
    row.refresh_from_db()
    assert (row.state, row.reason) == (State.FAILED, "the uploaded file is gone: send it again")


def test_a_full_disk_puts_the_photo_back_and_costs_no_attempt(photo, media):
    row = photo()
    (media / "images" / "renditions").write_bytes(b"a file where the folder should be")
    assert not render(row.pk, holder="task")
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.QUEUED, 0)
    assert row.reason.startswith("storing its renditions failed")


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (MemoryError(), State.FAILED, "more memory"),
        (SoftTimeLimitExceeded(), State.QUEUED, "longer than 30 seconds"),
    ],
)
def test_what_a_limit_interrupts_is_told_in_the_row_and_not_raised(photo, monkeypatch, error, state, reason):
    def interrupted(*_, **__):
        raise error

    monkeypatch.setattr(rendering, "make_renditions", interrupted)
    row = photo()
    assert not render(row.pk, holder="task")
    row.refresh_from_db()
    assert row.state == state
    assert reason in row.reason


def test_progress_grows_while_the_work_goes_on(photo, monkeypatch):
    row, seen = photo(), []
    report = rendering.progress.report

    def watched(claim, **counts):
        report(claim, **counts)
        seen.append(Photo.objects.get(pk=row.pk).progress)

    monkeypatch.setattr(rendering.progress, "report", watched)
    render(row.pk, holder="task")
    assert seen == [33, 61, 90]
