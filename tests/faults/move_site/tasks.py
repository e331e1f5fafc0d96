"""Work on the tables that move: a task and a function, both seams."""

from django.db import OperationalError

from strangler.calls import seam
from tests.faults.move_site.celery import app
from tests.faults.move_site.shelf.models import Photo


@seam("images.stamp")
@app.task(
    name="shop.stamp", autoretry_for=(OperationalError,), retry_kwargs={"countdown": 1}
)  # of a worker that was frozen while it connected
def stamp(title):
    Photo.objects.create(owner="jobs", title=title)


@seam("images.note")
def note(title):
    Photo.objects.create(owner="jobs", title=title)
