"""How many connections the processes hold, and what that leaves of the memory."""

from __future__ import annotations

import pytest

from strangler.gateway.budget import Budget, Share, connections
from strangler.gateway.processes import Kind, Process


def process(line: str, name: str = "web", member: str = "images", replicas: int = 1) -> Process:
    return Process(member=member, name=name, line=line, settings="images.settings", replicas=replicas)


@pytest.mark.parametrize(
    ("line", "name", "held"),
    [
        ("gunicorn images.wsgi --worker-class gthread --workers 2 --threads 8", "web", 16),
        ("gunicorn images.wsgi -w 3", "web", 3),
        ("uvicorn images.asgi:application --workers 2", "web", 80),
        ("nice -n 10 celery -A images worker -Q images --concurrency 2", "worker", 3),
        ("celery -A images worker -c4", "worker", 5),
        ("celery -A images worker", "worker", 5),
        ("celery -A images beat", "beat", 1),
        ("python manage.py strangler relay", "relay", 2),
        ("python something.py", "other", 1),
    ],
)
def test_a_thread_or_child_holds_a_connection(line, name, held):
    assert connections(process(line, name)) == held


def test_the_monolith_follows_the_rollouts_with_one_more_per_worker():
    line = "gunicorn shop.wsgi --workers 2 --threads 8"
    assert connections(process(line, member="monolith")) == 18


def test_a_budget_leaves_room_for_a_deployment_and_for_people():
    budget = Budget(shares=(Share(process="a", each=18, replicas=1), Share(process="b", each=3, replicas=20)))
    assert (budget.held, budget.while_deploying, budget.max_connections) == (78, 18, 106)


@pytest.mark.parametrize(("held", "pool"), [(1, 800), (100, 760), (1000, 700)])
def test_the_pool_is_what_connections_leave_between_70_and_80_percent_of_the_memory(held, pool):
    budget = Budget(shares=(Share(process="a", each=1, replicas=held),))
    assert budget.pool_mb(1000) == pytest.approx(pool, abs=22)


@pytest.mark.parametrize(
    ("line", "name", "kind"),
    [
        ("python manage.py migrate", "release", Kind.RELEASE),
        ("gunicorn x", "web", Kind.WEB),
        ("nice celery -A x worker", "worker", Kind.WORKER),
        ("celery --quiet -A x beat --schedule /worker", "beat", Kind.ONLY),
        ("python manage.py strangler relay", "relay", Kind.OTHER),
    ],
)
def test_a_process_is_what_it_runs(line, name, kind):
    assert process(line, name).kind is kind


@pytest.mark.parametrize(
    ("line", "niceness", "weights"),
    [
        ("celery -A x worker", 0, (100, 1024)),
        ("nice celery -A x worker", 10, (11, 110)),
        ("nice -n 10 celery -A x worker", 10, (11, 110)),
        ("nice -n5 python manage.py strangler shadow", 5, (33, 336)),
        ("nice -19 python manage.py strangler shadow", 19, (1, 15)),
        ("nice -n -5 celery -A x worker", -5, (305, 3125)),
        ("python manage.py be-nice -n 5", 0, (100, 1024)),
        ("nicely", 0, (100, 1024)),
    ],
)
def test_what_a_line_says_of_niceness_is_its_weight_between_containers(line, niceness, weights):
    found = process(line, "worker")
    assert found.niceness == niceness
    assert (found.weight(100), found.weight(1024)) == weights


def test_in_a_container_a_web_process_listens_for_the_others():
    web = process("uvicorn x --host 127.0.0.1 --port $PORT")
    assert web.in_container == "uvicorn x --host 0.0.0.0 --port 8000"
    worker = process("celery -A x beat --schedule $STATE_DIR/s --broker redis://127.0.0.1", "beat")
    assert worker.in_container == "celery -A x beat --schedule /data/s --broker redis://127.0.0.1"


def test_a_worker_is_scaled_by_the_queue_that_it_reads():
    assert process("celery -A x worker -Q photos,mail", "worker").queue == "photos"
    assert process("celery -A x worker", "worker").queue == "celery"
