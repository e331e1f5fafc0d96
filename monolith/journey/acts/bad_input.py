"""What no shop should be troubled by: each is refused with a clear answer on both sides, and nothing is left."""

import re
from dataclasses import dataclass
from http import HTTPStatus

from monolith.journey.pictures import Photograph
from monolith.journey.scene import Scene
from monolith.journey.visitor import Answer, Visitor

TITLE = "bad input"
TEXT = b"This is no photograph, whatever its name says.\n"
HUGE_SIDE = 64_250


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing that must be refused."""

    what: str
    photos: list[Photograph]
    token: str | None = None


def play(scene: Scene) -> None:
    """Try everything on legacy, then on the service; the seam stays live."""
    eve = scene.visitor("eve")
    _try_all(scene, eve, side="legacy")
    scene.rollout("live", "--reason", "the journey ends here")
    _try_all(scene, eve, side="service")
    answer = eve.get("/")
    scene.out.check(answer.status == HTTPStatus.OK, "the site is as alive as before")


def _try_all(scene: Scene, visitor: Visitor, *, side: str) -> None:
    before = len(visitor.gallery())
    for attempt in _attempts(scene, side):
        answer = visitor.upload(
            attempt.photos, accept="application/json, text/html;q=0.9", token=attempt.token
        )
        is_refused = (
            HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.side == side
        )
        scene.out.check(is_refused, f"{side}: {attempt.what}: {answer.status}{_reason(answer)}")
    scene.out.check(len(visitor.gallery()) == before, f"{side}: nothing of it is in the gallery")


def _attempts(scene: Scene, side: str) -> list[Attempt]:
    good = scene.small_photo.own_copy(f"{side}-{scene.run}")
    jpeg = next(photo for photo in scene.photos if photo.filename.endswith(".jpg"))
    return [
        Attempt("a text file named .jpg", [Photograph("letter.jpg", TEXT)]),
        Attempt("a truncated JPEG", [Photograph("half.jpg", jpeg.content[: len(jpeg.content) // 2])]),
        Attempt("a file of 0 bytes", [Photograph("empty.jpg", b"")]),
        Attempt("a JPEG that claims 64,250² pixels", [Photograph("huge.jpg", _claim_huge(jpeg.content))]),
        Attempt("one good photo and one bad", [good, Photograph("letter.jpg", TEXT)]),
        Attempt("a form without its CSRF token", [good], token=""),
    ]


def _claim_huge(jpeg: bytes) -> bytes:
    """Write 64,250 × 64,250 into the frame header of *jpeg*."""
    frame = re.search(rb"\xff[\xc0\xc2]\x00.\x08", jpeg, re.DOTALL)
    assert frame is not None  # noqa: S101 - it is one of our photographs
    size = HUGE_SIDE.to_bytes(2)
    return jpeg[: frame.end()] + size + size + jpeg[frame.end() + 4 :]


def _reason(answer: Answer) -> str:
    """Return the words of the answer that are about the file, if it is short enough to find them."""
    if answer.headers.get("content-type", "").startswith("application/json"):
        body = answer.json
        reasons = [each["error"] for each in body.get("files", [])] or [body.get("error", "")]
        return f", “{reasons[0]}”"
    listed = re.search(r'class="errorlist[^>]*>\s*<li>([^<]+)', answer.text)
    return f", “{listed[1]}”" if listed else ""
