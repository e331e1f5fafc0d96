"""Catch mail instead of sending it: `python run_smtp.py --port 1025 --directory var/mail`.

Each message becomes one `.eml` file, complete or not there, and one line on standard output; file names sort by
time. Exit 0 after SIGTERM or SIGINT, 1 if the port can't be listened on.
"""

import argparse
import asyncio
import email
import email.policy
import os
import signal
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST_MESSAGE_BYTES = 50_000_000


class Catcher:
    """An aiosmtpd handler that accepts every message and writes it to *directory*."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._numbers = count(1)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message, then acknowledge it."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}-{next(self._numbers)}.eml"
        partial = self._directory / f".{name}.part"
        partial.write_bytes(content)
        partial.rename(self._directory / name)  # a reader never sees half a message
        message = email.message_from_bytes(content, policy=email.policy.default)
        recipients = ", ".join(envelope.rcpt_tos)
        print(f"{envelope.mail_from} -> {recipients}: {message['Subject'] or '(no subject)'}")  # noqa: T201
        return "250 Message accepted for delivery"


async def serve(port: int, directory: Path) -> int:
    """Accept mail until a signal comes."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    catcher = Catcher(directory)
    try:
        server = await loop.create_server(
            lambda: SMTP(catcher, data_size_limit=LARGEST_MESSAGE_BYTES, enable_SMTPUTF8=True),
            host="127.0.0.1",
            port=port,
        )
    except OSError as error:
        print(f"The mail catcher can't listen on port {port}: {error.strerror}.")  # noqa: T201
        return 1
    print(f"ready to accept mail on port {port}; it goes to {directory}")  # noqa: T201
    await stop.wait()
    server.close()
    return 0


def main() -> int:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--directory", type=Path, required=True)
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    return asyncio.run(serve(options.port, options.directory))


if __name__ == "__main__":
    sys.exit(main())
