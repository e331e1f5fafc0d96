"""What the mail catcher has: one `.eml` file for each mail that was sent, whoever sent it."""

import email
import email.policy
import time
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import cast

PATIENCE = timedelta(seconds=10)
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mails of everybody, in *folder*."""

    folder: Path

    def mails(self, *, to: str) -> list[EmailMessage]:
        """Return all mails to the address *to*, oldest first."""
        return [mail for mail in map(_read, sorted(self.folder.glob("*.eml"))) if to in str(mail["To"])]

    def wait_for(self, *, to: str, patience: timedelta = PATIENCE) -> EmailMessage | None:
        """Return the newest mail to *to*, waiting for one; None if none came."""
        deadline = time.monotonic() + patience.total_seconds()
        while time.monotonic() < deadline:
            if mails := self.mails(to=to):
                return mails[-1]
            time.sleep(POLL_SECONDS)
        return None


def _read(file: Path) -> EmailMessage:
    return cast("EmailMessage", email.message_from_bytes(file.read_bytes(), policy=email.policy.default))
