"""Settings of the export benchmark: the reporting service, in slices that last, with the peer installed."""

import tempfile
from datetime import timedelta
from pathlib import Path

from extracted.reporting.settings import *  # noqa: F403 - a settings module extends another one
from extracted.reporting.settings import INSTALLED_APPS, REPORTING

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.contenttypes", "django.contrib.auth", "import_export"]
REPORTING = {
    **REPORTING,
    "FOLDER": Path(tempfile.gettempdir()) / "bench-export",
    # One measurement is one slice: how a run goes on is not what is measured.
    "SLICE": timedelta(minutes=7),
    "TASK_TIME_LIMIT": timedelta(minutes=8),
}
CELERY_BROKER_URL = "memory://"
