"""Look after a run from a thread beside the work: renew the lease, show the rows, hear that it was cancelled.

The work may be inside a statement that takes a minute; a person who cancels should not wait for it. So the thread asks
twice a second, and interrupts the statement.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Self

from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone

from extracted.reporting.conf import config
from extracted.reporting.errors import CancelledError, LostError, OutOfTimeError, StoppedError
from extracted.reporting.running import progress
from extracted.reporting.running.progress import Claim

logger = logging.getLogger(__name__)
INTERVAL = timedelta(seconds=0.5)


class Watch:
    """Watches over *claim* while the block runs.

    Args: interrupt: ends the statement that the work is in, if it is in one.
    """

    def __init__(self, claim: Claim, *, interrupt: Callable[[], None]) -> None:
        self.claim = claim
        self.rows = claim.run.rows
        self._interrupt = interrupt
        self._stopped: StoppedError | None = None
        self._end = Event()
        self._began = monotonic()
        self._thread = Thread(target=self._run, name=f"watch {claim.run.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    @property
    def spent(self) -> timedelta:
        """Return how long this slice has taken."""
        return timedelta(seconds=monotonic() - self._began)

    @property
    def is_slice_over(self) -> bool:
        """Tell whether it is somebody else's turn."""
        return self.spent >= config().slice

    def check(self) -> None:
        """Raise what ended the work, if something did."""
        if self._stopped:
            raise self._stopped

    def look(self) -> None:
        """Look once, as the thread does."""
        claim = self.claim
        seen = progress.held(claim).values_list("is_cancelled", flat=True).first()
        if seen is None:
            self._stop(LostError("the run belongs to another worker"))
        elif seen:
            self._stop(CancelledError("the run was cancelled"))
        elif claim.run.work + self.spent > config().run_time_limit:
            minutes = config().run_time_limit.total_seconds() / 60
            self._stop(OutOfTimeError(f"it took longer than {minutes:g} minutes, which is the most"))
        else:
            until = timezone.now() + config().lease
            progress.held(claim).update(leased_until=until, due_at=until, rows=self.rows)

    def _stop(self, error: StoppedError) -> None:
        self._stopped = error
        self._interrupt()

    def _run(self) -> None:
        try:
            while not self._end.wait(INTERVAL.total_seconds()):
                try:
                    self.look()
                except DatabaseError:
                    # The lease has some seconds left; the work itself will notice if the database is gone.
                    logger.warning("the watch over run %s could not look", self.claim.run.pk, exc_info=True)
        finally:
            connection.close()
