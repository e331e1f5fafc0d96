"""What a rollback takes back passes; what ends a transaction on any engine does not, however it is written."""

from __future__ import annotations

import pytest

from strangler.service.sandbox.statements import objection_to


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "(SELECT 1) UNION (SELECT 2)",
        "  -- why\n INSERT INTO t VALUES (%s)",
        "INSERT INTO t VALUES ('a; COMMIT')",
        "UPDATE t SET a = 'it''s; fine';",
        "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
        "SELECT * FROM t FOR UPDATE SKIP LOCKED",
        'SAVEPOINT "s1"',
        'ROLLBACK TO SAVEPOINT "s1"',
        "RELEASE SAVEPOINT `s1`",
        "CREATE TEMPORARY TABLE x (i int)",
        "SET CONSTRAINTS ALL IMMEDIATE",
        "SET foreign_key_checks=0",
    ],
)
def test_what_can_be_taken_back_passes(sql):
    assert objection_to(sql) == ""


@pytest.mark.parametrize(
    "sql",
    [
        "COMMIT",
        "END",
        "ABORT",
        "ROLLBACK",
        "/* x */ commit",
        "/*!50000 COMMIT */",
        "/*M!100100 COMMIT */",
        "SELECT 1; COMMIT",
        "SELECT 'a\\'; COMMIT; --'",
        "SELECT 1 /* ; */ ; END",
        "SET autocommit = 1",
        "SET GLOBAL read_only = 1",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "TRUNCATE t",
        "CALL p()",
        "COPY t TO PROGRAM 'x'",
        "DO $$ BEGIN COMMIT; END $$",
        "",
    ],
)
def test_what_might_stay_is_refused(sql):
    assert objection_to(sql)
