"""Limit the memory of worker processes, so that a hostile picture fails its task instead of the machine."""

import logging
import resource
from pathlib import Path
from typing import Any

from celery.signals import worker_process_init

from extracted.images.conf import config

logger = logging.getLogger(__name__)


def connect() -> None:
    """Have every worker process limit itself when it starts."""
    worker_process_init.connect(_limit_memory, dispatch_uid="images.limit_memory")


def _limit_memory(**_: Any) -> None:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except FileNotFoundError:
        logger.warning("no /proc on this system: worker memory is not limited")
        return
    limit = pages * resource.getpagesize() + config().memory_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
