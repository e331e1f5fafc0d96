"""Typed, frozen configuration of the service; the only reader of `settings.IMAGES`."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver

from extracted.images.pictures import Limits

_KILL_AFTER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `settings.IMAGES` says.

    Args:
        sizes: longer side of each rendition, in pixels, largest first.
        limits: of one file.
        max_files: per upload.
        max_body_bytes: per upload, all files together.
        max_attempts: how often a photo may take its worker down before it is given up.
        memory_bytes: what a worker process may use above what it has when it starts.
        soft_time_limit: for one photo; after it the work is interrupted.
        resend_after: how long a photo waits in the queue before its message is sent again.
        requeue_every: how often beat looks for photos that have waited too long.
        broker_timeout: the longest a person waits for a broker that does not answer.
        monolith_url: where finished photos go, without a trailing slash.
    """

    sizes: tuple[int, ...]
    limits: Limits
    max_files: int
    max_body_bytes: int
    max_attempts: int
    memory_bytes: int
    soft_time_limit: timedelta
    resend_after: timedelta
    requeue_every: timedelta
    broker_timeout: timedelta
    monolith_url: str

    @property
    def hard_time_limit(self) -> timedelta:
        """Return when a worker process that ignores the soft limit is killed."""
        return self.soft_time_limit + _KILL_AFTER

    @property
    def lease(self) -> timedelta:
        """Return how long a photo belongs to the worker that took it; longer than any worker can live."""
        return self.hard_time_limit + _KILL_AFTER


@cache
def config() -> Config:
    """Return the configuration of this process.

    Raises: ImproperlyConfigured: names the value.
    """
    raw: dict[str, Any] = settings.IMAGES
    if not raw["SIZES"] or min(raw["SIZES"]) < 1:
        raise ImproperlyConfigured(
            f"IMAGES_SIZES must be pixel sizes above 0, such as 1280,640,160: {raw['SIZES']}"
        )
    return Config(
        sizes=tuple(sorted(set(raw["SIZES"]), reverse=True)),
        limits=Limits(
            max_bytes=raw["MAX_FILE_BYTES"], max_pixels=raw["MAX_PIXELS"], max_frames=raw["MAX_FRAMES"]
        ),
        max_files=raw["MAX_FILES"],
        max_body_bytes=raw["MAX_BODY_BYTES"],
        max_attempts=raw["MAX_ATTEMPTS"],
        memory_bytes=raw["MEMORY_BYTES"],
        soft_time_limit=raw["SOFT_TIME_LIMIT"],
        resend_after=raw["RESEND_AFTER"],
        requeue_every=raw["REQUEUE_EVERY"],
        broker_timeout=raw["BROKER_TIMEOUT"],
        monolith_url=raw["MONOLITH_URL"],
    )


@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    if setting == "IMAGES":
        config.cache_clear()
