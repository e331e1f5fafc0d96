"""The service takes all uploads: it answers at once and the pictures appear on their own."""

import time

from monolith.journey.narrator import Narrator, duration
from monolith.journey.scene import FINISHED, POLL_SECONDS, Scene
from monolith.journey.visitor import Visitor

TITLE = "live"


def play(scene: Scene) -> None:
    """Upload the same photos as in the first act, follow their progress, see them."""
    scene.rollout("live")
    ben, photos = scene.visitor("ben"), scene.copies("of-ben")
    ben.open_upload_form()
    since = time.perf_counter()
    answer = scene.upload(ben, photos, accept="application/json")
    is_accepted = answer.is_accepted and answer.side == "service"
    text = f"the same {len(photos)} photos: answer {answer} after {duration(answer.seconds)}, status at {answer.location}"
    if not scene.out.check(is_accepted, text):
        return
    _follow(scene.out, ben, answer.location)
    seconds = time.perf_counter() - since
    p99 = scene.tell_home_page(since, meanwhile="while the workers work")
    scene.check_pictures(
        ben, photos, text=f"his gallery shows all of them {duration(seconds)} after he began"
    )
    _upload_without_javascript(scene, ben)
    scene.out.figure("the same upload: the service answers after", duration(answer.seconds))
    scene.out.figure("all its pictures are in the gallery after", duration(seconds))
    scene.out.figure("home page while the workers work, p99", duration(p99))


def _follow(out: Narrator, visitor: Visitor, address: str) -> None:
    """Show each photo as it gets ready."""
    ready: set[str] = set()
    started = time.perf_counter()
    with out.waiting("the workers make the pictures"):
        while True:
            status = visitor.upload_status(address)
            for photo in status["photos"]:
                if photo["state"] in FINISHED and photo["filename"] not in ready:
                    ready.add(photo["filename"])
                    out.say(
                        f"{duration(time.perf_counter() - started)}: {photo['filename']} is {photo['state']}"
                    )
            if status["status"] in FINISHED or time.perf_counter() - started > 120:  # noqa: PLR2004 - seconds
                break
            time.sleep(POLL_SECONDS)
    failed = [photo["filename"] for photo in status["photos"] if photo["state"] != "ready"]
    out.check(not failed, "the status says that all are ready")
    out.explain([f"{name} is not" for name in failed])


def _upload_without_javascript(scene: Scene, visitor: Visitor) -> None:
    answer = scene.upload(visitor, scene.copies("plain", [scene.small_photo]))
    goes_on = answer.headers.get("refresh", "").startswith("0; url=/photos/?upload=")
    scene.out.check(goes_on, f"without JavaScript the answer {answer} leads on to the gallery by itself")
