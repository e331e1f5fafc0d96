"""Files that nobody owns are found and removed; all others stay."""

import os
import time
from datetime import timedelta

import pytest
from django.core.management import call_command

from extracted.images.rendering import render
from extracted.images.storage import ORIGINALS, RENDITIONS, store

pytestmark = pytest.mark.django_db


def aged(name, age):
    moment = time.time() - age.total_seconds()
    os.utime(store().path(name), (moment, moment))
    return name


@pytest.fixture
def leftover():
    """Return a function that makes a file of an age that no row knows."""

    def leftover(folder, age=timedelta(days=2)):
        return aged(store().save(os.urandom(10), folder=folder, extension="jpg"), age)

    return leftover


@pytest.fixture
def temporary(media):
    """Return a function that makes a temporary file of an age."""

    def temporary(age):
        path, file = store().temporary()
        file.close()
        return aged(path.relative_to(media).as_posix(), age)

    return temporary


def test_old_files_without_an_owner_are_removed(leftover, temporary, files):
    leftover(ORIGINALS)
    leftover(RENDITIONS)
    temporary(timedelta(hours=2))
    call_command("sweep_files", "--apply")
    assert files() == []


def test_young_files_may_still_get_an_owner(leftover, temporary, files):
    kept = [leftover(ORIGINALS, timedelta(hours=23)), temporary(timedelta(minutes=50))]
    call_command("sweep_files", "--apply")
    assert files() == sorted(kept)


def test_files_of_photos_stay(photo, files):
    render(photo().pk, holder="task")
    before = [aged(name, timedelta(days=400)) for name in files()]
    call_command("sweep_files", "--apply")
    assert files() == before


def test_without_apply_it_only_tells(leftover, capsys, files):
    name = leftover(ORIGINALS)
    call_command("sweep_files")
    assert capsys.readouterr().out.splitlines() == [name]
    assert files() == [name]


def test_a_file_that_is_placed_again_is_young_again(leftover):
    name = leftover(ORIGINALS)
    content = store().path(name).read_bytes()
    assert store().save(content, folder=ORIGINALS, extension="jpg") == name
    assert time.time() - store().path(name).stat().st_mtime < 60
