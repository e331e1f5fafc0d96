"""Everything is legacy: a visitor registers and uploads, and waits as long as the work takes."""

import time

from monolith.journey.narrator import duration
from monolith.journey.scene import Scene
from monolith.journey.site import MAIL_SEAM

TITLE = "the shop as it is"


def play(scene: Scene) -> None:
    """Register, get the welcome mail, upload the photos, see them."""
    scene.rollout("legacy", "--reason", "the journey begins")
    scene.rollout("legacy", "--reason", "the journey begins", seam=MAIL_SEAM)
    scene.command("strangler", "status")
    _get_welcome_mail(scene)
    _upload(scene)


def _get_welcome_mail(scene: Scene) -> None:
    ann = scene.visitor("ann")
    mail = scene.site.mailbox.wait_for(to=ann.email)
    subject = f": “{mail['Subject']}”" if mail else ""
    scene.out.check(mail is not None, f"the welcome mail arrives{subject}")


def _upload(scene: Scene) -> None:
    ann, photos = scene.visitor("ann"), scene.copies("of-ann")
    ann.open_upload_form()
    megapixels = sum(photo.megapixels for photo in photos)
    scene.out.say(f"ann uploads {len(photos)} photos with {megapixels:.0f} megapixels and waits")
    since = time.perf_counter()
    answer = scene.upload(ann, photos)
    is_done = answer.is_done and answer.side == "legacy"
    scene.out.check(
        is_done, f"answer {answer} after {duration(answer.seconds)}: the work was done in the request"
    )
    p99 = scene.tell_home_page(since, meanwhile="meanwhile")
    scene.check_pictures(
        ann, photos, text="her gallery shows all of them, right way up, in three sizes, without EXIF"
    )
    scene.out.figure(
        f"upload of {len(photos)} photos, {megapixels:.0f} megapixels: legacy answers after",
        duration(answer.seconds),
    )
    scene.out.figure("home page meanwhile, p99", duration(p99))
