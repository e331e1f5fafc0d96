"""What the types tell, keys of every kind, zero dates, and the sums against their definition in Python."""

from __future__ import annotations

import pytest
from django.db import connections

from strangler.errors import VerificationError
from strangler.move.checksums.introspection import read_table
from strangler.move.checksums.pairs import pair_columns
from strangler.move.checksums.reading import DIALECTS, Partition, Side
from strangler.move.checksums.sums import Sums, digest, halves, record
from tests.integration.verifying.conftest import ROWS, row


def test_lost_microseconds_are_reported_by_column_and_by_row(mariadbs):
    """reladiff rounds both sides to the coarser type and calls them equal."""
    mariadbs.fill("source")
    mariadbs.fill("target", moment="datetime NOT NULL")
    report = mariadbs.verify()
    assert [str(loss) for loss in report.losses] == ["moment: datetime(6) → datetime loses digits"]
    assert len(report.differences) == ROWS
    assert {tuple(difference.columns) for difference in report.differences} == {("moment",)}


def test_a_coarser_type_is_reported_even_if_every_value_fits(mariadbs):
    mariadbs.create("source")
    mariadbs.create("target", moment="datetime NOT NULL", amount="decimal(10,1) NOT NULL")
    for side in ("source", "target"):
        mariadbs.insert(side, {**row(1), "moment": "2024-01-01 00:00:00", "amount": "1.5"})
    report = mariadbs.verify()
    assert report.is_equal
    assert {loss.column for loss in report.losses} == {"moment", "amount"}


def test_a_charset_without_emoji_is_reported(mariadbs):
    mariadbs.create("source")
    mariadbs.create("target", name="varchar(150) CHARACTER SET utf8mb3 NOT NULL")
    assert [str(loss) for loss in mariadbs.verify().losses] == [
        "name: utf8mb3 holds fewer characters than the source"
    ]


def test_zero_dates_are_values_of_their_own(mariadbs):
    for side in ("source", "target"):
        mariadbs.create(side)
        mariadbs.on(side, "SET sql_mode = ''")
        for number in (1, 2, 3):
            mariadbs.insert(side, {**row(number), "day": "0000-00-00", "moment": "0000-00-00 00:00:00"})
    assert mariadbs.verify().is_equal
    mariadbs.on("target", "UPDATE sample SET day = NULL WHERE id = 2")
    mariadbs.on("target", "UPDATE sample SET moment = '1970-01-01 00:00:00' WHERE id = 3")
    found = {difference.key: dict(difference.columns) for difference in mariadbs.verify().differences}
    assert found == {
        ("2",): {"day": ("0000-00-00", None)},
        ("3",): {"moment": ("0000-00-00 00:00:00.000000", "1970-01-01 00:00:00.000000")},
    }


def test_a_timestamp_is_compared_in_utc_whatever_the_session_says(mariadbs):
    for side, zone in (("source", "+03:00"), ("target", "-05:00")):
        mariadbs.on(side, "CREATE TABLE sample (id int PRIMARY KEY, at timestamp(6) NOT NULL)")
        mariadbs.on(side, f"SET time_zone = '{zone}'")
    mariadbs.on("source", "INSERT INTO sample VALUES (1, '2024-01-01 15:00:00')")
    mariadbs.on("target", "INSERT INTO sample VALUES (1, '2024-01-01 07:00:00')")
    assert mariadbs.verify().is_equal


def test_texts_of_another_charset_are_compared_as_characters(mariadbs):
    mariadbs.on("source", "CREATE TABLE sample (id int PRIMARY KEY, a varchar(9) CHARACTER SET latin1)")
    mariadbs.on("target", "CREATE TABLE sample (id int PRIMARY KEY, a varchar(9) CHARACTER SET utf8mb4)")
    for side in ("source", "target"):
        mariadbs.on(side, "INSERT INTO sample VALUES (1, 'é'), (2, NULL)")
    assert mariadbs.verify().is_equal


def test_uuids_are_equal_however_they_are_kept(two_of):
    two = two_of("mariadb-postgres")
    two.on("source", "CREATE TABLE sample (id char(32) PRIMARY KEY, a uuid, b binary(16), c char(36))")
    two.on("target", "CREATE TABLE sample (id uuid PRIMARY KEY, a uuid, b uuid, c uuid)")
    text = "0123456789ab4def8123456789abcdef"
    dashed = "01234567-89ab-4def-8123-456789abcdef"
    two.on("source", "INSERT INTO sample VALUES (%s, %s, UNHEX(%s), %s)", text, dashed, text, dashed)
    two.on("target", "INSERT INTO sample VALUES (%s, %s, %s, %s)", text, text, text, text)
    assert two.verify().is_equal
    two.on("target", "UPDATE sample SET b = %s", "f" * 32)
    assert dict(two.verify().differences[0].columns) == {"b": (text, "f" * 32)}


def test_numbers_without_a_declared_scale_are_compared_by_value(two_of):
    two = two_of("mariadb-postgres")
    two.on("source", "CREATE TABLE sample (id int PRIMARY KEY, a decimal(20,4), b bigint, c bigint)")
    two.on("target", "CREATE TABLE sample (id int PRIMARY KEY, a numeric, b numeric(12,2), c interval)")
    two.on(
        "source", "INSERT INTO sample VALUES (1, 10.5, 7, 61000001), (2, -0.0001, -7, 0), (3, 100, 0, NULL)"
    )
    two.on(
        "target",
        "INSERT INTO sample VALUES (1, 10.50000, 7, '61.000001s'), (2, -0.0001, -7, '0'), (3, 100, 0, NULL)",
    )
    assert [str(difference) for difference in two.verify().differences] == []


def test_a_jsonb_is_equal_and_its_lost_order_of_keys_is_named(two_of):
    two = two_of("mariadb-postgres")
    two.fill("source")
    two.fill("target", data="jsonb NOT NULL")
    report = two.verify()
    assert report.is_equal
    assert [str(remark) for remark in report.accepted] == ["data: JSON key order"]


KEYS = {
    "text": ("code varchar(40) NOT NULL, PRIMARY KEY (code)", ["aB", "ab ", "Zé", "zz🦊"]),
    "composite": (
        "a int NOT NULL, b varchar(40) NOT NULL, PRIMARY KEY (a, b)",
        [(1, "x"), (1, "y"), (2, "x")],
    ),
    "moment": ("at timestamp(6) NOT NULL, PRIMARY KEY (at)", ["2024-01-01 00:00:00.000001", "2024-01-02"]),
}


@pytest.mark.parametrize(
    "kinds", ["mariadb-mariadb", "mariadb-postgres", "postgres-postgres", "sqlite-sqlite"]
)
@pytest.mark.parametrize("kind", KEYS)
def test_keys_of_every_kind_lead_to_their_rows(two_of, kinds, kind, monkeypatch):
    """A string key is sorted differently on the two sides, and no row is missed or found twice for that."""
    monkeypatch.setattr("strangler.move.checksums.reading.PAGE_ROWS", 2)
    two, (columns, keys) = two_of(kinds), KEYS[kind]
    flat = [key if isinstance(key, tuple) else (key,) for key in keys]
    for side in ("source", "target"):
        charset = " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" if two.vendor(side) == "mysql" else ""
        two.on(side, f"CREATE TABLE sample (v int, {columns}){charset}")
        for key in flat if side == "source" else flat[::-1]:
            two.on(side, f"INSERT INTO sample VALUES (1{', %s' * len(key)})", *key)
    assert two.verify().is_equal
    two.on("target", "UPDATE sample SET v = 2")
    assert [set(difference.columns) for difference in two.verify().differences] == [{"v"}] * len(flat)


def test_a_case_blind_key_meets_one_that_is_not(two_of, monkeypatch):
    monkeypatch.setattr("strangler.move.checksums.reading.PAGE_ROWS", 2)
    two = two_of("mariadb-postgres")
    for side in ("source", "target"):
        two.on(side, "CREATE TABLE sample (code varchar(40) PRIMARY KEY, v int NULL)")
        for code in ("B", "a", "C", "d", "É", "f"):
            two.on(side, "INSERT INTO sample VALUES (%s, 1)", code)
    assert two.verify().is_equal


def test_keys_below_zero_and_far_apart_are_found(two_of):
    two = two_of("mariadb-postgres")
    for side in ("source", "target"):
        two.on(side, "CREATE TABLE sample (id bigint PRIMARY KEY, v int)")
        for key in (-(2**62), -65, -64, -1, 0, 1, 63, 64, 2**62):
            two.on(side, "INSERT INTO sample VALUES (%s, 1)", key)
    assert two.verify().is_equal
    two.on("target", "UPDATE sample SET v = 2 WHERE id IN (%s, -64, 0)", -(2**62))
    assert {difference.key[0] for difference in two.verify().differences} == {str(-(2**62)), "-64", "0"}


@pytest.mark.parametrize("kinds", ["mariadb-mariadb", "postgres-postgres"])
def test_the_sums_of_the_engine_are_those_of_their_definition(two_of, kinds):
    two = two_of(kinds)
    two.fill("source")
    connection = connections[two.source]
    dialect = DIALECTS[connection.vendor]
    dialect.open(connection)
    table = read_table(connection, "sample")
    pairs = pair_columns(table, table, is_one_engine=True)
    side = Side(connection, table=table, columns=table.columns, pairs=pairs, keys=pairs[:1])
    expected: dict[int, Sums] = {}
    for key, values in side.rows([(str(number),) for number in range(1, ROWS + 1)]).items():
        fields = [
            (value, pair.is_nullable, pair.form in dialect.closed)
            for value, pair in zip(values, pairs, strict=True)
        ]
        bucket = int(key[0]) // 64
        expected[bucket] = expected.get(bucket, Sums()).plus(1, *halves(digest(record(fields))))
    assert side.sums(Partition(width=64), progress=lambda _: None) == expected


def test_a_row_on_its_way_is_looked_at_again_when_everything_has_arrived(mariadbs):
    for side in ("source", "target"):
        mariadbs.fill(side)
    mariadbs.on("target", "UPDATE sample SET name = 'late' WHERE id = 3")
    mariadbs.on("target", "UPDATE sample SET name = 'wrong' WHERE id = 4")

    def settle():
        mariadbs.on("target", "UPDATE sample SET name = %s WHERE id = 3", row(3)["name"])

    assert [difference.key for difference in mariadbs.verify(settle=settle).differences] == [("4",)]


def test_progress_ends_with_all_rows_of_both_sides(mariadbs):
    for side in ("source", "target"):
        mariadbs.fill(side)
    seen = []
    mariadbs.verify(progress=seen.append)
    assert (seen[-1].rows, seen[-1].total, seen[-1].table) == (2 * ROWS, 2 * ROWS, "sample")


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("id int PRIMARY KEY, a int", "id int PRIMARY KEY", "has no column a"),
        ("id int", "id int", "no primary key"),
    ],
)
def test_tables_that_cannot_be_compared_are_refused(mariadbs, source, target, message):
    mariadbs.on("source", f"CREATE TABLE sample ({source})")
    mariadbs.on("target", f"CREATE TABLE sample ({target})")
    with pytest.raises(VerificationError, match=message):
        mariadbs.verify()


def test_a_missing_table_is_named(mariadbs):
    with pytest.raises(VerificationError, match=r"nothere: .* has no such table"):
        mariadbs.verify_all({"nothere": "nothere"})
