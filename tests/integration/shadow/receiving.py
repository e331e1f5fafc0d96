"""The ear of a shadow worker, without the rest of it, for sites whose captures a test wants to see: `python -m` it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import django

from strangler.forking import popen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def receiving(environment: Mapping[str, str]) -> Iterator[None]:
    """Take the captures of the site with this environment, in a process of its own."""
    command = [sys.executable, "-m", "tests.integration.shadow.receiving"]
    process = popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout.readline(), "it did not start"
        yield
    finally:
        process.kill()
        process.communicate()


def main() -> None:
    """Receive until standard input ends."""
    django.setup()
    from strangler.shadow import receiver  # noqa: PLC0415 - models exist only now

    receiver.Receiver().start()
    sys.stdout.write("receiving\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
