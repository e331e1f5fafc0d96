"""The service's Celery."""

from celery import Celery

app = Celery("desk", broker="memory://", include=["desk.tasks"])
app.set_current()
app.set_default()
