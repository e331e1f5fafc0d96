"""The Celery app is set up as the field learned it, for each broker."""

from datetime import timedelta

import pytest

from extracted.images.celery import app
from extracted.images.conf import config
from strangler.service.celery import transport_options


def test_nothing_that_loses_or_doubles_work_is_left_at_its_default():
    conf = app.conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.worker_max_tasks_per_child == 100
    assert (conf.task_serializer, conf.accept_content) == ("json", ["json"])
    assert conf.broker_connection_retry_on_startup
    assert conf.broker_connection_max_retries is None
    assert conf.worker_soft_shutdown_timeout == 10
    assert conf.task_ignore_result
    assert conf.result_expires == timedelta(hours=1)


def test_the_hard_limit_follows_the_soft_one_and_no_message_comes_back_before_both():
    conf = app.conf
    visibility = transport_options("redis://localhost", timeout=timedelta(seconds=1))["visibility_timeout"]
    assert conf.task_soft_time_limit < conf.task_time_limit < config().lease.total_seconds() < visibility


@pytest.mark.parametrize("url", ["redis://localhost", "rediss://localhost"])
def test_nobody_waits_for_ever_for_redis(url):
    options = transport_options(url, timeout=timedelta(seconds=1))
    assert options["socket_timeout"] == options["socket_connect_timeout"] == 1


def test_rabbitmq_confirms_what_it_took():
    assert transport_options("amqp://localhost", timeout=timedelta(seconds=1))["confirm_publish"]


def test_every_task_has_the_services_name_and_queue():
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert ours == {"images.render", "images.publish", "images.requeue", "images.sweep"}
    assert app.conf.task_default_queue == "images"
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} == {"images.requeue", "images.sweep"}
