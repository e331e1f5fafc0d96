"""Measure the verifier of moves against pt-table-sync and reladiff: two MariaDB servers, one table of a million rows.

``python -m tests.bench.move_verify [--rows N] [--rounds N] [--only pt reladiff]``; needs MariaDB, and pt-table-sync of
Debian's percona-toolkit for `pt`. Each prints one JSON line.

- ``move.verify.pt``: seconds to find and name 2,000 differences; goal 1.0 times `pt-table-sync --print`.
- ``move.verify.reladiff``: the same; goal 1.5 times `reladiff`.

The table is Django's `auth_user`. Half of the differences are an update of neighbours (a day's log-ins shifted by an hour), the
others are strewn over the table; two are flipped flags, one row is missing and one too many. What a peer found is in
``peer_found``: the XOR of CRC32 cancels equal changes in an even number of rows.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import django
from django.conf import settings
from django.db import connections

from strangler.conf import database_from_url
from tests.bench._harness import Figure, compare, measure_alternating, report
from tests.servers.catalogue import missing
from tests.servers.processes import MariaDB

TABLE = "auth_user"
DIFFERENCES = 2_000
COLUMNS = """
    id int NOT NULL AUTO_INCREMENT PRIMARY KEY, password varchar(128) NOT NULL, last_login datetime(6) NULL,
    is_superuser tinyint(1) NOT NULL, username varchar(150) NOT NULL UNIQUE, first_name varchar(150) NOT NULL,
    last_name varchar(150) NOT NULL, email varchar(254) NOT NULL, is_staff tinyint(1) NOT NULL,
    is_active tinyint(1) NOT NULL, date_joined datetime(6) NOT NULL"""
FILL = """
    INSERT INTO auth_user SELECT seq, CONCAT('pbkdf2_sha256$870000$', MD5(seq), MD5(seq + 1)),
    IF(seq % 3, '2024-01-01' + INTERVAL seq * 1000003 MICROSECOND, NULL), seq % 97 = 0, CONCAT('user', seq),
    CONCAT('First', seq % 1000), CONCAT('Lást', seq % 5000), CONCAT('user', seq, '@example.org'), seq % 50 = 0,
    seq % 10 > 0, '2020-01-01' + INTERVAL seq * 77777777 MICROSECOND FROM {sequence}"""


def main() -> int:
    """Run the chosen measurements and print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=list(PEERS), default=list(PEERS))
    options = parser.parse_args()
    chosen = [name for name in options.only if name != "pt" or not missing("percona-toolkit")]
    with MariaDB() as source, MariaDB() as target:
        open_databases(source=source.create_database("bench"), target=target.create_database("bench"))
        for side in ("source", "target"):
            fill(side, options.rows)
        change(options.rows)
        return report(*measure((source, target), chosen, options.rounds))


def measure(servers: tuple[MariaDB, MariaDB], chosen: list[str], rounds: int) -> list[Figure]:
    """Take turns, and compare ours with each of the *chosen* peers."""
    found: dict[str, int] = {}
    sides: dict[str, Callable[[], float]] = {"ours": partial(timed, ours, "ours", found)}
    sides |= {name: partial(timed, partial(PEERS[name], *servers), name, found) for name in chosen}
    values = measure_alternating(sides, rounds=rounds)
    if found["ours"] != DIFFERENCES:
        sys.stderr.write(f"move.verify: found {found['ours']} of {DIFFERENCES} differences\n")
    return [
        compare(
            f"move.verify.{name}",
            ours=values["ours"],
            peer=values[name],
            unit="s",
            goal=GOALS[name] if found["ours"] == DIFFERENCES else float("inf"),
            details={"differences": DIFFERENCES, "found": found["ours"], "peer_found": found[name]},
        )
        for name in chosen
    ]


def timed(work: Callable[[], int], name: str, found: dict[str, int]) -> float:
    """Do *work*, note how many differences it *found*, and return the seconds that it took."""
    began = time.perf_counter()
    found[name] = work()
    return time.perf_counter() - began


def ours() -> int:
    """Verify, and return how many rows differ."""
    from strangler.move.verifying import verify  # noqa: PLC0415 - after the settings

    return verify("source", "target", {TABLE: TABLE}).differences


def pt_table_sync(source: MariaDB, target: MariaDB) -> int:
    """Let pt-table-sync print its statements, and return how many there are."""
    places = [f"h=127.0.0.1,P={server.port},u=root,D=bench,t={TABLE}" for server in (source, target)]
    done = subprocess.run(
        ["pt-table-sync", "--print", "--charset", "utf8mb4", "--no-check-triggers", *places],
        stdout=subprocess.PIPE,
        check=False,  # its status is 2 where something differs
    )
    return sum(
        line.startswith((b"REPLACE", b"INSERT", b"DELETE", b"UPDATE")) for line in done.stdout.splitlines()
    )


def reladiff(source: MariaDB, target: MariaDB) -> int:
    """Let reladiff name the rows, and return how many there are."""
    places = [
        part
        for server in (source, target)
        for part in (f"mysql://root:@127.0.0.1:{server.port}/bench", TABLE)
    ]
    program = "from reladiff.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *places, "-k", "id", "-c", "%", "--json"],
        capture_output=True,  # it warns of every text column
        text=True,
        check=True,
    )
    return len({line.split(",")[1] for line in done.stdout.splitlines() if line.startswith("[")})


PEERS = {"pt": pt_table_sync, "reladiff": reladiff}
GOALS = {"pt": 1.0, "reladiff": 1.5}


def open_databases(**urls: str) -> None:
    """Configure Django with one database per side."""
    databases = {alias: database_from_url(url) for alias, url in urls.items()}
    settings.configure(
        DATABASES={"default": {}, **databases},
        INSTALLED_APPS=["strangler.rollout", "strangler.isolation", "strangler.move"],
        USE_TZ=True,
    )
    django.setup()


def execute(side: str, *statements: str) -> None:
    """Run *statements* on one side."""
    with connections[side].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def fill(side: str, rows: int) -> None:
    """Make the table and its rows; the same on both sides."""
    execute(side, f"CREATE TABLE {TABLE} ({COLUMNS})", FILL.format(sequence=f"seq_1_to_{rows}"))
    execute(side, f"ANALYZE TABLE {TABLE}")


def change(rows: int) -> None:
    """Make `DIFFERENCES` rows of the target differ."""
    together, strewn = DIFFERENCES // 2, DIFFERENCES // 2 - 4
    first, step = rows // 3, rows // (2 * strewn)
    execute(
        "target",
        f"UPDATE {TABLE} SET date_joined = date_joined + INTERVAL 1 HOUR WHERE id BETWEEN {first} AND {first + together - 1}",
        f"UPDATE {TABLE} SET email = CONCAT('x', email) WHERE id > {rows // 2} AND id % {step} = 0 LIMIT {strewn}",
        f"UPDATE {TABLE} SET is_staff = 1 - is_staff WHERE id IN (17, 18)",
        f"DELETE FROM {TABLE} WHERE id = {rows - 5}",
        f"INSERT INTO {TABLE} SELECT {rows + 1}, password, last_login, 0, 'new', '', '', '', 0, 1, date_joined FROM {TABLE} WHERE id = 1",
    )


if __name__ == "__main__":
    sys.exit(main())
