"""The Celery app of the service's workers."""

import os
from datetime import timedelta

from celery import Celery

from strangler.service.aliases import install_aliases
from strangler.service.celery import celery_options
from strangler.service.handing import install_handing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.faults.move_site.images.settings")

app = Celery("images")
limits = {"soft_time_limit": timedelta(seconds=30), "hard_time_limit": timedelta(seconds=60)}
app.conf.update(celery_options(os.environ["BROKER_URL"], queue="images", schedule={}, **limits))
app.autodiscover_tasks(["tests.faults.move_site.images"])
install_aliases(app)
install_handing(app)
