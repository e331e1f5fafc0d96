"""Both sides are compared: a mistake of the service is found before anybody sees it, and proof moves a seam by itself."""

import json
import time
from typing import Any

from monolith.journey.crowd import Crowd
from monolith.journey.narrator import duration
from monolith.journey.scene import ASK_SECONDS, PATIENCE, Scene
from monolith.journey.site import GUIDE_SEAM, SEAM

TITLE = "both sides, compared"
MISTAKE = {"IMAGES_MAX_FILE_BYTES": "5000000"}  # a zero is missing
COMPARISONS = 30  # a process captures a few a second
PER_SECOND = 60


def play(scene: Scene) -> None:
    """Shadow an upload and a page, find a mistake, mend it, and let the guard go live."""
    _shadow_an_upload(scene)
    _find_a_mistake(scene)
    _go_live_by_itself(scene)


def _shadow_an_upload(scene: Scene) -> None:
    """Let the service try an upload that legacy does, in its sandbox."""
    before = _compared(scene, SEAM)
    scene.rollout("shadow", "--reason", "what would the service do?")
    kim, photos = scene.visitor("kim"), scene.copies("shadow", [scene.small_photo])
    answer = scene.upload(kim, photos)
    is_legacy = answer.is_done and answer.side == "legacy"
    scene.out.check(is_legacy, f"shadow: an upload is answered {answer} after {duration(answer.seconds)}")
    is_compared = _wait_for_comparisons(scene, SEAM, before + 1)
    scene.out.check(is_compared, "the service did the same upload in its sandbox, and both were compared")
    scene.command("strangler", "compare", SEAM)
    uploads = kim.get("/images/uploads/", accept="application/json").json
    scene.out.check(uploads == [], "nothing of it stayed: kim has no upload at the service")
    scene.rollout("legacy", "--reason", "seen enough")


def _find_a_mistake(scene: Scene) -> None:
    """Give the service a wrong limit, which its page then tells, and have the comparison name it."""
    scene.site.kill("images")
    with scene.out.waiting(f"the service starts again with a mistake: {_told(MISTAKE)}"):
        scene.site.start("images", **MISTAKE)
    before = _compared(scene, GUIDE_SEAM)
    scene.rollout("shadow", "--reason", "are both pages the same?", seam=GUIDE_SEAM)
    with Crowd(scene.site.url + "/photos/guide/", per_second=PER_SECOND) as crowd:
        is_compared = _wait_for_comparisons(scene, GUIDE_SEAM, before + COMPARISONS)
    scene.out.check(
        is_compared and not crowd.problems, f"{crowd.looks} people look at the page, and get it from legacy"
    )
    scene.out.explain(crowd.problems[:3])
    printed = scene.command("strangler", "compare", GUIDE_SEAM)
    scene.out.check("5 MB" in printed, "the mistake is named: 5 MB, where legacy says 50 MB")
    refused = scene.command("strangler", "rollout", GUIDE_SEAM, "canary", "5", fails=True)
    scene.out.check("--force" in refused, "without proof it does not go forward")


def _go_live_by_itself(scene: Scene) -> None:
    """Mend the mistake, and let the guard move the page step by step."""
    scene.site.kill("images")
    with scene.out.waiting("the service starts again without the mistake"):
        scene.site.start("images")
    scene.rollout("legacy", "--reason", "mended, from the beginning", seam=GUIDE_SEAM)
    scene.command(
        "strangler", "rollout", GUIDE_SEAM, "auto", "--to", "live", "--detach", "--actor", "journey"
    )
    began = time.perf_counter()
    with Crowd(scene.site.url + "/photos/guide/", per_second=PER_SECOND) as crowd:
        stage = _wait_until_live(scene)
    seconds = time.perf_counter() - began
    scene.out.check(stage == "live", f"the page went live by itself in {duration(seconds)}")
    scene.out.check(
        not crowd.problems, f"{crowd.looks} people looked at it meanwhile, and all of them got it"
    )
    scene.out.explain(crowd.problems[:3])
    scene.command("strangler", "rollout", GUIDE_SEAM)
    scene.out.figure("a page that nobody had compared is live by itself after", duration(seconds))


def _wait_until_live(scene: Scene) -> str:
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while time.monotonic() < deadline:
        stage = str(_status(scene, GUIDE_SEAM)["stage"])
        if stage == "live":
            return stage
        time.sleep(ASK_SECONDS)
    return str(_status(scene, GUIDE_SEAM)["stage"])


def _wait_for_comparisons(scene: Scene, seam: str, count: int) -> bool:
    """Wait until there are *count* comparisons; returns whether they came in time."""
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while time.monotonic() < deadline:
        if _compared(scene, seam) >= count:
            return True
        time.sleep(ASK_SECONDS)
    return False


def _compared(scene: Scene, seam: str) -> int:
    seams = json.loads(scene.site.manage("strangler", "compare", seam, "--format", "json"))
    return sum(int(each["compared"]) for each in seams.values())


def _status(scene: Scene, seam: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(scene.site.manage("strangler", "status", "--format", "json"))["seams"][
        seam
    ]
    return found


def _told(environ: dict[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in environ.items())
