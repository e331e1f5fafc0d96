"""Settings of the shop under the facade's benchmarks; the environment says which topology and upstream."""

import os
from datetime import timedelta

from monolith.settings.test import *  # noqa: F403 - a settings module extends another one
from monolith.settings.test import INSTALLED_APPS as SHOP_APPS
from monolith.settings.test import STRANGLER as SHOP_STRANGLER

ROOT_URLCONF = os.environ["BENCH_URLCONF"]
STRANGLER = {
    **SHOP_STRANGLER,
    "SNAPSHOT_INTERVAL": timedelta(
        seconds=1
    ),  # the tests read rollouts at each decision; nobody who serves does
    "TOPOLOGY": os.environ["BENCH_TOPOLOGY"],
    "SERVICE_URLS": {"images": os.environ["BENCH_UPSTREAM"]},
}
if "BENCH_BARE" in os.environ:  # a peer may have the least that Django can do
    MIDDLEWARE = []
    INSTALLED_APPS = [*SHOP_APPS, "revproxy"]
LOGGING = {"version": 1, "root": {"level": "ERROR"}}
