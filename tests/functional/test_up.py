"""`strangler up` as somebody at a terminal meets it: real processes, real signals, nothing left behind."""

import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from strangler.forking import popen
from tests.servers.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
SERVE = "python -m http.server --bind 127.0.0.1 $PORT"
DEADLINE_SECONDS = 100


class Up:
    """A running `strangler up` on a topology of its own."""

    def __init__(self, folder: Path, *, release="/bin/true", worker="sleep 300", options=(), environ=None):
        topology = folder / "strangler.toml"
        topology.write_text(f"""
            [monolith]
            settings = "tests.functional.up_settings"
            processes = {{ release = '{release}', web = '{SERVE}' }}
            [services.images]
            settings = "tests.functional.up_settings"
            processes = {{ web = '{SERVE}', worker = '{worker}' }}
        """)
        self.state = folder / "state"
        self.output = folder / "output"
        inherited = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
        settings = {"DJANGO_SETTINGS_MODULE": "tests.functional.up_settings", "TOPOLOGY": str(topology)}
        with self.output.open("w") as output:
            self.process = popen(
                [
                    sys.executable,
                    "-m",
                    "django",
                    "strangler",
                    "up",
                    "--state",
                    self.state,
                    *free_ports(options),
                    *options,
                ],
                cwd=folder,
                env={**inherited, "PYTHONPATH": str(ROOT), **settings, **(environ or {})},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def text(self):
        return self.output.read_text()

    def wait_for(self, pattern):
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            if found := re.search(pattern, self.text()):
                return found
            time.sleep(0.05)
        pytest.fail(f"{pattern!r} did not come; the log is:\n{self.text()}")

    def wait(self):
        return self.process.wait(DEADLINE_SECONDS)

    def groups(self):
        return {name: int(pid) for name, pid in re.findall(r"\| (\S+) started \(pid (\d+)\)", self.text())}

    def port_of(self, name):
        return int(self.wait_for(rf"\|   {name} +\w+://127\.0\.0\.1:(\d+)")[1])


def free_ports(options):
    """Ports that nobody else of this machine uses."""
    if "--port" in options:
        return []
    return [f"--port={name}={free_port()}" for name in ("monolith", "images", "valkey", "smtp")]


@pytest.fixture
def start(tmp_path):
    started = []

    def start(**options):
        started.append(Up(tmp_path, **options))
        return started[-1]

    yield start
    for up in started:
        if up.process.poll() is None:
            up.process.terminate()
            up.wait()


def is_running(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(groups):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while any(map(is_running, groups)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [group for group in groups if is_running(group)]


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_all_start_and_ctrl_c_stops_them_with_their_children(start):
    up = start(worker="sleep 300 & sleep 300; true")
    up.wait_for(r"ready after")
    assert all(accepts(up.port_of(name)) for name in ("monolith", "images", "valkey", "smtp"))
    groups = up.groups()
    assert {"valkey.server", "smtp.server", "monolith.web", "images.web", "images.worker"} <= groups.keys()

    os.kill(up.process.pid, signal.SIGINT)

    assert up.wait() == 0
    assert wait_until_gone(groups.values()) == []
    assert "valkey.server exited with status 0" in up.text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_ways_of_asking_stop_it_as_cleanly(start, number):
    up = start(options=["--only", "images"])
    up.wait_for(r"ready after")
    up.process.send_signal(number)
    assert up.wait() == 0
    assert wait_until_gone(up.groups().values()) == []


def test_a_killed_supervisor_leaves_nothing_running(start):
    up = start()
    up.wait_for(r"ready after")
    groups = up.groups()
    os.killpg(up.process.pid, signal.SIGKILL)
    up.wait()
    assert wait_until_gone(groups.values()) == []


def test_what_is_forked_runs_as_it_would_have_been_started_and_ends_with_the_others(start, tmp_path):
    (tmp_path / "worker.py").write_text(
        "import os, time; print('nice', os.nice(0), os.getpgrp() == os.getpid(), flush=True); time.sleep(300)"
    )
    up = start(worker="nice -n 5 python worker.py", options=["--only", "images", "--fork"])
    up.wait_for(r"ready after")
    up.wait_for(rf"nice {os.nice(0) + 5} True")
    assert accepts(up.port_of("images"))
    os.killpg(up.groups()["images.worker"], signal.SIGKILL)
    assert up.wait() == 1
    assert "images.worker was killed by SIGKILL: everything was stopped." in up.text()
    assert wait_until_gone(up.groups().values()) == []


def test_a_process_that_dies_stops_the_others_and_is_named_with_its_status(start):
    up = start(worker="sleep 1; exit 7")
    assert up.wait() == 1
    assert "images.worker exited with status 7: everything was stopped." in up.text()
    assert wait_until_gone(up.groups().values()) == []


def test_a_process_that_is_killed_is_named_with_the_signal(start):
    up = start(options=["--only", "images"])
    up.wait_for(r"ready after")
    os.killpg(up.groups()["images.worker"], signal.SIGKILL)
    assert up.wait() == 1
    assert "images.worker was killed by SIGKILL: everything was stopped." in up.text()


def test_a_process_that_ignores_sigterm_is_killed_after_a_second_signal(start):
    up = start(worker='trap "" TERM; sleep 300; sleep 300', options=["--only", "images"])
    up.wait_for(r"ready after")
    up.process.terminate()
    up.wait_for(r"images.web was killed by SIGTERM")
    up.process.terminate()
    assert up.wait() == 0
    assert "killing images.worker" in up.text()
    assert wait_until_gone(up.groups().values()) == []


def test_releases_end_before_anything_else_starts(start):
    up = start(release="sleep 1; echo migrated")
    up.wait_for(r"ready after")
    assert up.text().index("monolith.release exited with status 0") < up.text().index("monolith.web started")


def test_a_failed_release_starts_nothing_else(start):
    up = start(release="exit 3")
    assert up.wait() == 1
    assert "monolith.release exited with status 3: nothing else was started." in up.text()
    assert "monolith.web started" not in up.text()


def test_ctrl_c_during_a_release_ends_it(start):
    up = start(release="sleep 300")
    up.wait_for(r"monolith.release started")
    up.process.send_signal(signal.SIGINT)
    assert up.wait() == 0
    assert wait_until_gone(up.groups().values()) == []
    assert "monolith.web started" not in up.text()


def test_a_wanted_port_that_is_taken_is_named_before_anything_starts(start):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        up = start(options=["--port", f"monolith={port}"])
        assert up.wait() == 1
    assert f"Port {port}, wanted by monolith, is taken." in up.text()
    assert "--port monolith=PORT" in up.text()
    assert "started" not in up.text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--only", "imags"], "Did you mean 'images'?"),
        (["--port", "monolith"], "Write it as --port monolith=8080."),
        (["--port", "valky=1"], "Did you mean 'valkey'?"),
    ],
)
def test_wrong_usage_is_told_in_one_line(start, options, message):
    up = start(options=options)
    assert up.wait() == 2
    assert message in up.text()
    assert len(up.text().splitlines()) == 1


def test_mail_is_caught_shown_and_kept(start):
    up = start(options=["--only", "smtp"])
    up.wait_for(r"ready after")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "shop@example.com", "ann@example.com", "Grüße"
    mail.set_content("Your photos are here.")
    with smtplib.SMTP("127.0.0.1", up.port_of("smtp")) as client:
        client.send_message(mail)
    up.wait_for(r"smtp\.server +\| shop@example\.com -> ann@example\.com: Grüße")
    (file,) = (up.state / "mail").glob("*.eml")
    assert "Your photos are here." in file.read_text()


def test_jobs_in_the_embedded_broker_survive_a_restart_and_a_kill(start):
    first = start(options=["--only", "valkey"])
    first.wait_for(r"ready after")
    assert ask(first.port_of("valkey"), "RPUSH images job") == ":1"
    time.sleep(1.2)  # the append-only file is synced once a second
    os.killpg(first.groups()["valkey.server"], signal.SIGKILL)
    first.wait()

    again = start(options=["--only", "valkey"])
    again.wait_for(r"ready after")
    assert ask(again.port_of("valkey"), "LLEN images") == ":1"


def ask(port, command):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"{command}\r\n".encode())
        return connection.recv(100).decode().strip()


def test_the_log_is_also_kept_without_colours(start):
    up = start(options=["--only", "images"])
    up.wait_for(r"ready after")
    up.process.terminate()
    up.wait()
    copy = (up.state / "log" / "up.log").read_text()
    assert "ready after" in copy
    assert "\x1b" not in copy
    assert "images.worker" in copy


def test_processes_learn_their_port_and_everybodys_url(start):
    up = start(worker='echo "port=$PORT monolith=$MONOLITH_URL broker=$BROKER_URL"; sleep 300')
    found = up.wait_for(r"port=(\d+) monolith=http://127.0.0.1:(\d+) broker=redis://127.0.0.1:(\d+)/0")
    assert list(map(int, found.groups())) == [up.port_of(name) for name in ("images", "monolith", "valkey")]
