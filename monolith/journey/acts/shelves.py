"""The catalogue moves to a document store, and its pages stay what they are to the byte."""

import json
import re
import time

import requests

from monolith.journey.narrator import duration
from monolith.journey.scene import POLL_SECONDS, Scene

TITLE = "the catalogue becomes a service, and no page shows it"
MOVE = ("strangler", "move", "catalog")
SEAM = "catalog.products"
BY_US = ("--actor", "journey", "--reason", "to watch what happens")
PAGES = ("/", "/shop/", "/shop/walls/", "/shop/product/canvas/")
FOLLOWED_SECONDS = 10
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')


def play(scene: Scene) -> None:
    """Move the tables, let the service answer for every page, and go back."""
    before = _pages(scene)
    with scene.site.working(*MOVE, "start", *BY_US):
        is_following = scene.wait_for_move("catalog", "following")
        scene.out.check(is_following, "categories and products are copied to the catalog service")
        scene.command(*MOVE, "verify", *BY_US)
        scene.command(*MOVE, "switch", "--live", SEAM, *BY_US)
        _look(scene, before)
        scene.command(*MOVE, "reverse", "--legacy", SEAM, *BY_US)
    scene.site.manage(*MOVE, "cancel", "--apply", "--empty-target", *BY_US)
    scene.out.check(_pages(scene) == before, "and back: the shop's own tables, the same pages")


def _look(scene: Scene, before: dict[str, str]) -> None:
    """Look again once the shop's processes ask the service, which they do within a second."""
    deadline = time.monotonic() + FOLLOWED_SECONDS
    while not (asked := _asked(scene)) and time.monotonic() < deadline:
        _pages(scene)
        time.sleep(POLL_SECONDS)
    began = time.perf_counter()
    after = _pages(scene)
    each = (time.perf_counter() - began) / len(PAGES)
    scene.out.check(asked, "the shop's pages ask the catalog service for their products")
    scene.out.check(
        after == before, f"{len(PAGES)} pages are the same, byte for byte ({duration(each)} each)"
    )


def _asked(scene: Scene) -> bool:
    """Tell whether the service has answered for a page by now."""
    seams = json.loads(scene.site.manage("strangler", "status", "--format", "json"))["seams"]
    return seams[SEAM]["service"] > 0 and seams[SEAM]["fallbacks"] == 0


def _pages(scene: Scene) -> dict[str, str]:
    answers = {path: requests.get(scene.site.url + path, timeout=30) for path in PAGES}
    return {path: f"{answer.status_code} {TOKEN.sub('', answer.text)}" for path, answer in answers.items()}
