import sys
import time

import pytest

from monolith.journey import site as module
from monolith.journey.running import StageError
from monolith.journey.site import Ports, Site
from strangler.forking import popen

DEAF = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("does not listen", flush=True)
time.sleep(60)
"""


class Deaf:
    """The commands of a project whose only one does not end when it is asked to."""

    def __init__(self, environ, *, folder):
        self.environ, self.folder = environ, folder

    def start(self, *argv, **options):
        return popen([sys.executable, "-c", DEAF, *argv], env=self.environ, cwd=self.folder, **options)


def test_what_does_not_end_by_ctrl_c_is_killed_and_told(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "Commands", Deaf)
    monkeypatch.setattr(module, "END_AFTER_SECONDS", 0.2)
    ports = Ports(monolith=1, images=2, email=3, accounts=4, reporting=5, catalog=6, valkey=7, smtp=8)
    site = Site(state=tmp_path, ports=ports)
    with pytest.raises(StageError, match=r"deaf exited with -9:\s+does not listen"):
        watch(site, tmp_path / "log" / "deaf.log")


def watch(site, log):
    with site.working("deaf"):
        while not log.read_text():
            time.sleep(0.01)
