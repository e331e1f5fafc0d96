"""Remove files that are older than the retention, and what killed processes left behind."""

from django.utils import timezone

from extracted.reporting.conf import config
from extracted.reporting.models import UNFINISHED, Run
from extracted.reporting.writing import store


def prune() -> int:
    """Remove old runs with their files, and files and parts of no run; returns how many runs there were.

    Safe to run at any time, twice or at once.
    """
    old = Run.objects.filter(finished_at__lt=timezone.now() - config().retention)
    gone = list(old.values_list("pk", "file"))
    for pk, file in gone:
        if file:
            store().drop(file)
        Run.objects.filter(pk=pk).delete()
    _sweep()
    return len(gone)


def _sweep() -> None:
    # The files are listed first: one that is published after that is not among them.
    names, parts = list(store().names()), list(store().runs_with_parts())
    known = set(Run.objects.exclude(file="").values_list("file", flat=True))
    busy = {str(pk) for pk in Run.objects.filter(state__in=UNFINISHED).values_list("pk", flat=True)}
    for name in names:
        # A file is in its place a moment before its row says so.
        if name not in known and name.split(".")[0].rpartition("-")[0] not in busy:
            store().drop(name)
    for run in parts:
        if run not in busy:
            store().drop_parts(run)
