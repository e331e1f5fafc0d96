"""How the journey starts and ends; its whole way is walked by `make run ONCE=1`."""

import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from monolith.journey.running import ROOT
from strangler.forking import popen

DEADLINE_SECONDS = 180  # a busy machine takes its time to seed a shop
FIRST_ACT = "Act 1"

pytestmark = pytest.mark.timeout(3 * DEADLINE_SECONDS)


@pytest.fixture
def journey(tmp_path):
    """Start `manage.py journey` on data of its own; what it prints goes to a file."""
    started = []

    def start(*options):
        environ = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
        with (tmp_path / "output").open("w") as output:
            process = popen(
                [sys.executable, "manage.py", "journey", "--once", "--state", tmp_path / "state", *options],
                cwd=ROOT,
                env={**environ, "DJANGO_SETTINGS_MODULE": "monolith.settings.local"},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(DEADLINE_SECONDS)


def wait_for(file, text):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while text not in file.read_text():
        assert time.monotonic() < deadline, f"{text!r} did not come:\n{file.read_text()}"
        time.sleep(0.1)


def test_a_port_that_is_taken_is_told_before_anything_is_prepared(journey, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert journey("--port", str(port)).wait(DEADLINE_SECONDS) == 1
    output = (tmp_path / "output").read_text()
    assert (
        output
        == f"CommandError: Port {port} is taken: stop what listens there, or choose another with --port.\n"
    )
    assert not (tmp_path / "state" / "monolith.sqlite3").exists()


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGTERM])
def test_a_journey_that_is_interrupted_closes_the_shop(journey, tmp_path, number):
    process = journey("--port", "25000")
    wait_for(tmp_path / "output", FIRST_ACT)
    os.kill(process.pid, number)
    assert process.wait(DEADLINE_SECONDS) == 130
    log = (tmp_path / "state" / "log" / "up.log").read_text()
    groups = [int(pid) for pid in re.findall(r"started \(pid (\d+)\)", log)]
    assert len(groups) >= 5
    assert [group for group in groups if is_running(group)] == []


def is_running(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_second_journey_does_not_touch_the_data_of_the_first(journey, tmp_path):
    journey("--port", "25000")
    wait_for(tmp_path / "output", "preparing the shop")
    assert journey().wait(DEADLINE_SECONDS) == 1
    assert "Another journey is running" in (tmp_path / "output").read_text()
