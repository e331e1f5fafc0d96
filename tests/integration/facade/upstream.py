"""A service that behaves as badly as it is told to, on raw sockets.

The last part of the path says what it does: `/…/echo`, `/…/hang`, `/…/status-503`. It remembers every request.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

SAID = {
    "accept": [("Vary", "Accept")],
    "cookie": [("Vary", "Accept, cookie")],
    "anything": [("Vary", "*")],
    "public": [("Cache-Control", "public, max-age=60")],
    "private": [("Cache-Control", "private")],
    "both": [("Vary", "Accept"), ("Cache-Control", "max-age=60, Public")],
}


@dataclass
class Seen:
    """One request as the service got it."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body_length: int
    sha256: str
    connection: int

    def all(self, name: str) -> list[str]:
        """Return all values of a field."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name: str) -> str | None:
        """Return the only value of a field, or None."""
        values = self.all(name)
        assert len(values) < 2, f"{name} came {len(values)} times"
        return values[0] if values else None


@dataclass
class Upstream:
    """The service; `behaviours` in a subclass-free way: methods named `do_<word>`."""

    seen: list[Seen] = field(default_factory=list)
    hung_up: int = 0
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self) -> None:
        """Forget what was seen."""
        self.seen.clear()
        self.hung_up = 0

    def wait_for_hang_up(self) -> None:
        """Return when somebody has gone away; a site may do so after the client has its answer."""
        until = time.monotonic() + 5
        while not self.hung_up:
            assert time.monotonic() < until, "nobody has hung up"
            time.sleep(0.01)

    @property
    def last(self) -> Seen:
        return self.seen[-1]

    def close(self) -> None:
        """Refuse connections from now on, and drop those that are open."""
        self._listener.close()
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client, self.connections), daemon=True).start()

    def _serve(self, client: socket.socket, number: int) -> None:
        self._open.add(client)
        try:
            with client, client.makefile("rb") as reader:
                while self._serve_one(client, reader, number):
                    pass
        except (OSError, ValueError):  # a ValueError: a chunked body that stopped
            self.hung_up += 1
        finally:
            self._open.discard(client)

    def _serve_one(self, client, reader, number: int) -> bool:
        line = reader.readline().decode("latin-1").split()
        if not line:
            return False
        method, target, _ = line
        headers = []
        while (raw := reader.readline()) not in (b"\r\n", b""):
            name, _, value = raw.decode("latin-1").rstrip("\r\n").partition(":")
            headers.append((name, value.strip()))
        word = target.partition("?")[0].rstrip("/").rpartition("/")[2].replace("-", "_")
        before = getattr(self, f"before_{word}", None)
        if before is not None:
            return before(client, method)
        length, digest = self._read_body(reader, {name.lower(): value for name, value in headers})
        self.seen.append(Seen(method, target, headers, length, digest, number))
        action, _, argument = word.partition("_")
        do = getattr(self, f"do_{word}", None) or getattr(self, f"do_{action}", self.do_echo)
        return do(client, method, argument)

    def _read_body(self, reader, headers):
        digest, length = hashlib.sha256(), 0
        if headers.get("transfer-encoding") == "chunked":
            while size := int(reader.readline() or b"x", 16):
                piece = reader.read(size)
                digest.update(piece)
                length += size
                reader.readline()
            reader.readline()
            return length, digest.hexdigest()
        rest = int(headers.get("content-length", 0))
        while rest:
            piece = reader.read(min(rest, 65536))
            if not piece:
                raise OSError("the facade hung up in the middle of a body")
            digest.update(piece)
            length += len(piece)
            rest -= len(piece)
        return length, digest.hexdigest()

    # What it can be told to do. True keeps the connection.

    def answer(self, client, status="200 OK", body=b"", headers=(), method="GET") -> bool:
        head = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        if not any(name.lower() in {"content-length", "transfer-encoding"} for name, _ in headers):
            head.append(f"Content-Length: {len(body)}")
        client.sendall("\r\n".join([*head, "", ""]).encode("latin-1") + (b"" if method == "HEAD" else body))
        return True

    def do_echo(self, client, method, _argument) -> bool:
        seen = self.last
        body = json.dumps(
            {"side": "service", "length": seen.body_length, "sha256": seen.sha256, "target": seen.target}
        ).encode()
        return self.answer(client, body=body, headers=[("Content-Type", "application/json")], method=method)

    def do_status(self, client, method, argument) -> bool:
        return self.answer(client, f"{argument} Told So", f"service says {argument}".encode(), method=method)

    def do_moved(self, client, method, _argument) -> bool:
        headers = [("Strangler-Moved", "monolith"), ("Retry-After", "1")]
        return self.answer(client, "503 Moved", b"moved", headers=headers, method=method)

    def do_hang(self, client, _method, _argument) -> bool:
        client.recv(1)  # until the other side gives up
        self.hung_up += 1
        return False

    def do_reset(self, client, _method, _argument) -> bool:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def do_close(self, _client, _method, _argument) -> bool:
        return False

    def do_garbage(self, client, _method, _argument) -> bool:
        client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        return False

    def do_headdrip(self, client, _method, _argument) -> bool:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 100:
            client.sendall(bytes([byte]))
            time.sleep(0.2)
        return False

    def do_drip(self, client, _method, _argument) -> bool:
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(5):
            client.sendall(b"2\r\n%d\n\r\n" % number)
            time.sleep(0.3)
        client.sendall(b"0\r\n\r\n")
        return True

    def do_stall(self, client, _method, _argument) -> bool:
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        return self.do_hang(client, _method, _argument)

    def do_cut_short(self, client, _method, _argument) -> bool:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 100_000)
        return False

    def do_cut_small(self, client, _method, _argument) -> bool:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 10)
        return False

    def do_cut_head(self, client, _method, _argument) -> bool:
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        return False

    def do_cut_chunk(self, client, _method, _argument) -> bool:
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhello")
        return False

    def do_large(self, client, _method, argument) -> bool:
        size = int(argument) * 1_000_000
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        piece = b"0123456789abcdef" * 4096
        while size > 0:
            client.sendall(piece[:size])
            size -= len(piece)
        return True

    def do_endless(self, client, _method, _argument) -> bool:
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            client.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")
            time.sleep(0.01)

    def do_until_close(self, client, _method, _argument) -> bool:
        client.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold style")
        return False

    def do_interim(self, client, _method, _argument) -> bool:
        client.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")
        return self.answer(client, body=b"after the hints")

    def do_nothing(self, client, _method, _argument) -> bool:
        client.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        return True

    def do_unchanged(self, client, _method, _argument) -> bool:
        client.sendall(b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n')
        return True

    def do_rich(self, client, method, _argument) -> bool:
        headers = [
            ("Set-Cookie", "a=1; Path=/"),
            ("Set-Cookie", "b=2; Path=/"),
            ("Location", f"{self.url}/photos/7?x=1"),
            ("Content-Encoding", "gzip"),
            ("Connection", "keep-alive, X-Internal"),
            ("X-Internal", "secret"),
            ("Keep-Alive", "timeout=5"),
            ("Strangler-Side", "forged"),
            ("X-Kept", "yes"),
        ]
        return self.answer(client, "201 Made Just Now", b"\x1f\x8b not really gzip", headers, method)

    def do_says(self, client, _method, argument) -> bool:
        return self.answer(client, body=b"so", headers=SAID[argument])

    def before_early(self, client, _method) -> bool:
        self.answer(client, "413 Content Too Large", b"no thank you", [("Connection", "close")])
        time.sleep(0.3)
        return False

    def before_early_reset(self, client, _method) -> bool:
        received = 0
        while received < 10_000_000:
            received += len(client.recv(65536))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
