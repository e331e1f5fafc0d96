"""What the service does for the site."""

from django.db import OperationalError

from strangler.service.inbox import receive
from tests.faults.move_site.images.celery import app
from tests.faults.move_site.shelf.models import Photo


@app.task(
    name="images.stamp", autoretry_for=(OperationalError,), retry_kwargs={"countdown": 1}
)  # of a worker that was frozen while it connected
def stamp(title):
    Photo.objects.create(owner="jobs", title=title)


@app.task(name="images.note", bind=True)
@receive()
def note(message):
    Photo.objects.create(owner="jobs", title=message.body["args"][0])
