"""Servers that replicate: a MariaDB or PostgreSQL that follows another one, and can be held back."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import MySQLdb
import psycopg

from tests.servers.processes import HOST, MariaDB, PostgreSQL

if TYPE_CHECKING:
    pass

PATIENCE_SECONDS = 60


class ReplicatingMariaDB(MariaDB):
    """A MariaDB with a binary log, which follows another one by GTID after `follow`."""

    def __init__(self, number: int, *, like: ReplicatingMariaDB | None = None) -> None:
        """Choose the server's id; system tables are copied from *like*, which must not run yet, if there is one."""
        super().__init__()
        self.number = number
        self._like = like

    def prepare(self) -> None:
        """Make the system tables, or copy them, which is ten times as fast."""
        if self._like is None:
            super().prepare()
        else:
            shutil.copytree(self._like.data, self.data)

    def command(self) -> list[str]:
        """Return mariadbd with a binary log."""
        options = [option for option in super().command() if option != "--skip-log-bin"]
        log = [f"--log-bin={self.folder / 'log-bin'}", "--sync-binlog=0", "--binlog-format=ROW"]
        return [*options, *log, f"--server-id={self.number}", "--log-slave-updates", "--relay-log=relay"]

    def execute(self, sql: str) -> tuple[object, ...] | None:
        """Execute a statement as root and return the first row."""
        with contextlib.closing(MySQLdb.connect(host=HOST, port=self.port, user="root")) as connection:
            connection.autocommit(True)
            cursor = connection.cursor()
            cursor.execute(sql)
            return cursor.fetchone() if cursor.description else None

    def follow(self, primary: ReplicatingMariaDB) -> None:
        """Replicate from *primary*, from its first transaction on."""
        self.execute(
            f"CHANGE MASTER TO MASTER_HOST='{HOST}', MASTER_PORT={primary.port}, MASTER_USER='root', "
            "MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1"
        )
        self.execute("START SLAVE")

    def hold_back(self) -> None:
        """Apply nothing more, until `catch_up`."""
        self.execute("STOP SLAVE SQL_THREAD")

    def catch_up(self, primary: ReplicatingMariaDB) -> None:
        """Go on, and return when everything is applied that *primary* has now."""
        self.execute("START SLAVE SQL_THREAD")
        (position,) = primary.execute("SELECT @@gtid_binlog_pos") or ("",)
        waited = self.execute(f"SELECT MASTER_GTID_WAIT('{position}', {PATIENCE_SECONDS})")
        assert waited == (0,), f"{position} was not reached: {self.last_words()}"


class StandbyPostgreSQL(PostgreSQL):
    """A PostgreSQL that streams from *primary*, which must be running."""

    def __init__(self, primary: PostgreSQL) -> None:
        """Choose a folder; nothing is copied yet."""
        super().__init__()
        self._primary = primary

    def prepare(self) -> None:
        """Copy the primary as it is, with the settings that make a standby."""
        shutil.chown(self.folder, "postgres", "postgres")
        command = [self.program("pg_basebackup"), f"--host={HOST}", f"--port={self._primary.port}"]
        command += ["--username=postgres", f"--pgdata={self.folder / 'data'}", "--write-recovery-conf"]
        command += ["--checkpoint=fast", "--no-sync"]
        subprocess.run(self.as_user(command), check=True, capture_output=True, cwd=self.folder)

    def execute(self, sql: str) -> None:
        """Execute a statement."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql)

    def hold_back(self) -> None:
        """Apply nothing more, until `catch_up`; returns when that is so."""
        self.execute("SELECT pg_wal_replay_pause()")
        self._wait_for("SELECT pg_get_wal_replay_pause_state() = 'paused'")

    def catch_up(self) -> None:
        """Go on, and return when everything is applied that the primary has now."""
        with psycopg.connect(self._primary.url) as connection:
            (position,) = connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone()
        self.execute("SELECT pg_wal_replay_resume()")
        self._wait_for(f"SELECT pg_last_wal_replay_lsn() >= '{position}'")

    def _wait_for(self, question: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        with psycopg.connect(self.url, autocommit=True) as connection:
            while connection.execute(question).fetchone() != (True,):
                assert time.monotonic() < deadline, f"{question} did not become true"
                time.sleep(0.01)
