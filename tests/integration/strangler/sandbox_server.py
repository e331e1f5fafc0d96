"""A side that captures are replayed to: answers as a sandbox does, hangs, lies, or is down, as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from strangler.core.decision import Side
from strangler.core.observation import Effects, Observation, Operation, RowWrite
from strangler.tokens import SANDBOX_HEADER, SHADOW_HEADER, read_shadow, sign_sandbox

ENVELOPE = "application/vnd.strangler.observation+json"


@dataclass
class Asked:
    """One request as the side got it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    capture: str


def effects(**values: Any) -> Effects:
    """Return one written row with *values*."""
    return Effects(rows=(RowWrite(table="orders", operation=Operation.INSERT, values=values),))


@dataclass
class SandboxServer:
    """The side; change its attributes to change what it does.

    Args:
        audience: whose name it signs with.
        body: what it answers, made from what it was asked.
        probe: `sign`, `plain` (no header), `lie` (for another capture).
        replay: `sign`, `plain`, `lie`, `hang`, `drip`, `garbage`, `error`.
    """

    audience: str
    body: Callable[[Asked], Any] = lambda _asked: {"total": 7}
    effects: Effects | None = None
    probe: str = "sign"
    replay: str = "sign"
    probes: int = 0
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"side": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def close(self) -> None:
        """Let go who hangs, and refuse connections from now on."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers for the side that its server was made for."""

    side: SandboxServer

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # who asked has given up
            self.close_connection = True

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        value = self.headers.get(SHADOW_HEADER, "")
        capture = read_shadow(value, audience=self.side.audience) if value else ""
        asked = Asked(self.command, self.path, dict(self.headers), self.rfile.read(length), capture)
        if self.path == "/health/sandbox" and self.command == "GET":
            self.side.probes += 1
            return self._answer(b"{}", headers=self._word(self.side.probe, capture))
        self.side.asked.append(asked)
        return getattr(self, f"_do_{self.side.replay}")(asked)

    do_POST = do_GET  # noqa: N815 - as http.server wants it

    def _do_sign(self, asked: Asked) -> None:
        self._envelope(asked, headers=self._word("sign", asked.capture))

    def _do_lie(self, asked: Asked) -> None:
        self._envelope(asked, headers=self._word("lie", asked.capture))

    def _do_plain(self, asked: Asked) -> None:
        self._answer(json.dumps(self.side.body(asked)).encode())

    def _do_garbage(self, asked: Asked) -> None:
        self._answer(b"[1, 2", headers=self._word("sign", asked.capture))

    def _do_error(self, asked: Asked) -> None:
        self._answer(b"oh no", status=500, headers=self._word("sign", asked.capture))

    def _do_hang(self, _asked: Asked) -> None:
        self.side.released.wait(60)
        self.close_connection = True

    def _do_drip(self, _asked: Asked) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not self.side.released.wait(0.05):
            self.wfile.write(b"x")
        self.close_connection = True

    def _word(self, how: str, capture: str) -> dict[str, str]:
        if how == "plain":
            return {}
        said = capture if how == "sign" else "another"
        return {SANDBOX_HEADER: sign_sandbox(said, audience=self.side.audience)}

    def _envelope(self, asked: Asked, *, headers: dict[str, str]) -> None:
        body = json.dumps(self.side.body(asked)).encode()
        seen = Observation(
            side=Side.SERVICE,
            status=200,
            headers=(("Content-Type", "application/json"),),
            body=body,
            effects=self.side.effects,
        )
        self._answer(json.dumps(seen.to_json()).encode(), headers={"Content-Type": ENVELOPE, **headers})

    def _answer(self, body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
