"""Name every server and program from outside that the tests can use, where its program is, and which Debian packages bring it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

# Daemons live outside the PATH of ordinary users.
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One thing the tests need from the system.

    Attributes:
        name: what tests call it, as in ``require_server("mariadb")``.
        programs: all of them must be found.
        packages: Debian packages that bring them.
        folders: glob patterns below the root, searched before the PATH.
    """

    name: str
    programs: tuple[str, ...]
    packages: tuple[str, ...]
    folders: tuple[str, ...] = ()

    def find(self, program: str) -> Path | None:
        """Return the path of *program*, the newest version if there are several, or None."""
        candidates = [
            path for folder in self.folders for path in sorted(Path("/").glob(f"{folder}/{program}"))
        ]
        found = candidates[-1] if candidates else shutil.which(program, path=SEARCH_PATH)
        return Path(found) if found else None

    def is_present(self) -> bool:
        """Return whether every program was found."""
        return all(self.find(program) for program in self.programs)


class ClientLibrary(Server):
    """Headers that mysqlclient compiles against; found by pkg-config instead of on the PATH."""

    __slots__ = ()

    def is_present(self) -> bool:
        """Return whether a C extension can be compiled against libmariadb with this Python."""
        has_tools = all(self.find(program) for program in self.programs)
        has_python_headers = Path(sysconfig.get_path("include"), "Python.h").exists()
        return has_tools and has_python_headers and pkg_config_knows("libmariadb", "mysqlclient")


def pkg_config_knows(*names: str) -> bool:
    """Return whether pkg-config finds one of the C libraries *names*."""
    return any(
        subprocess.run(["pkg-config", "--exists", name], check=False).returncode == 0 for name in names
    )


SERVERS = {
    server.name: server
    for server in (
        Server(
            name="mariadb",
            programs=("mariadbd", "mariadb-install-db"),
            packages=("mariadb-server",),
        ),
        ClientLibrary(
            name="mysqlclient",
            programs=("gcc", "pkg-config"),
            packages=("gcc", "pkg-config", "libmariadb-dev", "python3-dev"),
        ),
        Server(
            name="postgres",
            programs=("initdb", "postgres"),
            packages=("postgresql",),
            folders=("usr/lib/postgresql/*/bin",),
        ),
        Server(name="redis", programs=("redis-server",), packages=("redis-server",)),
        Server(
            name="rabbitmq",
            programs=("rabbitmq-server", "rabbitmqctl"),
            packages=("rabbitmq-server",),
            folders=("usr/lib/rabbitmq/bin",),
        ),
        Server(name="nginx", programs=("nginx",), packages=("nginx-light",)),
        Server(name="haproxy", programs=("haproxy",), packages=("haproxy",)),
        Server(name="chromium", programs=("chromium",), packages=("chromium",)),
        Server(name="curl", programs=("curl",), packages=("curl",)),
    )
}

# What only the benchmarks use.
TOOLS = {
    "wrk": Server(name="wrk", programs=("wrk",), packages=("wrk",)),
    "percona-toolkit": Server(
        name="percona-toolkit", programs=("pt-table-sync",), packages=("percona-toolkit",)
    ),
}


def missing(*names: str) -> list[Server]:
    """Return which of *names* this machine lacks, in the given order; without names, of all servers."""
    known = {**SERVERS, **TOOLS}
    return [known[name] for name in names or SERVERS if not known[name].is_present()]
