"""A move that would lose, change or block something is refused by name."""

from __future__ import annotations

import pytest

from strangler.move.databases import Pair, connection_to, dialect_of
from strangler.move.dialects.base import ForeignKey, Statement
from strangler.move.preflight import examine
from strangler.move.preflight.cutting import migration


def names(world, *tables, **options):
    """Return the names of all refusals, sorted."""
    return sorted(refusal.name for refusal in examine(world.tables(*tables), pair=world.pair, **options))


def each(world, *, source, target):
    world.pair.source.execute(Statement(sql=source))
    world.pair.target.execute(Statement(sql=target))


def test_nothing_stands_against_a_plain_table(any_world):
    any_world.both("CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(20) NOT NULL)")
    assert names(any_world, "t") == []


def test_a_foreign_key_across_the_border_is_refused_and_the_cut_offered(any_world):
    kind = {"sqlite": "INTEGER"}.get(any_world.pair.source.name, "BIGINT")
    any_world.both(
        f"CREATE TABLE person (id {kind} PRIMARY KEY)",
        f"CREATE TABLE photo (id {kind} PRIMARY KEY, owner_id {kind}, FOREIGN KEY (owner_id) REFERENCES person (id))",
    )
    found = examine(any_world.tables("photo"), pair=any_world.pair)
    assert [refusal.name for refusal in found] == ["crossing-key"]
    assert "LEFT JOIN person p ON p.id = c.owner_id" in found[0].detail
    assert "forward: DROP CONSTRAINT" in found[0].detail
    assert names(any_world, "person") == ["crossing-key"]
    assert names(any_world, "person", "photo") == []
    assert names(any_world, "photo", is_replica=True) == []


def test_the_scan_that_is_offered_finds_orphans(sqlite_world):
    sqlite_world.both(
        "CREATE TABLE person (id INTEGER PRIMARY KEY)",
        "CREATE TABLE photo (id INTEGER PRIMARY KEY, owner_id INTEGER REFERENCES person (id))",
    )
    site = sqlite_world.pair.target
    site.execute(Statement(sql="INSERT INTO person VALUES (1)"))
    site.execute(Statement(sql="INSERT INTO photo VALUES (1, 1), (2, 9), (3, NULL)"))
    (refusal,) = examine(sqlite_world.tables("photo"), pair=sqlite_world.pair)[:1]
    scan = refusal.detail.rpartition("after:\n")[2].removesuffix(";")
    assert site.fetch(Statement(sql=scan)) == [(2, 9)]


@pytest.mark.django_db
def test_the_cut_of_a_model_is_a_migration(any_world):
    key = ForeignKey(
        name="fk",
        table="photos_photo",
        columns=("owner_id",),
        target_table="auth_user",
        target_columns=("id",),
    )
    text = migration(key)
    assert "model_name='photo'" in text
    assert "models.ForeignKey('auth.User', null=False, db_constraint=False" in text


def test_a_table_without_a_primary_key_is_refused(any_world):
    any_world.both("CREATE TABLE t (v INTEGER)")
    assert "no-primary-key" in names(any_world, "t")


def test_other_keys_and_keys_without_an_order_are_refused(mariadb_world):
    each(
        mariadb_world,
        source="CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL)",
        target="CREATE TABLE t (id INT NOT NULL, n INT PRIMARY KEY)",
    )
    mariadb_world.both("CREATE TABLE f (id FLOAT PRIMARY KEY)", "CREATE TABLE e (id ENUM('a') PRIMARY KEY)")
    assert names(mariadb_world, "t") == ["other-primary-key"]
    assert names(mariadb_world, "f", "e") == ["key-kind", "key-kind"]


@pytest.mark.parametrize(
    ("here", "there", "name"),
    [
        ("VARCHAR(50)", "VARCHAR(40)", "precision-loss"),
        ("DATETIME(6)", "DATETIME(0)", "precision-loss"),
        ("DECIMAL(10, 4)", "DECIMAL(10, 2)", "precision-loss"),
        ("DOUBLE", "FLOAT", "precision-loss"),
        ("INT UNSIGNED", "INT", "precision-loss"),
        ("LONGTEXT", "TEXT", "precision-loss"),
        ("VARCHAR(9) CHARACTER SET utf8mb4", "VARCHAR(9) CHARACTER SET latin1", "charset-loss"),
        (
            "VARCHAR(9) COLLATE utf8mb4_bin UNIQUE",
            "VARCHAR(9) COLLATE utf8mb4_general_ci UNIQUE",
            "collation-conflict",
        ),
        ("INT", "INT NOT NULL", "null-refused"),
        ("INT", "DATE", "other-type"),
        ("INT", "INT GENERATED ALWAYS AS (1)", "generated-column"),
        ("POINT", "POINT", "unknown-type"),
        ("INT", "INT UNIQUE", "unique-conflict"),
    ],
)
def test_a_column_that_would_lose_something_is_refused(mariadb_world, here, there, name):
    each(
        mariadb_world,
        source=f"CREATE TABLE t (id INT PRIMARY KEY, v {here})",
        target=f"CREATE TABLE t (id INT PRIMARY KEY, v {there})",
    )
    assert names(mariadb_world, "t") == [name]


def test_columns_that_only_one_end_has_are_refused(any_world):
    each(
        any_world,
        source="CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)",
        target="CREATE TABLE t (id INTEGER PRIMARY KEY, b INTEGER NOT NULL)",
    )
    assert names(any_world, "t") == ["missing-column", "required-column"]


def test_generated_columns_on_both_ends_are_no_hindrance(mariadb_world):
    mariadb_world.both("CREATE TABLE t (id INT PRIMARY KEY, n INT, m INT GENERATED ALWAYS AS (n + 1) STORED)")
    assert names(mariadb_world, "t") == []
    mariadb_world.write("INSERT INTO t (id, n) VALUES (1, 2)")
    mariadb_world.run(mariadb_world.move("t"))
    assert list(mariadb_world.rows("target", "t")) == [(1, 2, 3)]


def test_triggers_and_cascades_that_would_act_unseen_are_refused(mariadb_world):
    mariadb_world.both(
        "CREATE TABLE a (id INT PRIMARY KEY)",
        "CREATE TABLE b (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE)",
        "CREATE TRIGGER mine BEFORE INSERT ON a FOR EACH ROW SET NEW.id = NEW.id + 1",
    )
    assert names(mariadb_world, "a", "b") == ["silent-cascade", "source-trigger", "target-trigger"]


def test_a_target_with_rows_is_refused(any_world):
    any_world.both("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    any_world.pair.target.execute(Statement(sql="INSERT INTO t VALUES (1)"))
    assert names(any_world, "t") == ["target-not-empty"]


def test_zero_dates_are_refused_by_postgresql(crossing_world):
    each(
        crossing_world,
        source="CREATE TABLE t (id BIGINT PRIMARY KEY, d DATE)",
        target="CREATE TABLE t (id bigint PRIMARY KEY, d date)",
    )
    assert names(crossing_world, "t") == []
    crossing_world.site.execute(Statement(sql="SET sql_mode = ''"))
    crossing_world.write("INSERT INTO t VALUES (1, '0000-00-00')")
    assert names(crossing_world, "t") == ["zero-date"]


def test_a_role_that_may_not_do_enough_is_told_what_it_lacks(mariadb_world):
    mariadb_world.both("CREATE TABLE t (id INT PRIMARY KEY)")
    database = mariadb_world.source_url.rpartition("/")[2]
    source = mariadb_world.pair.source
    source.execute(Statement(sql=f"CREATE USER IF NOT EXISTS poor_{database}@'%'"))
    source.execute(Statement(sql=f"GRANT SELECT ON {database}.* TO poor_{database}@'%'"))
    poor = dialect_of(
        connection_to(mariadb_world.source_url.replace("root@", f"poor_{database}@"), alias="poor")
    )
    poor.open_source()
    pair = Pair(source=poor, target=mariadb_world.pair.target)
    found = {refusal.name: str(refusal) for refusal in examine(mariadb_world.tables("t"), pair=pair)}
    poor.connection.close()
    assert "GRANT TRIGGER, CREATE, DROP, INSERT, DELETE" in found["privilege"]


def test_a_target_that_takes_no_files_is_slower_and_no_more(mariadb_world):
    mariadb_world.both("CREATE TABLE t (id INT PRIMARY KEY)")
    mariadb_world.write("INSERT INTO t VALUES (1)")
    target = mariadb_world.pair.target
    target.execute(Statement(sql="SET GLOBAL local_infile = 0"))
    try:
        (warning,) = examine(mariadb_world.tables("t"), pair=mariadb_world.pair)
        mariadb_world.run(mariadb_world.move("t"))
    finally:
        target.execute(Statement(sql="SET GLOBAL local_infile = 1"))
    assert (warning.name, warning.is_warning) == ("local-infile", True)
    assert mariadb_world.same("t")


def test_engines_between_which_nothing_moves_are_refused(mariadb_world, sqlite_world):
    for world in (mariadb_world, sqlite_world):
        world.both("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    pair = Pair(source=sqlite_world.pair.source, target=mariadb_world.pair.target)
    assert "engines" in [refusal.name for refusal in examine(mariadb_world.tables("t"), pair=pair)]
