"""The other side of the bridge, as the tests want it: an HTTP server that answers by a table."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from strangler import tokens
from tests.servers.processes import free_port


class OtherSide:
    """Answers `(method, path)` by what `answers` has: a status, a document, or a function of the request's headers and document."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.connections = set()
        self._server = None
        self.start()

    def start(self):
        """Answer, on the same port as before."""
        handler = type("Handler", (_Handler,), {"side": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        """Refuse connections from now on."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for connection in tuple(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def say_login(self, cookie, item, *, key=None, is_news=False):
        """Answer that the login of *cookie* is the user of *item*."""

        def answer(headers, _document):
            asked = headers["Strangler-Login"]
            if asked != cookie:
                return 204
            claims = {"uid": item["uid"], "user": item, "is_news": is_news}
            return {"login": (key or tokens.sign_login)(claims, cookie=asked, audience="monolith")}

        self.answers["GET", "/_strangler/login"] = answer
        self.answers["DELETE", "/_strangler/login"] = 204

    def end_logins(self):
        """Answer that every login is nobody's."""
        self.answers["GET", "/_strangler/login"] = 204


class _Handler(BaseHTTPRequestHandler):
    side: OtherSide
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement

    def setup(self):
        super().setup()
        self.side.connections.add(self.connection)

    def finish(self):
        self.side.connections.discard(self.connection)
        super().finish()

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        document = json.loads(body) if body else None
        self.side.asked.append((self.command, self.path, dict(self.headers), document))
        answer = self.side.answers.get((self.command, self.path), 404)
        answer = answer(self.headers, document) if callable(answer) else answer
        status, content = (answer, b"") if isinstance(answer, int) else (200, json.dumps(answer).encode())
        self.send_response(status)
        if content:
            self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def log_message(self, *_):
        pass
