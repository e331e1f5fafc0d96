"""What the process that forks does with libraries that are not there."""

import os
import subprocess
import sys

from django.core.exceptions import ImproperlyConfigured

from strangler.forking import server


def test_a_library_and_a_driver_that_are_missing_are_left_out(monkeypatch):
    asked = []

    def refuse(name):
        asked.append(name)
        raise ImproperlyConfigured if name.startswith("django.db") else ModuleNotFoundError

    monkeypatch.setattr(server, "import_module", refuse)
    server.load_libraries("more")
    assert asked[: len(server.LIBRARIES) + 1] == [*server.LIBRARIES, "more"]


def test_of_the_toolkit_comes_what_needs_no_settings_and_no_test_runner():
    program = "from strangler.forking import server; server.load_libraries(); import sys; print(*sys.modules)"
    environ = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert {"strangler.core.topology", "strangler.facade.wsgi"} <= loaded
    assert not {"django.contrib.auth.models", "strangler.rollout.models", "pytest"} & loaded
