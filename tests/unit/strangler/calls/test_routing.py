"""Where Celery sends the messages of a task that is a seam; nothing is sent here."""

import pytest
from celery import Celery, chain, chord, group
from celery.signals import celeryd_after_setup

from strangler.calls import canvas, install, seam, tasks
from strangler.calls.tasks import find_by_task, legacy_queue
from strangler.core.stages import RolloutStage
from strangler.errors import FenceRaised
from strangler.isolation import meeting

DECIDED = {"strangler-decision": "reports.nightly=service;stage"}


@pytest.fixture
def app(monkeypatch):
    monkeypatch.setattr(tasks, "_installed", None)
    shop = Celery("shop", broker="memory://", set_as_current=False)
    monkeypatch.setattr(shop, "set_default", lambda: None)  # there are other tests in this process
    shop.conf.update(task_default_queue="shop", task_routes={"shop.slow": "slow"})
    install(shop)
    yield shop
    monkeypatch.undo()


@pytest.fixture
def nightly(app):
    @seam("reports.nightly")
    @app.task(name="shop.nightly", shared=False)
    def nightly(job): ...

    @app.task(name="shop.slow", shared=False)
    def slow(job): ...

    return nightly


def route(app, name, **options):
    found = app.amqp.router.route(options, name, ("job",), {}, app.tasks.get(name))
    return found["queue"].name, found


def test_legacy_stays_in_the_monoliths_queue_and_says_so(app, nightly, stand):
    queue, options = route(app, "shop.nightly")
    assert queue == "shop"
    assert options["headers"] == {"strangler-decision": "reports.nightly=legacy;stage"}


def test_live_goes_to_the_services_queue_whatever_queue_the_code_names(app, nightly, stand):
    stand(RolloutStage.LIVE)
    assert route(app, "shop.nightly")[0] == "reports"
    queue, options = route(app, "shop.nightly", queue="urgent", headers={"mine": "1"})
    assert queue == "reports"
    assert options["headers"] == {"mine": "1", **DECIDED}


def test_a_named_queue_counts_while_legacy(app, nightly, stand):
    assert route(app, "shop.nightly", queue="urgent")[0] == "urgent"


def test_the_other_routes_of_the_app_go_on_working(app, nightly, stand):
    assert route(app, "shop.slow")[0] == "slow"
    assert route(app, "shop.unheard_of")[0] == "shop"


def test_a_retry_stays_where_its_task_was(app, nightly, stand):
    assert route(app, "shop.nightly", queue="reports", headers=DECIDED)[0] == "reports"
    stand(RolloutStage.LIVE)
    decided = {"strangler-decision": "reports.nightly=legacy;stage"}
    assert route(app, "shop.nightly", queue="shop", headers=decided)[0] == "shop"


def test_a_decision_about_another_seam_decides_nothing(app, nightly, stand):
    stand(RolloutStage.LIVE)
    other = {"strangler-decision": "reports.note=legacy;stage"}
    assert route(app, "shop.nightly", queue="shop", headers=other)[0] == "reports"


def test_sending_does_not_make_the_services_queue_one_of_the_monoliths(app, nightly, stand):
    stand(RolloutStage.LIVE)
    route(app, "shop.nightly")
    assert "reports" not in app.amqp.queues


def test_old_and_new_name_are_the_same_seam(app, nightly):
    assert find_by_task("shop.nightly").name == find_by_task("reports.nightly").name == "reports.nightly"
    assert find_by_task("shop.slow") is None


def test_a_task_that_several_callables_lead_to_is_no_seam_itself(app):
    assert find_by_task("reports.deliver") is None


def test_the_monoliths_own_queue_is_known_whatever_the_stage(app, nightly, stand):
    stand(RolloutStage.LIVE)
    assert legacy_queue(find_by_task("shop.nightly")) == "shop"


def test_installing_twice_puts_the_router_in_once(app, nightly):
    install(app)
    assert len(app.conf.task_routes) == 2


def addressed(app, signature) -> dict:
    embed = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    embed["chain"] = [signature]
    canvas.address(embed, app=app)
    return embed["chain"][0]


HOME = {"exchange": "", "routing_key": "shop", "exchange_type": "anonymous"}


def test_the_rest_of_a_chain_knows_its_way_back(app, nightly, stand):
    stand(RolloutStage.LIVE)
    plain = app.signature("shop.unheard_of", ("x",))
    assert addressed(app, plain)["options"] == HOME
    ours = addressed(app, nightly.s("x"))["options"]
    assert ours == {**HOME, "routing_key": "reports", "headers": DECIDED}


def test_every_member_of_a_nested_canvas_gets_an_address_and_the_original_none(app, nightly, stand):
    plain = app.signature("shop.unheard_of", ("x",))
    nested = chord(group([chain(plain, plain, app=app), plain], app=app), plain, app=app)
    found = addressed(app, nested)
    text = repr(found)
    assert text.count("'routing_key': 'shop'") == 4
    assert "routing_key" not in repr(dict(nested))


def test_a_task_of_a_worker_that_meets_a_fence_is_done_again_in_place(app, monkeypatch):
    settled = []
    monkeypatch.setattr("strangler.isolation.snapshot.can_change", lambda: True)
    monkeypatch.setattr("strangler.isolation.meeting.settle", settled.append)

    @app.task(name="shop.late", shared=False, bind=True)
    def late(self, word):
        if not settled:
            meeting._attempt.get().met = FenceRaised("images", table="photos_photo")
            raise meeting._attempt.get().met
        return f"{self.name} {word}"

    for _ in range(2):  # a worker that starts its processes anew says so again
        celeryd_after_setup.send(sender="shop@here", instance=None, conf=app.conf)
    assert late.apply(("hello",)).get() == "shop.late hello"
    assert len(settled) == 1
