"""Which statements a sandbox lets through: those that a rollback takes back, named one by one."""

from __future__ import annotations

import re
from functools import lru_cache

_UNDOABLE = frozenset(
    [
        *("SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "WITH", "VALUES", "TABLE"),
        *("SAVEPOINT", "RELEASE", "EXPLAIN", "SHOW", "DESCRIBE", "DESC", "PRAGMA"),
        *("DECLARE", "FETCH", "MOVE", "CLOSE"),
    ]
)
_UNDOABLE_TOO = re.compile(
    r"ROLLBACK\s+(WORK\s+|TRANSACTION\s+)?TO\b"
    r"|(CREATE|DROP)\s+(LOCAL\s+|GLOBAL\s+)?TEMP(ORARY)?\s"
    r"|SET\s+(LOCAL|CONSTRAINTS|@\w+\s*:?=)"
    r"|SET\s+(SESSION\s+)?(FOREIGN_KEY_CHECKS|UNIQUE_CHECKS)\b",
    re.IGNORECASE,
)
_TO_A_FILE = re.compile(r"\bINTO\s+(OUTFILE|DUMPFILE)\b", re.IGNORECASE)
_COMMENT = r"--(?=\s)[^\n]*|/\*(?![!M]).*?\*/"
_QUOTED = r"\"(?:[^\"]|\"\")*\"|`[^`]*`"
# A backslash escapes a quote on MySQL and is a character elsewhere: what is suspect in either reading is refused.
_READINGS = tuple(
    re.compile(rf"{text}|{_QUOTED}|{_COMMENT}", re.DOTALL)
    for text in (r"'(?:[^']|'')*'", r"'(?:[^'\\]|''|\\.)*'")
)


@lru_cache(maxsize=1024)
def objection_to(sql: str) -> str:
    """Return why the effect of *sql* might stay; empty if a rollback takes it back.

    What is not known is refused: engines differ in what ends a transaction, and `END` is a commit on two of them.
    """
    for reading in _READINGS:
        bare = reading.sub(_blank, sql).strip().rstrip("; \n\t")
        if "/*!" in bare or "/*M!" in bare:
            return "a comment that MySQL executes"
        if ";" in bare:
            return "several statements in one"
        if _TO_A_FILE.search(bare):
            return "a file written by the database"
    word = (re.match(r"[(\s]*(\w+)", bare) or [""] * 2)[1].upper()
    if word in _UNDOABLE or _UNDOABLE_TOO.match(bare):
        return ""
    return f"{word or 'an empty statement'} would end the transaction or can't be taken back"


def _blank(found: re.Match[str]) -> str:
    return " " if found[0].startswith(("--", "/*")) else "''"
