"""An SMTP server that misbehaves on demand, on a real socket, with a ledger of every mail it took.

with FakeSMTP() as server:
    server.next(Behaviour(drop_at=Phase.REPLY))      # the next connection takes the mail and vanishes
    ...
    assert [mail.message_id for mail in server.taken] == [...]
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import socket
import socketserver
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self


class Phase(StrEnum):
    """Where in the conversation something happens; each before the server's reply."""

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # the command, before the content
    CONTENT = "content"  # in the middle of it
    REPLY = "reply"  # after the final dot
    QUIT = "quit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What the server does in one connection.

    Args:
        replies: phase → reply, instead of the friendly one.
        recipients: address → reply to its RCPT.
        drop_at: hang up there.
        takes: put the mail in the ledger even if it hangs up at REPLY.
        wait_at: be silent there for *seconds* first.
    """

    replies: Mapping[Phase, str] = field(default_factory=dict)
    recipients: Mapping[str, str] = field(default_factory=dict)
    drop_at: Phase | None = None
    takes: bool = True
    wait_at: Phase | None = None
    seconds: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A mail that the server has; *acknowledged* tells whether it said so at once."""

    message_id: str
    recipients: tuple[str, ...]
    peer: str
    content: bytes
    acknowledged: bool

    @property
    def mail(self) -> email.message.EmailMessage:
        """Return the mail, parsed."""
        return email.message_from_bytes(self.content, policy=email.policy.default)


class FakeSMTP:
    """The server; `start` and `stop` as often as wanted, the port stays."""

    def __init__(self, *, host: str = "127.0.0.1", default: Behaviour | None = None) -> None:
        self.host = host
        self.default = default or Behaviour()
        self.taken: list[Taken] = []
        self.connections = 0
        self.lock = threading.Lock()
        self._script: deque[Behaviour] = deque()
        self._server: _Server | None = None
        with socket.socket() as probe:
            probe.bind((host, 0))
            self.port: int = probe.getsockname()[1]

    @property
    def url(self) -> str:
        """Return what EMAIL_URL takes."""
        return f"smtp://{self.host}:{self.port}"

    def next(self, *behaviours: Behaviour) -> None:
        """Behave so in the next connections, one after the other; then as usual."""
        with self.lock:
            self._script.extend(behaviours)

    def behaviour(self) -> Behaviour:
        """Return what the connection that begins now gets."""
        with self.lock:
            self.connections += 1
            return self._script.popleft() if self._script else self.default

    def start(self) -> Self:
        """Listen."""
        self._server = _Server((self.host, self.port), _Conversation)
        self._server.fake = self
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening: connections are refused."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    fake: FakeSMTP


class _HungUp(Exception):
    """The conversation ends here."""


class _Conversation(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.behaviour = self.server.fake.behaviour()
        self.recipients: list[str] = []
        with contextlib.suppress(_HungUp, ConnectionError):
            self.say(Phase.CONNECT, "220 fake ready")
            while line := self.rfile.readline():
                self.answer(line.decode().rstrip())

    def answer(self, line: str) -> None:
        command = line.split(":", maxsplit=1)[0].split(" ", maxsplit=1)[0].upper()
        if command == "EHLO":
            self.send("250-fake\r\n250-SIZE 50000000\r\n250 SMTPUTF8")
        elif command == "MAIL":
            self.recipients = []
            self.say(Phase.MAIL, "250 ok")
        elif command == "RCPT":
            self.recipient(line.partition("<")[2].partition(">")[0])
        elif command == "DATA":
            self.data()
        elif command == "QUIT":
            self.say(Phase.QUIT, "221 bye")
            raise _HungUp
        else:
            self.send("250 ok")

    def recipient(self, address: str) -> None:
        reply = self.behaviour.recipients.get(address, "250 ok")
        sent = self.say(Phase.RCPT, reply)
        if sent.startswith("25"):
            self.recipients.append(address)

    def data(self) -> None:
        if not self.say(Phase.DATA, "354 go ahead").startswith("354"):
            return
        if self.behaviour.drop_at == Phase.CONTENT:
            self.rfile.read(10)
            self.hang_up()
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise _HungUp
            lines.append(line[1:] if line.startswith(b".") else line)
        self.end(b"".join(lines))

    def end(self, content: bytes) -> None:
        final = self.behaviour.replies.get(Phase.REPLY, "250 taken")
        drops = self.behaviour.drop_at == Phase.REPLY
        if final.startswith("250") and (self.behaviour.takes or not drops):
            hesitates = self.behaviour.wait_at == Phase.REPLY
            self.take(content, acknowledged=not drops and not hesitates)
        self.say(Phase.REPLY, "250 taken")

    def take(self, content: bytes, *, acknowledged: bool) -> None:
        parsed = email.message_from_bytes(content, policy=email.policy.default)
        taken = Taken(
            message_id=str(parsed["Message-ID"]).strip(),
            recipients=tuple(self.recipients),
            peer=self.client_address[0],
            content=content,
            acknowledged=acknowledged,
        )
        with self.server.fake.lock:
            self.server.fake.taken.append(taken)

    def say(self, phase: Phase, friendly: str) -> str:
        if self.behaviour.wait_at == phase:
            time.sleep(self.behaviour.seconds)
        if self.behaviour.drop_at == phase:
            self.hang_up()
        reply = self.behaviour.replies.get(phase, friendly)
        self.send(reply)
        return reply

    def send(self, reply: str) -> None:
        self.wfile.write(reply.encode() + b"\r\n")

    def hang_up(self) -> None:
        self.request.close()
        raise _HungUp
