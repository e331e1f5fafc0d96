"""Every value arrives as it left: on MariaDB, from MariaDB to PostgreSQL, and where LOAD DATA is switched off."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from strangler.move.dialects.base import Batch, Statement

NASTY = [
    "tab\there",
    "line\nfeed",
    "return\r",
    "back\\slash",
    "\\N",
    "",
    " trailing ",
    "🎉 é ß",
    "a\\\tb",
    "NULL",
    "\x1a",
]


@pytest.fixture(params=["file", "insert"])
def loading(request, mariadb_world):
    """A world whose target takes files, and one whose target does not."""
    if request.param == "insert":
        mariadb_world.pair.target.takes_files = False
    return mariadb_world


def everything(world, table, *, key="id"):
    """Return all values as the server's own hexadecimal text, so that no driver can hide a difference."""
    shape = world.pair.source.introspect(table)
    fields = ", ".join(f"HEX(CAST({column.name} AS BINARY))" for column in shape.columns)
    return [world.rows(end, table, fields, key) for end in ("source", "target")]


def test_text_with_all_that_divides_fields_and_lines(loading):
    loading.both("CREATE TABLE t (id INT PRIMARY KEY, v TEXT, l VARCHAR(50) CHARACTER SET latin1)")
    rows = [(n, text, "é ß ÿ\\") for n, text in enumerate([*NASTY, "nul \0 byte"])] + [(99, None, None)]
    loading.write_many("INSERT INTO t VALUES (%s, %s, %s)", rows)
    loading.run(loading.move("t"))
    assert list(loading.rows("target", "t")) == rows


def test_binary_values_of_every_byte(loading):
    loading.both("CREATE TABLE t (id INT PRIMARY KEY, b BLOB, c BINARY(4), d BIT(12))")
    loading.write(
        "INSERT INTO t VALUES (1, %s, 0x00FF0A09, b'101000000001'), (2, '', 'a', 0), (3, NULL, NULL, NULL)",
        bytes(range(256)),
    )
    loading.run(loading.move("t"))
    source, target = everything(loading, "t")
    assert source == target
    assert bytes(range(256)) in {row[0] for row in loading.rows("target", "t", "b")}


def test_numbers_moments_and_json(loading):
    loading.both(
        "CREATE TABLE t (id BIGINT UNSIGNED PRIMARY KEY, f FLOAT, d DOUBLE, n DECIMAL(20, 6), m DATETIME(6), "
        "s TIMESTAMP(6) NULL, da DATE, ti TIME(3), j JSON, u UUID, y YEAR, e ENUM('a', 'b'), b BOOL)"
    )
    site = loading.site
    site.execute(Statement(sql="SET sql_mode = '', time_zone = '+02:00'"))
    loading.write(
        "INSERT INTO t VALUES (18446744073709551615, 1.1, 0.1e0 + 0.2e0, 12345678901234.123456, "
        "'2024-02-29 23:59:59.999999', '2024-06-01 12:00:00.123456', '9999-12-31', '-838:59:59.000', "
        """'{"b": 1, "a": [1.0, "é"]}', 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee', 2024, 'b', TRUE)"""
    )
    loading.write("INSERT INTO t (id, f, d, m, da) VALUES (0, -0.0e0, -0.0e0, '0000-00-00', '0000-00-00')")
    loading.write("INSERT INTO t (id, f, d) VALUES (7, 16777216 / 3, 1e308)")
    loading.run(loading.move("t"))
    source, target = everything(loading, "t")
    assert source == target
    assert len(target) == 3


def test_a_float_keeps_all_its_bits(loading):
    loading.both("CREATE TABLE t (id INT PRIMARY KEY, f FLOAT)")
    loading.write("INSERT INTO t VALUES (1, 0.1), (2, 16777217), (3, 1.17549e-38), (4, 123456.789)")
    loading.run(loading.move("t"))
    exact = "CAST(CAST(f AS DOUBLE) AS CHAR)"
    assert loading.rows("source", "t", exact) == loading.rows("target", "t", exact)


def test_keys_that_a_collation_calls_nearly_equal_are_all_copied(mariadb_world, monkeypatch):
    monkeypatch.setattr("strangler.move.chunks.LARGEST", 3)
    monkeypatch.setattr("strangler.move.chunks.SMALLEST", 1)
    monkeypatch.setattr("strangler.move.chunks.FIRST", 3)
    for number, collation in enumerate(
        ["utf8mb4_general_ci", "utf8mb4_unicode_ci", "utf8mb4_bin", "utf8mb4_nopad_bin", "utf8mb4_swedish_ci"]
    ):
        table = f"t{number}"
        mariadb_world.both(f"CREATE TABLE {table} (k VARCHAR(40) COLLATE {collation} PRIMARY KEY, n INT)")
        words = [
            "a",
            "A",
            "b",
            "ä",
            "Ä",
            "aa",
            "z",
            "Z",
            "é",
            "e",
            "E",
            "ss",
            "ß",
            "a ",
            "a  ",
            "🎉",
            "🎈",
            "",
            "ö",
            "o",
            "ñ",
            "Ω",
            "ω",
        ]
        for n, word in enumerate(words):
            try:
                mariadb_world.write(f"INSERT INTO {table} VALUES (%s, %s)", word, n)
            except IntegrityError:
                continue  # equal for this collation
        mariadb_world.run(mariadb_world.move(table))
        assert mariadb_world.same(table, order="n")


def test_keys_of_latin1_are_compared_in_latin1(mariadb_world, monkeypatch):
    monkeypatch.setattr("strangler.move.chunks.LARGEST", 3)
    monkeypatch.setattr("strangler.move.chunks.SMALLEST", 1)
    monkeypatch.setattr("strangler.move.chunks.FIRST", 3)
    mariadb_world.both(
        "CREATE TABLE t (k VARCHAR(10) CHARACTER SET latin1 COLLATE latin1_german2_ci PRIMARY KEY, n INT)"
    )
    words = ["a", "ä", "ae9", "af", "b", "ÿ", "z", "ö", "oe1", "p", "ü", "é"]
    mariadb_world.write_many("INSERT INTO t VALUES (%s, %s)", list(zip(words, range(99), strict=False)))
    mariadb_world.run(mariadb_world.move("t"))
    assert mariadb_world.same("t", order="n")
    plan = mariadb_world.pair.source
    shape = plan.introspect("t")
    where = plan.after(shape, ("ö",))
    sql = f"EXPLAIN SELECT * FROM t FORCE INDEX (PRIMARY) WHERE {where.sql} ORDER BY k LIMIT 2"
    assert plan.fetch(Statement(sql=sql, params=where.params))[0][3] == "range"


@pytest.mark.parametrize("kind", ["mariadb_world", "crossing_world"])
def test_a_key_that_changes_only_its_case_is_followed(kind, request):
    world = request.getfixturevalue(kind)
    table = "CREATE TABLE word (k VARCHAR(20) PRIMARY KEY, n INT)"
    collated = f"{table} COLLATE utf8mb4_general_ci"
    world.pair.source.execute(Statement(sql=collated))
    world.pair.target.execute(Statement(sql=table if kind == "crossing_world" else collated))
    world.write("INSERT INTO word VALUES ('apple', 1), ('pear', 2)")
    record = world.move("word")
    world.run(record)
    world.write("UPDATE word SET k = 'APPLE' WHERE n = 1")
    world.write("UPDATE word SET k = 'péar' WHERE n = 2")
    world.run(record)
    assert sorted(world.rows("target", "word")) == [("APPLE", 1), ("péar", 2)]


def test_from_mariadb_to_postgresql(crossing_world):
    source = (
        "CREATE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, u CHAR(32), v LONGTEXT, b LONGBLOB, m DATETIME(6), "
        "n DECIMAL(12, 2), j LONGTEXT CHECK (JSON_VALID(j)), f DOUBLE, is_on BOOL, d DATE, ti TIME(6))"
    )
    target = (
        "CREATE TABLE t (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, u uuid, v text, b bytea, "
        "m timestamptz, n numeric(12, 2), j jsonb, f double precision, is_on boolean, d date, ti time)"
    )
    crossing_world.pair.source.execute(Statement(sql=source))
    crossing_world.pair.target.execute(Statement(sql=target))
    for number, text in enumerate(NASTY, start=1):
        crossing_world.write(
            "INSERT INTO t VALUES (%s, 'aaaaaaaabbbbccccddddeeeeeeeeeeee', %s, %s, '2024-02-29 23:59:59.999999', "
            """1234567890.12, '{"a": "x\\\\ty"}', 0.1e0 + 0.2e0, TRUE, '2024-02-29', '23:59:59.123456')""",
            number,
            text,
            bytes(range(256)),
        )
    record = crossing_world.move("t")
    crossing_world.run(record)
    crossing_world.write("INSERT INTO t (id, v) VALUES (900, NULL)")
    crossing_world.write("DELETE FROM t WHERE id = 1")
    crossing_world.run(record)
    rows = crossing_world.rows("target", "t", "v, b, m::text, n::text, j->>'a', f, is_on, u::text, ti::text")
    by_text = {row[0]: row[1:] for row in rows}
    assert set(by_text) == {*NASTY[1:], None}
    assert by_text["\\N"] == (
        bytes(range(256)),
        "2024-02-29 23:59:59.999999+00",
        "1234567890.12",
        "x\ty",
        0.1 + 0.2,
        True,
        "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "23:59:59.123456",
    )


def test_from_postgresql_back_to_mariadb(returning_world):
    returning_world.pair.source.execute(
        Statement(
            sql="CREATE TABLE t (id bigint PRIMARY KEY, u uuid, v text, b bytea, m timestamptz, n numeric(12, 2), j jsonb, "
            "f double precision, is_on boolean, d date, ti time)"
        )
    )
    returning_world.pair.target.execute(
        Statement(
            sql="CREATE TABLE t (id BIGINT PRIMARY KEY, u CHAR(32), v LONGTEXT, b LONGBLOB, m DATETIME(6), "
            "n DECIMAL(12, 2), j LONGTEXT CHECK (JSON_VALID(j)), f DOUBLE, is_on BOOL, d DATE, ti TIME(6))"
        )
    )
    texts = [text for text in (*NASTY, "a\fb\vc\\f") if text is not None and "\0" not in text]
    for number, text in enumerate(texts, start=1):
        returning_world.write(
            "INSERT INTO t VALUES (%s, 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee', %s, %s, '2024-02-29 23:59:59.999999+00', "
            """1234567890.12, '{"a": "x\\ty"}', 0.1::float8 + 0.2, %s, '2024-02-29', '23:59:59.123456')""",
            number,
            text,
            bytes(range(256)),
            number % 2 == 0,
        )
    record = returning_world.move("t")
    returning_world.run(record)
    returning_world.write("UPDATE t SET is_on = NOT is_on WHERE id <= 2")
    returning_world.write("INSERT INTO t (id) VALUES (900)")
    returning_world.run(record)
    rows = returning_world.rows(
        "target", "t", "v, b, CAST(m AS CHAR), JSON_VALUE(j, '$.a'), f, is_on, u, CAST(ti AS CHAR)", "id"
    )
    assert [row[0] for row in rows] == [*texts, None]
    moment = "2024-02-29 23:59:59.999999"
    same = (bytes(range(256)), moment, "x\ty", 0.1 + 0.2)
    assert [row[1:5] for row in rows[:-1]] == [same] * len(texts)
    assert [row[5] for row in rows[:3]] == [1, 0, 0]
    assert {row[6:] for row in rows[:-1]} == {("aaaaaaaabbbbccccddddeeeeeeeeeeee", "23:59:59.123456")}


def test_postgresql_types_arrive(postgres_world):
    postgres_world.both(
        "CREATE TABLE t (id uuid PRIMARY KEY, v text, b bytea, m timestamptz, i interval, j jsonb, f real, n numeric, a integer[])"
    )
    postgres_world.write_many(
        "INSERT INTO t VALUES (gen_random_uuid(), %s, %s, now(), '1 day 02:00:00.5', '{\"a\": 1}', 0.1, 1e-9, '{1,2}')",
        [(text, bytes(range(256))) for text in NASTY],
    )
    record = postgres_world.move("t")
    postgres_world.run(record)
    postgres_world.write("UPDATE t SET v = 'followed', i = NULL WHERE v = ''")
    postgres_world.run(record)
    assert postgres_world.same("t", "t::text", "id")


def test_a_batch_with_a_duplicate_is_refused_as_a_whole(loading):
    loading.both("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(3))")
    target = loading.pair.target
    shape = target.introspect("t")
    with pytest.raises(IntegrityError), target.transaction():
        target.load(shape, Batch(count=3, lines=b"1\ta\n2\tb\n1\tc\n"), columns=shape.stored)
    with pytest.raises(Exception, match=r"too long|Data truncated"), target.transaction():
        target.load(shape, Batch(count=2, lines=b"1\tabc\n2\ttoo long\n"), columns=shape.stored)
    assert loading.count("target", "t") == 0
