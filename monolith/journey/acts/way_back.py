"""Back to legacy with one command: nothing that the service made is gone."""

from monolith.journey.narrator import duration
from monolith.journey.scene import Scene

TITLE = "and back again"


def play(scene: Scene) -> None:
    """Go back, upload, and look at what was uploaded while the service was live."""
    scene.rollout("legacy", "--reason", "because we can")
    ben, photos = scene.visitor("ben"), scene.copies("back", [scene.small_photo])
    answer = scene.upload(ben, photos)
    is_legacy = answer.is_done and answer.side == "legacy"
    scene.out.check(is_legacy, f"an upload is answered {answer} after {duration(answer.seconds)}")
    scene.check_pictures(
        ben,
        [*scene.copies("of-ben"), *photos],
        text="ben's photos are all there, whichever side made their pictures",
    )
