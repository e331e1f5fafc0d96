"""Make the renditions of one uploaded photo: the work of `images.render`."""

import logging
from functools import partial
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded

from extracted.images import progress
from extracted.images.conf import config
from extracted.images.pictures import Picture, PictureError, make_renditions
from extracted.images.progress import Claim
from extracted.images.storage import RENDITIONS, store

logger = logging.getLogger(__name__)


def render(photo_id: UUID | str, *, holder: str) -> bool:
    """Make and store the renditions of a photo and record them.

    Safe to run twice, at once or one after the other: files are named by their content, and the row decides who
    may record them. Never raises for a bad file; MemoryError never leaves, because it would end the whole worker.

    Returns: whether the photo is ready to be published now.
    """
    claim = progress.claim(photo_id, holder=holder)
    if claim is None:
        return False
    try:
        return _rendered(claim)
    except PictureError as error:
        logger.info("photo %s failed: %s", photo_id, error)
        progress.fail(claim, reason=str(error))
    except MemoryError:
        progress.fail(
            claim, reason="the picture needs more memory than one picture may use: send a smaller one"
        )
    except SoftTimeLimitExceeded:
        seconds = config().soft_time_limit.total_seconds()
        progress.put_back(claim, reason=f"it took longer than {seconds:g} seconds", is_our_fault=False)
    except OSError as error:
        logger.exception("photo %s: storing its renditions failed, it is tried again later", photo_id)
        progress.put_back(claim, reason=f"storing its renditions failed ({error})", is_our_fault=True)
    return False


def _rendered(claim: Claim) -> bool:
    original = store().path(claim.photo.original)
    if not original.exists():
        progress.fail(claim, reason="the uploaded file is gone: send it again")
        return False
    picture = make_renditions(
        original,
        sizes=config().sizes,
        limits=config().limits,
        progress=lambda done, total: progress.report(claim, done=done, total=total),
    )
    is_ours = progress.finish(claim, picture, names=_saved(picture))
    logger.info(
        "photo %s: %d renditions made, attempt %d", claim.photo.pk, len(picture.renditions), claim.attempt
    )
    return is_ours


def _saved(picture: Picture) -> dict[int, str]:
    save = partial(store().save, folder=RENDITIONS)
    return {made.size: save(made.content, extension=made.extension) for made in picture.renditions}
