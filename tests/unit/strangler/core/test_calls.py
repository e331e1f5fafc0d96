"""Calls in the topology file: what they say, and what is refused."""

from datetime import timedelta

import pytest

from strangler.core.topology import Topology
from strangler.errors import TopologyError

SERVICE = '[services.email]\nsettings = "x"\nurl_variable = "EMAIL_SERVICE_URL"\n'
OTHER = '[services.post]\nsettings = "x"\n'


def load(tmp_path, text: str) -> Topology:
    path = tmp_path / "strangler.toml"
    path.write_text(text)
    return Topology.load(path)


def call(name="email.welcome", task="email.deliver", extra="", service="email") -> str:
    return f'[[services.{service}.calls]]\nname = "{name}"\ntask = "{task}"\n{extra}\n'


def test_a_call_has_the_values_of_the_file(tmp_path):
    extra = 'queue = "post"\naliases = ["shop.mail.send_welcome"]\ndrain_hours = 1.5'
    (found,) = load(tmp_path, SERVICE + call(extra=extra)).calls
    assert (found.service, found.task, found.queue) == ("email", "email.deliver", "post")
    assert found.tasks == ("email.deliver", "shop.mail.send_welcome")
    assert found.drain == timedelta(minutes=90)


def test_a_call_goes_to_the_queue_of_the_services_name_and_drains_for_two_days(tmp_path):
    (found,) = load(tmp_path, SERVICE + call()).calls
    assert (found.queue, found.aliases, found.drain) == ("email", (), timedelta(days=2))


def test_seams_are_routes_and_calls_alike(tmp_path):
    route = '[[services.email.routes]]\nname = "email.pages"\npath = "/mail/"\nmethods = ["GET", "POST"]\n'
    topology = load(tmp_path, SERVICE + route + call())
    assert {seam.name: (seam.kind, seam.place, seam.has_legacy) for seam in topology.seams.values()} == {
        "email.pages": ("route", "GET POST /mail/", True),
        "email.welcome": ("call", "email.deliver", True),
    }
    assert [route.name for route in topology.routes] == ["email.pages"]


def test_several_calls_may_share_a_task(tmp_path):
    assert len(load(tmp_path, SERVICE + call() + call("email.order")).calls) == 2


REFUSED = {
    "unknown key": (SERVICE + call(extra="aliasses = []"), "Did you mean 'aliases'?"),
    "no task": (SERVICE + '[[services.email.calls]]\nname = "email.x"', "call 'email.x': has no 'task'"),
    "bad name": (SERVICE + call(name="welcome"), "name must be like"),
    "task with a space": (SERVICE + call(task="email deliver"), "can't name a task or queue"),
    "empty queue": (SERVICE + call(extra='queue = ""'), "can't name a task or queue"),
    "alias is no text": (SERVICE + call(extra="aliases = [3]"), "aliases must be a list of texts"),
    "alias is the task": (SERVICE + call(extra='aliases = ["email.deliver"]'), "names one task twice"),
    "drain is zero": (SERVICE + call(extra="drain_hours = 0"), "must be a number above 0"),
    "same name twice": (SERVICE + call() + call(), "there are two seams of this name"),
    "same name as a route": (
        SERVICE + '[[services.email.routes]]\nname = "email.welcome"\npath = "/x/"\n' + call(),
        "two seams of this name, GET /x/ and email.deliver",
    ),
    "alias of two calls": (
        SERVICE + call(extra='aliases = ["shop.x"]') + call("email.b", "email.b", 'aliases = ["shop.x"]'),
        "'shop.x' is a task of email.welcome too",
    ),
    "alias is another call's task": (
        SERVICE + call() + call("email.b", "email.b", 'aliases = ["email.deliver"]'),
        "'email.deliver' is a task of email.welcome too",
    ),
    "one task in two queues": (
        SERVICE + call() + call("email.b", extra='queue = "b"'),
        "'email.deliver' is in queue 'b' here and in 'email' of email.welcome",
    ),
    "one task in two services": (
        SERVICE + call() + OTHER + call("post.b", service="post"),
        "is in queue 'post' here and in 'email' of email.welcome",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_call_is_refused_with_the_place_and_the_next_action(tmp_path, text, message):
    with pytest.raises(TopologyError) as caught:
        load(tmp_path, text)
    assert message in str(caught.value)
    assert "strangler.toml" in str(caught.value)
