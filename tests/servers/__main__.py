"""Run a command against private servers: ``python -m tests.servers mariadb rabbitmq -- COMMAND``.

The command finds a database per project in ``DATABASE_URL`` and ``<SERVICE>_DATABASE_URL``, and a broker in
``BROKER_URL``. The servers and their data are gone when it ends.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.servers.catalogue import SERVERS
from tests.servers.processes import BROKERS, DATABASES

TOPOLOGY = Path(__file__).resolve().parents[2] / "strangler.toml"


def main(arguments: list[str]) -> int:
    """Start the named servers, run the command, stop them; return the command's exit status."""
    if "--" not in arguments or not set(arguments[: arguments.index("--")]) <= {*DATABASES, *BROKERS}:
        print(
            f"usage: python -m tests.servers {'|'.join([*DATABASES, *BROKERS])} … -- COMMAND", file=sys.stderr
        )
        return 2
    split = arguments.index("--")
    names, command = arguments[:split], arguments[split + 1 :]
    lacking = [name for name in names if name in SERVERS and not SERVERS[name].is_present()]
    if "mariadb" in names and not SERVERS["mysqlclient"].is_present():
        lacking.append("mysqlclient")
    if lacking:
        print(f"left out, not installed: {', '.join(lacking)}")
        return 1 if os.environ.get("CI") == "true" else 0
    with contextlib.ExitStack() as stack:
        environment = {**os.environ, **start(names, stack)}
        return subprocess.run(command, env=environment, check=False).returncode


def start(names: list[str], stack: contextlib.ExitStack) -> dict[str, str]:
    """Start servers for the life of *stack* and return the variables that point to them."""
    environment = {}
    for name in names:
        if name in BROKERS:
            environment["BROKER_URL"] = stack.enter_context(BROKERS[name]()).url
        else:
            server = stack.enter_context(DATABASES[name]())
            environment["DATABASE_URL"] = server.create_database("monolith")
            for service in tomllib.loads(TOPOLOGY.read_text()).get("services", {}):
                environment[f"{service.upper()}_DATABASE_URL"] = server.create_database(service)
    return environment


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
