"""Tasks and messages wait on both sides while tables change hands there and back, under writers: each is done once."""

from __future__ import annotations

import json
import time
from collections import Counter

import pytest
from kombu import Connection
from redis import Redis

from strangler.core.messages import Priority
from strangler.outbox.models import RANKS
from strangler.outbox.publishers.redis import list_name
from tests.faults.move_stack import lay_out_stack, run_other_mariadb, wait_until  # noqa: F401 - fixtures
from tests.servers.signals import sigcont, sigkill, sigstop

LIVE = ("--live", "images.stamp", "--live", "images.note")
LEGACY = ("--legacy", "images.stamp", "--legacy", "images.note")
BEHIND = 30  # writes between two steps, a third of them jobs


def turn_over_waiting_work(stack, storm, processes, verb, *options):
    """Switch or reverse while relay and workers are frozen, so that rows wait in the outbox and messages in queues.

    The relay goes on before the workers.
    Returns: how many rows were written while it was frozen and waited for it, and the workers.
    """
    for process in processes:
        sigstop(process.pid)
    taken = stack.waiting()  # the relay may have decided about these
    storm.write(BEHIND)
    stack.turn(verb, *options)
    waiting = stack.waiting() - taken
    relay, *workers = processes
    sigcont(relay.pid)
    wait_until(lambda: not stack.waiting(), explain=stack.said)
    return waiting, workers


def go_on(storm, workers):
    for worker in workers:
        sigcont(worker.pid)
    storm.write(BEHIND)


def notes_in(redis_url, queue):
    """Return how many messages of the function lie in a queue."""
    with Redis.from_url(redis_url) as client:
        return sum(
            json.loads(raw)["headers"]["task"] == "images.note"
            for raw in client.lrange(list_name(queue, RANKS[Priority.NORMAL]), 0, -1)
        )


@pytest.mark.timeout(400)
def test_each_job_is_done_once_whoever_owned_the_tables_when_it_was_asked_for(move_stack, redis_url):
    stack = move_stack
    processes = stack.work(redis_url)
    stack.serve()
    with stack.storm(clients=3, rate=40, has_jobs=True) as storm:
        storm.write(BEHIND)
        stack.follow()
        stack.wait_for_stage("following")
        stack.move("verify")
        _, workers = turn_over_waiting_work(stack, storm, processes, "switch", *LIVE)
        assert not notes_in(redis_url, "shop")
        go_on(storm, workers)
        waiting, workers = turn_over_waiting_work(stack, storm, processes, "reverse", *LEGACY)
        assert waiting
        assert notes_in(redis_url, "shop") >= waiting
        go_on(storm, workers)
    assert storm.failures == [], stack.said()
    asked = Counter(title for client in storm.clients for title in client.jobs)
    wait_until(lambda: stack.jobs("source").keys() >= asked.keys(), patience=60, explain=stack.said)
    assert stack.jobs("source") == asked
    storm.check(stack, "source")


@pytest.mark.long
@pytest.mark.timeout(600)
def test_workers_that_are_killed_while_they_hand_on_lose_nothing_and_double_no_call(move_stack, rabbitmq_url):
    stack = move_stack
    with Connection(rabbitmq_url) as connection:
        for queue in ("shop", "images"):
            connection.channel().queue_delete(queue)  # those of the test before
    relay, *workers = stack.work(rabbitmq_url)
    stack.serve()
    with stack.storm(clients=3, rate=40, has_jobs=True) as storm:
        storm.write(BEHIND)
        stack.follow()
        stack.wait_for_stage("following")
        for verb, options in (("switch", LIVE), ("reverse", LEGACY), ("switch", LIVE)):
            if verb == "switch":
                stack.move("verify")
            _, workers = turn_over_waiting_work(stack, storm, [relay, *workers], verb, *options)
            go_on(storm, workers)
            for _ in range(4):
                time.sleep(0.3)
                for worker in workers:
                    sigkill(worker.pid)
                workers = stack.start_workers()
                storm.write(BEHIND // 4)
    assert storm.failures == [], stack.said()
    asked = Counter(title for client in storm.clients for title in client.jobs)
    wait_until(lambda: stack.jobs("target").keys() >= asked.keys(), patience=60, explain=stack.said)
    done = stack.jobs("target")
    assert done.keys() == asked.keys()
    assert {title: count for title, count in done.items() if count > 1 and title.startswith("call")} == {}
