import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from monolith.journey.logins import LogIns
from monolith.journey.visitor import PASSWORD, Visitor

PATIENCE_SECONDS = 20


class Door(BaseHTTPRequestHandler):
    """Lets in ann, by a form with a token, and nobody else."""

    def do_GET(self):
        self.answer(200, b'<input name="csrfmiddlewaretoken" value="token">')

    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        is_right = sent == f"csrfmiddlewaretoken=token&username=ann&password={PASSWORD}"
        self.answer(302 if is_right else 200, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def door():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def seen(site, name, *, count):
    with LogIns([Visitor(site, name=name)]) as logins:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(logins.sight.looks) < count and time.monotonic() < deadline:
            time.sleep(0.01)
    return logins.sight


def test_people_log_in_again_and_again(door):
    sight = seen(door, "ann", count=2)
    assert len(sight.looks) >= 2
    assert sight.problems == []


def test_who_is_turned_away_is_a_problem(door):
    assert seen(door, "eve", count=1).problems[0] == "eve could not log in: 200"


def test_a_door_that_nobody_keeps_is_a_problem():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        site = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert "eve got no answer" in seen(site, "eve", count=1).problems[0]
