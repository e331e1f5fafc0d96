"""Register customers at a steady rate in one process of the shop: `python -m … PREFIX RATE STOP-FILE`.

The work behind the form and nothing of HTTP, so that two processes of a small machine keep up with 200 a second. Prints
at the end whom it registered, one a line; whoever could not be registered got no account and is not printed.
"""

from __future__ import annotations

import itertools
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402

from monolith.accounts.models import Profile  # noqa: E402
from monolith.accounts.registration import register  # noqa: E402

THREADS = 6


class QuickForm:
    """A form that was checked already: it only saves, as the form of the shop does."""

    def __init__(self, name: str) -> None:
        self.name = name

    def save(self) -> User:
        """Make the account."""
        return User.objects.create(username=self.name, email=f"{self.name}@example.org", password="!")


def register_many(prefix: str, thread: int, *, rate: float, stop: Path) -> list[str]:
    """Register one customer after the other until *stop* exists."""
    done = []
    begin = time.monotonic()
    for number in itertools.count():
        time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        if stop.exists():
            break
        done.append(register(QuickForm(f"{prefix}{thread}-{number}")).email)
    connection.close()
    return done


def main(prefix: str, rate: float, stop: Path) -> None:
    """Register from several threads and print everybody's address."""
    assert not Profile.objects.filter(user__username__startswith=prefix).exists()
    with ThreadPoolExecutor(THREADS) as pool:
        running = [
            pool.submit(register_many, prefix, thread, rate=rate / THREADS, stop=stop)
            for thread in range(THREADS)
        ]
    sys.stdout.write("\n".join(itertools.chain(*(each.result() for each in running))))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]))
