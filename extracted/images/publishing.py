"""Hand finished photos over to the monolith: the work of `images.publish`.

At least once: a photo stays `ready`, with a moment at which it is sent again, until the monolith has answered.
The monolith recognises a repeated one by its id.
"""

import logging
from uuid import UUID

import pybreaker
import urllib3

from extracted.images import progress
from extracted.images.conf import config
from extracted.images.models import Photo, State
from strangler.core.principal import Principal
from strangler.service import PRINCIPAL_HEADER, sign_principal

_PATH = "/photos/adopt/"
_TIMEOUT = urllib3.Timeout(connect=2, read=10)
_TAKEN = (200, 201)
_NEVER = 422
_FAULT = 500
_LONGEST_REASON = 500

logger = logging.getLogger(__name__)
# A shop that hangs would cost every photo the timeout: after two in a row it is left alone for a while.
_breaker = pybreaker.CircuitBreaker(fail_max=2, reset_timeout=10, throw_new_error_on_trip=False)
_pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False, maxsize=2)


def publish(photo_id: UUID | str) -> None:
    """Send a photo that is ready to the monolith and record the answer; does nothing for any other photo.

    Only 422 is final: any other refusal (a wrong key, a proxy's page, a fault) says nothing about the photo.
    """
    photo = Photo.objects.filter(pk=photo_id, state=State.READY).select_related("upload").first()
    if photo is None:
        return
    try:
        status, text = _breaker.call(_posted, photo)
    except pybreaker.CircuitBreakerError:
        progress.postpone(photo, reason="the shop did not answer just now")
    except (urllib3.exceptions.HTTPError, _ShopFailedError) as error:
        logger.warning("photo %s is published later: %s", photo.pk, error)
        progress.postpone(photo, reason=f"the shop does not answer ({type(error).__name__})")
    else:
        _record(photo, status, text)


class _ShopFailedError(Exception):
    """The monolith answered with a fault of its own."""


def _posted(photo: Photo) -> tuple[int, str]:
    response = _pool.request(
        "POST",
        config().monolith_url + _PATH,
        json=description(photo),
        headers={PRINCIPAL_HEADER: sign_principal(Principal.for_service("images"), audience="monolith")},
        redirect=False,
    )
    if response.status >= _FAULT:
        raise _ShopFailedError(f"the shop answered {response.status}")
    return response.status, response.data.decode(errors="replace")[:_LONGEST_REASON]


def _record(photo: Photo, status: int, text: str) -> None:
    if status in _TAKEN:
        progress.published(photo)
    elif status == _NEVER:
        progress.refused(photo, reason=f"the shop refused it: {text}")
    else:
        logger.error("photo %s is published later: the shop answered %d %s", photo.pk, status, text)
        progress.postpone(photo, reason=f"the shop answered {status}")


def description(photo: Photo) -> dict[str, object]:
    """Return what the monolith needs to know about *photo*, as JSON values."""
    return {
        "id": str(photo.id),
        "owner_id": _number(photo.upload.owner),
        "filename": photo.filename,
        "checksum": photo.checksum,
        "width": photo.width,
        "height": photo.height,
        "bytes": photo.bytes,
        "uploaded_at": photo.created_at.isoformat(),
        "original": photo.original,
        "renditions": {str(made.size): made.name for made in photo.renditions.all()},
    }


def _number(owner: str) -> int | str:
    return int(owner) if owner.isdecimal() else owner
