"""What a seam has to prove, as the topology file says it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from strangler.core.ladder import LIVE
from strangler.core.topology import Topology
from strangler.core.verdict import Targets
from strangler.errors import TopologyError

ROUTE = '[[services.images.routes]]\nname = "images.upload"\npath = "/photos/upload/"\n'
CALL = '[[services.images.calls]]\nname = "images.resize"\ntask = "images.resize"\n'


def load(tmp_path, text):
    path = tmp_path / "strangler.toml"
    path.write_text('[services.images]\nsettings = "x"\n' + text)
    return Topology.load(path).all_seams[0]


@pytest.mark.parametrize(("seam", "kind"), [(ROUTE, "routes"), (CALL, "calls")])
def test_routes_and_calls_say_it_alike(tmp_path, seam, kind):
    keys = 'gates = [25, 0.5, "live"]\ncompare_percent = 2.5\nrules = ["ignore a", "ignore b"]\n'
    targets = f"[services.images.{kind}.targets]\nparity = 0.995\nmin_shapes = 3\ndwell_minutes = 0\n"
    found = load(tmp_path, seam + keys + targets)
    assert [str(gate) for gate in found.gates] == ["canary 25", "canary 0.5", "live"]
    assert found.gates[2] == LIVE
    assert found.compare_percent == Decimal("2.5")
    assert found.rules == ("ignore a", "ignore b")
    assert found.targets == Targets(parity=0.995, min_shapes=3, dwell=timedelta(0))


def test_all_targets_can_be_given(tmp_path):
    given = (
        "parity = 0.9\nmin_comparisons = 10\nmin_shapes = 2\nmin_requests = 7\nmax_error_rate = 0.02\n"
        "max_fallback_rate = 0\nmax_p99_ratio = 2\np99_slack_seconds = 0.5\ndwell_minutes = 1\nwindow_seconds = 5\n"
    )
    found = load(tmp_path, ROUTE + "[services.images.routes.targets]\n" + given)
    assert found.compare_percent == 5
    assert found.targets == Targets(
        parity=0.9,
        min_comparisons=10,
        min_shapes=2,
        min_requests=7,
        max_error_rate=0.02,
        max_fallback_rate=0,
        max_p99_ratio=2,
        p99_slack=timedelta(seconds=0.5),
        dwell=timedelta(minutes=1),
        window=timedelta(seconds=5),
    )


def test_without_a_word_the_usual_targets_count_and_nobody_is_asked(tmp_path):
    found = load(tmp_path, ROUTE)
    assert (found.targets, found.gates, found.compare_percent, found.rules) == (Targets(), (), 0, ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gates = [101]", "a gate must be 0 to 100 percent"),
        ('gates = ["lve"]', r'Write gates = \[25, "live"\]'),
        ("gates = [true]", "not True"),
        ("gates = 25", "gates must be a list"),
        ("compare_percent = 0.001", "at most two decimals"),
        ('compare_percent = "5"', "compare_percent must be"),
        ("compare_percent = nan", "compare_percent must be"),
        ("rules = [1]", "rules must be a list of texts"),
        ("targets = 1", "targets must be a table"),
        ("targets = {partiy = 0.9}", "targets: there is no key 'partiy'. Did you mean 'parity'"),
        ("targets = {parity = 1}", r"share below 1, not 1. Write parity = 0.99"),
        ("targets = {parity = -0.1}", "0 or more"),
        ("targets = {min_shapes = 1.5}", "a whole number"),
        ("targets = {max_p99_ratio = 0}", "above 0"),
        ("targets = {window_seconds = 0}", "above 0"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    with pytest.raises(TopologyError, match=message) as caught:
        load(tmp_path, ROUTE + text + "\n")
    assert "'images.upload'" in str(caught.value)


def test_an_unknown_key_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(TopologyError, match=r"route 1: there is no key 'gate'\. Did you mean 'gates'"):
        load(tmp_path, ROUTE + "gate = []\n")
