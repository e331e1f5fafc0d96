"""How a run gets from a wish to a file.

`requesting` takes the wish; `progress` moves the row from state to state; `work` reads, writes and publishes, a slice
of time at a time; `watch` looks after it meanwhile; `reader` limits what the database may spend.
"""

from extracted.reporting.running.requesting import cancel, request_run
from extracted.reporting.running.work import work

__all__ = ["cancel", "request_run", "work"]
