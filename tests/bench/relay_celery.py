"""The Celery app of the benchmark: django-celery-outbox sends through it, and its worker notes when it begins."""

import os
import time

from django_celery_outbox.app import OutboxCelery
from redis import Redis

from strangler.service.queues import task_queues

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.relay_settings")

QUEUE = "bench"
TASK = "bench.begin"
BEGUN = "bench-begun"  # a list in Redis: what the worker noted
_URL = os.environ["BROKER_URL"]
_IS_AMQP = _URL.startswith("amqp")

app = OutboxCelery("bench", broker=_URL)
app.conf.update(
    task_queues=task_queues(QUEUE, broker_url=_URL),
    task_default_queue=QUEUE,
    task_default_exchange="",
    task_default_routing_key=QUEUE,
    task_ignore_result=True,
    broker_transport_options={"confirm_publish": True} if _IS_AMQP else {},
    worker_hijack_root_logger=False,
)


@app.task(name=TASK)
def begin(body: dict, version: int = 1) -> None:
    """Note the moment at which the work begins."""
    moment = time.time()
    with Redis.from_url(_URL) as client:
        client.rpush(BEGUN, f"{body['n']}:{moment}")
