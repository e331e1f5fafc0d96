"""Record what a piece of work does besides answering: rows, mails, messages, files.

`record()` is a block in which everything of that kind is noted, whoever does it: by ORM or raw SQL, by any mail back end, by outbox
or Celery, by any storage. What is recorded is only noted; it is parsed by `Recorder.effects()`, off the user's path.

Two kinds of recording: of real work, where a row counts when its transaction commits; and of a sandbox (`strangler.service.sandbox`), which
lets nothing out.
"""

from __future__ import annotations

from strangler.effects.at_hand import current
from strangler.effects.recorder import Recorder, record

__all__ = ["Recorder", "current", "record"]
