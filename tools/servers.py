"""Install the servers that the tests need, or the named ones, where that is possible; say what is left out.

Run by the Makefile with any Python 3.11+: standard library only. Installs with apt-get as root on Debian and Ubuntu;
elsewhere it names the missing servers, and with CI=true it fails. The daemons are never started: the tests
start private copies on free ports.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.servers.catalogue import Server, missing

POLICY = Path("/usr/sbin/policy-rc.d")


def main(*names: str) -> int:
    """Install what is missing; return 1 if something still is and CI demands it."""
    lacking = missing(*names)
    if lacking and can_install():
        install(lacking)
        lacking = missing(*names)
    if not lacking:
        return 0
    for server in lacking:
        packages = " ".join(server.packages)
        print(
            f"servers: {server.name} is missing, what needs it is left out (Debian: apt-get install {packages})"
        )
    return 1 if os.environ.get("CI") == "true" else 0


def can_install() -> bool:
    """Return whether apt-get can be used: root on Debian or Ubuntu."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(servers: list[Server]) -> None:
    """Install the packages of *servers* without starting their daemons."""
    packages = [package for server in servers for package in server.packages]
    print(f"servers: installing {' '.join(packages)} with apt-get …", flush=True)
    started = time.monotonic()
    with daemons_stay_down():
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
            run_apt(arguments)
    print(f"servers: done in {time.monotonic() - started:.0f} s", flush=True)


def run_apt(arguments: list[str]) -> None:
    """Run apt-get quietly and show its output only if it fails."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(
        ["apt-get", "-qq", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode:
        print(f"servers: apt-get {arguments[0]} failed:\n{result.stdout}{result.stderr}", flush=True)


@contextlib.contextmanager
def daemons_stay_down() -> Iterator[None]:
    """Keep Debian from starting freshly installed daemons, and leave no trace of that."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
