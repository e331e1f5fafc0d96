"""Find and remove files that belong to nobody: left by processes that were killed."""

from collections.abc import Iterator
from datetime import timedelta

from extracted.images.models import Photo, Rendition
from extracted.images.storage import ORIGINALS, RENDITIONS, store

TEMPORARY_AGE = timedelta(hours=1)
ORPHAN_AGE = timedelta(days=1)
_BATCH = 500


def leftovers() -> Iterator[str]:
    """Yield the names of files that nothing refers to: temporary ones of an hour ago, others of a day ago.

    The age keeps off files whose row is about to be written.
    """
    root = store().root
    for path in store().temporaries(older_than=TEMPORARY_AGE):
        yield path.relative_to(root).as_posix()
    yield from _unknown(ORIGINALS, Photo, "original")
    yield from _unknown(RENDITIONS, Rendition, "name")


def sweep() -> int:
    """Remove the leftovers and return how many there were; safe to run at any time, twice or at once."""
    count = 0
    for name in leftovers():
        store().path(name).unlink(missing_ok=True)
        count += 1
    return count


def _unknown(folder: str, model: type[Photo] | type[Rendition], field: str) -> Iterator[str]:
    names = list(store().names(folder, older_than=ORPHAN_AGE))
    for start in range(0, len(names), _BATCH):
        batch = names[start : start + _BATCH]
        known = set(model.objects.filter(**{f"{field}__in": batch}).values_list(field, flat=True))
        yield from (name for name in batch if name not in known)
