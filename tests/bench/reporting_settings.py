"""Settings of the reporting benchmark: the service, with all the time that a report needs which stands still in between."""

import tempfile
from datetime import timedelta
from pathlib import Path

from extracted.reporting.settings import *  # noqa: F403 - a settings module extends another one
from extracted.reporting.settings import REPORTING

REPORTING = {
    **REPORTING,
    "FOLDER": Path(tempfile.gettempdir()) / "bench-reporting",
    "STATEMENT_TIMEOUT": timedelta(hours=1),
    "SLICE": timedelta(minutes=7),
    "TASK_TIME_LIMIT": timedelta(minutes=8),
}
CELERY_BROKER_URL = "memory://"
