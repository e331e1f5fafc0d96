"""As of when the read model is, and whether that is good enough."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from extracted.reporting.conf import config
from extracted.reporting.feed.tables import TABLES
from extracted.reporting.models import Feed, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How far behind the shop the read model is.

    Args:
        as_of: all that the shop committed before is here; None before the first mark.
        lag: age of that, by our clock.
        is_filled: the backfill went through all tables.
    """

    as_of: datetime | None
    lag: timedelta | None
    is_filled: bool

    @property
    def is_stale(self) -> bool:
        """Tell whether readers should be warned."""
        return not self.is_filled or self.lag is None or self.lag > config().stale_after

    @property
    def words(self) -> str:
        """Return what a page says."""
        if not self.is_filled:
            return "not filled yet: figures are incomplete until the backfill is through"
        if self.as_of is None or self.lag is None:
            return "nobody knows how fresh this is: no mark of the shop has arrived"
        moment = f"{self.as_of:%d %b %Y %H:%M:%S} UTC"
        return f"{moment}, {_span(self.lag)} behind the shop" if self.is_stale else moment


def freshness() -> Freshness:
    """Return how fresh the read model is now."""
    feed = Feed.objects.filter(pk=1).first()
    as_of = feed.as_of if feed else None
    # The shop's clock may be a little ahead of ours.
    lag = max(timezone.now() - as_of, timedelta(0)) if as_of else None
    filled = Position.objects.filter(table__in=TABLES, finished_at__isnull=False).count()
    return Freshness(as_of=as_of, lag=lag, is_filled=filled == len(TABLES))


def behind(as_of: datetime, *, at: datetime) -> str:
    """Return how far figures *as_of* were behind the shop *at* a moment; nothing if that was no reason to warn."""
    lag = at - as_of
    return f"{_span(lag)} behind the shop" if lag > config().stale_after else ""


def _span(lag: timedelta) -> str:
    seconds = int(lag.total_seconds())
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"
