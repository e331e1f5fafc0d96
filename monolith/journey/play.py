"""Play all acts on a prepared site and sum up."""

from collections.abc import Sequence
from types import ModuleType

from monolith.journey.narrator import Narrator, duration
from monolith.journey.scene import Scene
from monolith.journey.site import Site
from monolith.journey.visitor import PASSWORD
from monolith.journey.watcher import Watcher

SEEDED = [("a customer with orders", "demo, password demo"), ("staff", "staff, password staff")]


def play(site: Site, out: Narrator, *, acts: Sequence[ModuleType]) -> None:
    """Play *acts* while another visitor watches the home page; failures are remembered by *out*."""
    with Watcher(site.url + "/") as watcher:
        scene = Scene(site=site, out=out, watcher=watcher)
        for act in acts:
            out.act(act.TITLE)
            act.play(scene)
            site.check_running()
    _sum_up(scene)


def _sum_up(scene: Scene) -> None:
    out = scene.out
    out.act("was it worth it?")
    broken = scene.ledger.broken_promises()
    promised = len(scene.ledger.promises)
    out.check(
        not broken,
        f"{promised} photos were acknowledged, {promised - len(broken)} are in their owner's gallery, once",
    )
    out.explain(broken)
    sight = scene.watcher.everything
    out.check(
        not sight.problems,
        f"the site was never down: {len(sight.looks)} requests for the home page, {len(sight.problems)} failed, "
        f"p99 {duration(sight.percentile(99))}",
    )
    out.explain(sight.problems)
    scene.command("strangler", "status")
    out.table("Measured", out.figures)
    people = [(name, f"{visitor.name}, password {PASSWORD}") for name, visitor in scene.people.items()]
    out.table("Who may log in", [*SEEDED, *people])
