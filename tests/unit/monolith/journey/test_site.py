import time

import pytest

from monolith.journey import site as module
from monolith.journey.running import StageError
from monolith.journey.site import Ports, Site

DEAF = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("does not listen", flush=True)
time.sleep(60)
"""


def test_what_does_not_end_by_ctrl_c_is_killed_and_told(tmp_path, monkeypatch):
    (tmp_path / "manage.py").write_text(DEAF)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "END_AFTER_SECONDS", 0.2)
    ports = Ports(monolith=1, images=2, email=3, accounts=4, reporting=5, catalog=6, valkey=7, smtp=8)
    site = Site(state=tmp_path, ports=ports)
    with pytest.raises(StageError, match=r"deaf exited with -9:\s+does not listen"):
        watch(site, tmp_path / "log" / "deaf.log")


def watch(site, log):
    with site.working("deaf"):
        while not log.read_text():
            time.sleep(0.01)
