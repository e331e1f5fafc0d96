"""The service is killed in the middle of its work: visitors are served by legacy, and nothing is lost."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from monolith.journey.narrator import duration
from monolith.journey.scene import Scene
from monolith.journey.visitor import Answer, Visitor

TITLE = "the service is killed"
SERVICE = "images"
PEOPLE = 4
BATCHES = 3
DURING_OUTAGE = 6
HEAD_START_SECONDS = 0.15
COUNTS_ARE_IN_SECONDS = 1.5  # the site writes its counts once a second


def play(scene: Scene) -> None:
    """Fill the queue, kill the service with uploads in flight, go on uploading, start it again, count."""
    dora = scene.visitor("dora")
    browsers = [dora.new_browser() for _ in range(PEOPLE)]
    for browser in (dora, *browsers):
        browser.open_upload_form()
    accepted = _fill_queue(scene, dora)
    since = time.perf_counter()
    _kill_in_flight(scene, browsers)
    _go_on(scene, dora)
    scene.tell_home_page(since, meanwhile="from the kill until now")
    time.sleep(COUNTS_ARE_IN_SECONDS)
    scene.command("strangler", "status")
    _start_again(scene, dora, accepted)


def _fill_queue(scene: Scene, visitor: Visitor) -> list[str]:
    """Upload more than the workers can do at once; returns where the status of each upload is."""
    batches = [scene.copies(f"queued-{number}") for number in range(BATCHES)]
    answers = [scene.upload(visitor, photos, accept="application/json") for photos in batches]
    accepted = [answer.location for answer in answers if answer.is_accepted]
    scene.out.check(
        len(accepted) == BATCHES,
        f"dora uploads {len(scene.photos)} photos {BATCHES} times: {answers[-1]} each time",
    )
    waiting = sum(not is_ready for address in accepted for is_ready in _photos_ready(visitor, address))
    scene.out.check(waiting > 0, f"{waiting} of them wait in the queue or are in a worker's hands")
    return accepted


def _photos_ready(visitor: Visitor, address: str) -> list[bool]:
    return [photo["state"] == "ready" for photo in visitor.upload_status(address)["photos"]]


def _kill_in_flight(scene: Scene, browsers: list[Visitor]) -> None:
    """Kill the service while each of *browsers* uploads something."""
    start = threading.Barrier(PEOPLE + 1)
    with ThreadPoolExecutor(PEOPLE) as pool:
        uploads = [
            pool.submit(_upload_at, start, scene, browser, number) for number, browser in enumerate(browsers)
        ]
        start.wait()
        time.sleep(HEAD_START_SECONDS)
        killed = scene.site.kill(SERVICE)
    scene.out.say(f"SIGKILL to {', '.join(killed)} while {PEOPLE} uploads are on their way")
    _tell_uploads(scene, uploads, "an upload that was on its way")


def _upload_at(start: threading.Barrier, scene: Scene, browser: Visitor, number: int) -> Answer:
    photos = scene.copies(f"flying-{number}", scene.photos[:4])
    start.wait()
    return scene.upload(browser, photos)


def _tell_uploads(scene: Scene, uploads: list[Future[Answer]], what: str) -> None:
    for upload in uploads:
        answer = upload.result()
        scene.out.check(answer.is_acknowledged, f"{what}: {answer} after {duration(answer.seconds)}")


def _go_on(scene: Scene, visitor: Visitor) -> None:
    """Upload while nobody is there but legacy."""
    slowest = 0.0
    for number in range(DURING_OUTAGE):
        answer = scene.upload(visitor, scene.copies(f"down-{number}", [scene.small_photo]))
        slowest = max(slowest, answer.seconds)
        is_served = answer.is_done and answer.side == "legacy" and bool(answer.fallback)
        if not is_served or number == 0:
            scene.out.check(
                is_served, f"the service is down, an upload gets {answer} after {duration(answer.seconds)}"
            )
    scene.out.done(f"{DURING_OUTAGE} uploads while it was down, the slowest took {duration(slowest)}")
    scene.out.figure("upload while the service is down, slowest of a small photo", duration(slowest))


def _start_again(scene: Scene, visitor: Visitor, accepted: list[str]) -> None:
    """Start the service and wait until what was accepted before the kill is done."""
    with scene.out.waiting("the service starts again"):
        scene.site.start(SERVICE)
    started = time.perf_counter()
    with scene.out.waiting(
        "its workers finish what waits; what the dead ones held is free after its lease, some 30 s"
    ):
        statuses = [scene.wait_for_upload(visitor, address) for address in accepted]
    seconds = time.perf_counter() - started
    photos = [photo for status in statuses for photo in status["photos"]]  # type: ignore[attr-defined]
    unfinished = [
        f"{photo['filename']} is {photo['state']} {photo['reason']}"
        for photo in photos
        if photo["state"] != "ready"
    ]
    scene.out.check(
        not unfinished,
        f"all {len(photos)} photos that were queued at the kill are ready after {duration(seconds)}",
    )
    scene.out.explain(unfinished)
    scene.out.figure("after the restart, everything queued at the kill was finished in", duration(seconds))
