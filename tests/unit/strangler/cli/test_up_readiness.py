import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from strangler.cli.up.readiness import announce, answers, wait_for


class Broken(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.send_error(500)

    def log_message(self, *_):
        pass


@pytest.fixture
def web_server():
    with HTTPServer(("127.0.0.1", 0), Broken) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def listener():
    """Somebody who listens and never answers, as gunicorn does before its workers have started."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_web_server_that_answers_is_ready_whatever_it_says(web_server):
    assert answers(web_server)


def test_a_web_server_that_only_listens_is_not_ready(listener):
    assert not answers(f"http://127.0.0.1:{listener}")


def test_a_broker_is_ready_when_it_listens(listener):
    assert answers(f"redis://127.0.0.1:{listener}/0")


def test_nobody_is_not_ready(listener):
    assert not answers("redis://127.0.0.1:1/0")
    assert wait_for(
        {"nobody": "redis://127.0.0.1:1/0", "broker": f"redis://127.0.0.1:{listener}"}, patience=SHORT
    ) == ["nobody"]


SHORT = timedelta(seconds=0.2)


def test_ready_is_said_last_and_names_everybody(web_server, listener):
    lines = []
    announce(lines.append, urls={"monolith": web_server, "smtp": f"smtp://127.0.0.1:{listener}"})
    assert lines[0] == f"  monolith  {web_server}"
    assert lines[-1].startswith("ready after")


def test_who_does_not_answer_is_named_instead(web_server):
    lines = []
    announce(lines.append, urls={"monolith": web_server, "smtp": "smtp://127.0.0.1:1"}, patience=SHORT)
    assert lines[1] == "  smtp      smtp://127.0.0.1:1  does not answer"
    assert lines[-1].startswith("not ready after 0 s: smtp")
