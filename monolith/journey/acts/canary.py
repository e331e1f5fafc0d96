"""Some clients go to the service; each stays where it is, and raising the share moves nobody back."""

from collections import Counter

from monolith.journey.scene import Scene
from monolith.journey.visitor import Visitor

TITLE = "a canary"
BROWSERS = 40
FEWEST, MOST = {25: 1, 50: 6}, {25: 24, 50: 34}  # of 40 clients; outside of it once in many thousand journeys


def play(scene: Scene) -> None:
    """Upload from many browsers at 25 and at 50 percent."""
    browsers = _open_browsers(scene)
    scene.rollout("canary", "25")
    first = _upload_from_each(scene, browsers, label="first")
    _tell(scene, first, percent=25)
    again = _upload_from_each(scene, browsers, label="again")
    scene.out.check(first == again, "each browser is on the same side again")
    scene.rollout("canary", "50")
    later = _upload_from_each(scene, browsers, label="later")
    _tell(scene, later, percent=50)
    moved = Counter(zip(first, later, strict=True))
    scene.out.check(
        not moved["service", "legacy"],
        f"{moved['legacy', 'service']} browsers went to the service, {moved['service', 'legacy']} went back",
    )


def _open_browsers(scene: Scene) -> list[Visitor]:
    carol = scene.visitor("carol")
    carol.open_upload_form()
    browsers = [carol.new_browser() for _ in range(BROWSERS)]
    for browser in browsers:
        browser.open_upload_form()
    scene.out.say(f"carol opens {BROWSERS} browsers: for the site, {BROWSERS} clients")
    return browsers


def _upload_from_each(scene: Scene, browsers: list[Visitor], *, label: str) -> list[str]:
    sides = []
    for number, browser in enumerate(browsers):
        photos = scene.copies(f"{label}-{number}", [scene.small_photo])
        answer = scene.upload(browser, photos)
        if not answer.is_acknowledged:
            scene.out.check(False, f"upload from browser {number} was answered {answer}")
        sides.append(answer.side)
    return sides


def _tell(scene: Scene, sides: list[str], *, percent: int) -> None:
    count = Counter(sides)
    is_plausible = FEWEST[percent] <= count["service"] <= MOST[percent]
    text = (
        f"at {percent} %: {count['service']} of {len(sides)} went to the service, {count['legacy']} to legacy"
    )
    scene.out.check(is_plausible and set(count) <= {"legacy", "service"}, text)
    scene.out.figure(f"clients on the service at {percent} %", f"{count['service']} of {len(sides)}")
