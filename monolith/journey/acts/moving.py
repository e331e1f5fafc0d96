"""The gallery's table moves to the service's database while somebody uploads into it, and back."""

import time

from monolith.journey.beside import Beside
from monolith.journey.narrator import duration
from monolith.journey.scene import POLL_SECONDS, Scene
from monolith.journey.visitor import Answer, Visitor

TITLE = "a table moves under load, and back"
MOVE = ("strangler", "move", "images")
BY_US = ("--actor", "journey", "--reason", "to watch what happens")
UPLOADS_IN_EACH_PLACE = 10
PAUSE_SECONDS = 0.1


class Uploads(Beside):
    """Somebody who uploads one photo after the other while the block lasts."""

    def __init__(self, scene: Scene, visitor: Visitor) -> None:
        self.answers: list[Answer] = []
        self._scene = scene
        self._visitor = visitor
        super().__init__([self._upload])

    def wait_for_more(self) -> None:
        """Return when some were answered from now on, or nobody uploads any more."""
        wanted = len(self.answers) + UPLOADS_IN_EACH_PLACE
        while len(self.answers) < wanted and self.is_running:
            time.sleep(POLL_SECONDS)

    def _upload(self) -> None:
        while not self._stop.is_set():
            photos = self._scene.copies(f"moving-{len(self.answers)}", [self._scene.small_photo])
            self.answers.append(self._scene.upload(self._visitor, photos))
            self._stop.wait(PAUSE_SECONDS)


def play(scene: Scene) -> None:
    """Copy and follow, prove, switch, go back; the row of every upload is where its owner looks."""
    finn = scene.visitor("finn")
    scene.command(*MOVE, "plan")
    with Uploads(scene, finn) as uploads:
        with scene.site.working(*MOVE, "start", *BY_US):
            _move(scene, uploads)
        scene.command(*MOVE, "cancel", "--apply", "--empty-target", *BY_US)
    _tell(scene, uploads, finn)


def _move(scene: Scene, uploads: Uploads) -> None:
    with scene.out.waiting("the table is copied, and its changes are followed"):
        is_following = scene.wait_for_move("images", "following")
    scene.out.check(is_following, "all rows are copied, and what changes is followed")
    scene.command(*MOVE, "verify", *BY_US)
    scene.command(*MOVE, "switch", *BY_US)
    uploads.wait_for_more()
    scene.command(*MOVE, "status")
    scene.command(*MOVE, "reverse", *BY_US)
    uploads.wait_for_more()


def _tell(scene: Scene, uploads: Uploads, visitor: Visitor) -> None:
    refused = [f"an upload was answered {each}" for each in uploads.answers if not each.is_acknowledged]
    slowest = max(answer.seconds for answer in uploads.answers)
    scene.out.check(
        not refused,
        f"{len(uploads.answers)} uploads meanwhile, none failed, the slowest took {duration(slowest)}",
    )
    scene.out.explain(refused)
    shown = len(visitor.gallery())
    scene.out.check(
        shown == len(uploads.answers) - len(refused), f"{shown} of them are in the gallery, there and back"
    )
    scene.out.figure("upload while its table moves to another database and back, slowest", duration(slowest))
