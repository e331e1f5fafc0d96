"""What the servers and their roles must allow."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from strangler.move.dialects.base import Statement
from strangler.move.dialects.postgresql import PostgreSQLDialect
from strangler.move.preflight.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strangler.move.databases import Pair
    from strangler.move.dialects.base import Dialect
    from strangler.move.tables import TablePair

SUPPORTED = {
    ("mysql", "mysql"),
    ("mysql", "postgresql"),
    ("postgresql", "postgresql"),
    ("sqlite", "sqlite"),
}
_SOURCE_PRIVILEGES = ("SELECT", "TRIGGER", "CREATE", "DROP", "INSERT", "DELETE")
_TARGET_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE")


def refuse_engines(pair: Pair) -> Iterator[Refusal]:
    """Refuse two engines between which nobody has tried to move."""
    if (pair.source.name, pair.target.name) not in SUPPORTED:
        known = ", ".join(f"{source} → {target}" for source, target in sorted(SUPPORTED))
        yield Refusal(
            name="engines",
            reason=f"tables can't move from {pair.source.name} to {pair.target.name}.",
            action=f"What can be done: {known}.",
        )


def refuse_privileges(pair: Pair) -> Iterator[Refusal]:
    """Refuse roles that may not make triggers and tables, and say what is slower without a privilege."""
    if pair.source.name == "mysql":
        yield from _grants(pair.source, _SOURCE_PRIVILEGES, end="source")
        yield from _binary_log(pair.source)
    if pair.target.name == "mysql":
        yield from _grants(pair.target, _TARGET_PRIVILEGES, end="target")
        yield from _local_files(pair.target)


def _grants(end_: Dialect, needed: tuple[str, ...], *, end: str) -> Iterator[Refusal]:
    ((role,),) = end_.fetch(Statement(sql="SELECT CURRENT_ROLE()"))
    if role not in (None, "NONE"):
        return  # what comes through a role, these tables do not tell
    rows = end_.fetch(Statement(sql=_GRANTED))
    missing = [privilege for privilege in needed if (privilege,) not in rows]
    if missing:
        yield Refusal(
            name="privilege",
            reason=f"the role on the {end} lacks {', '.join(missing)}.",
            action=f"GRANT {', '.join(missing)} ON the database TO it.",
        )


_GRANTEE = """CONCAT("'", SUBSTRING_INDEX(CURRENT_USER(), '@', 1), "'@'", SUBSTRING_INDEX(CURRENT_USER(), '@', -1), "'")"""
_GRANTED = f"""SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = {_GRANTEE} UNION
    SELECT PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES
    WHERE GRANTEE = {_GRANTEE} AND DATABASE() LIKE TABLE_SCHEMA"""  # noqa: S608


def _binary_log(source: Dialect) -> Iterator[Refusal]:
    sql = "SELECT @@log_bin, @@binlog_format, @@log_bin_trust_function_creators"
    ((has_log, log_format, trusts),) = source.fetch(Statement(sql=sql))
    if has_log and not trusts and not _is_super(source):
        yield Refusal(
            name="log-bin-trust",
            reason="the source logs for replicas and lets only SUPER make triggers.",
            action="SET GLOBAL log_bin_trust_function_creators = 1.",
        )
    if has_log and log_format == "STATEMENT":
        yield Refusal(
            name="binlog-format",
            reason="the source replicates statements: a replica's changelog may number its entries otherwise.",
            action="SET GLOBAL binlog_format = 'MIXED' or 'ROW'.",
        )


def _is_super(source: Dialect) -> bool:
    sql = f"SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = {_GRANTEE} AND PRIVILEGE_TYPE IN (%s, %s)"  # noqa: S608
    return bool(source.fetch(Statement(sql=sql, params=("SUPER", "BINLOG ADMIN"))))


def _local_files(target: Dialect) -> Iterator[Refusal]:
    if not target.fetch(Statement(sql="SELECT @@GLOBAL.local_infile"))[0][0]:
        yield Refusal(
            name="local-infile",
            reason="the target takes no LOAD DATA LOCAL, so rows are inserted, which is slower.",
            action="SET GLOBAL local_infile = 1 to copy faster.",
            is_warning=True,
        )


def refuse_space(pairs: list[TablePair], *, pair: Pair) -> Iterator[Refusal]:
    """Refuse a target on this machine without room for the tables; a distant server's disk can't be measured."""
    needed = sum(pair.source.estimate(each.source.name)[1] for each in pairs)
    folder = _folder(pair.target)
    if folder is None or not folder.exists():
        return
    if pair.source.name == "sqlite":
        needed = Path(str(pair.source.connection.settings_dict["NAME"])).stat().st_size
    free = shutil.disk_usage(folder).free
    if needed > free:
        yield Refusal(
            name="disk",
            reason=f"the tables take {needed:,} bytes with their indexes, and {folder} has {free:,} left.",
            action="Make room.",
        )


def _folder(target: Dialect) -> Path | None:
    """Return where the target keeps its data, if that is on this machine."""
    settings = target.connection.settings_dict
    if target.name == "sqlite":
        return Path(str(settings["NAME"])).parent
    if target.name == "mysql" and settings["HOST"] in ("", "localhost", "127.0.0.1", "::1"):
        return Path(str(target.fetch(Statement(sql="SELECT @@datadir"))[0][0]))
    return None


def refuse_checked_keys(pairs: list[TablePair], *, pair: Pair) -> Iterator[Refusal]:
    """Refuse foreign keys on a PostgreSQL target that would be checked while rows are still on their way."""
    target = pair.target
    if not isinstance(target, PostgreSQLDialect) or target.may_replicate():
        return
    for each in pairs:
        for key in each.target.foreign_keys:
            yield Refusal(
                name="target-keys",
                table=each.target.name,
                reason=f"foreign key {key.name} would be checked while the rows that it needs are on their way.",
                action="GRANT SET ON PARAMETER session_replication_role TO the target's role.",
            )
