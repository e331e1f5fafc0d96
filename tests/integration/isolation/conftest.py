"""A topology that gives the monolith's photos to the images service."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps

from strangler.core.seams import Service
from strangler.core.topology import Topology
from strangler.isolation import guard, snapshot

OWNS = ("photos.Photo", "photos.Rendition", "photos.Gone", "plain_table")


@pytest.fixture
def isolate(settings):
    """Return a function that sets keys of STRANGLER beside such a topology, and starts the guard."""

    def start(**keys):
        service = Service(name="images", settings="x", owns=OWNS)
        topology = Topology(services={"images": service})
        settings.STRANGLER = {**settings.STRANGLER, "TOPOLOGY": topology, **keys}
        guard.install()

    counts, seen = dict(guard._counts), set(guard._seen)
    guard._counts.clear()
    guard._seen.clear()
    yield start
    snapshot.forget()
    guard._counts.update(counts)
    guard._seen.clear()
    guard._seen.update(seen)


def code_in(app: str, source: str):
    """Return the function `work` of *source*, as if a file of the monolith's *app* had it."""
    path = Path(apps.get_app_config(app).path) / "pretended.py"
    names = {"__name__": f"monolith.{app}.pretended"}
    exec(compile(source, str(path), "exec"), names)
    return names["work"]


COUNT_PHOTOS = """
from monolith.photos.models import Photo

def work():
    return Photo.objects.count()
"""
COUNT_USERS = """
from django.contrib.auth import get_user_model

def work():
    return get_user_model().objects.filter(username="ann").count()
"""
