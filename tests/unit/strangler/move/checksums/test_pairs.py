"""How types are understood, and in which form two of them are compared."""

import pytest

from strangler.errors import VerificationError
from strangler.move.checksums.columns import Column, Family, Table, classify
from strangler.move.checksums.pairs import Form, are_equal, find_accepted, find_losses, pair_columns


def column(declared, vendor="mysql", **options):
    family, scale = classify(declared, vendor=vendor)
    return Column(name="a", declared=declared, **{"family": family, "scale": scale, **options})


def pair(source, target):
    one, other = (Table(name="t", columns=(each,), key=("a",)) for each in (source, target))
    (found,) = pair_columns(one, other, is_one_engine=False)
    return found


@pytest.mark.parametrize(
    ("vendor", "declared", "family", "scale"),
    [
        ("mysql", "bigint(20) unsigned", Family.INTEGER, None),
        ("mysql", "tinyint(1)", Family.INTEGER, None),
        ("mysql", "decimal(10,2)", Family.DECIMAL, 2),
        ("mysql", "decimal(10)", Family.DECIMAL, 0),
        ("mysql", "datetime(6)", Family.DATETIME, 6),
        ("mysql", "datetime", Family.DATETIME, 0),
        ("mysql", "enum('a','b (c)')", Family.TEXT, None),
        ("mysql", "double", Family.DOUBLE, None),
        ("mysql", "float", Family.SINGLE, None),
        ("mysql", "inet6", Family.ADDRESS, None),
        ("postgresql", "timestamp with time zone", Family.DATETIME, 6),
        ("postgresql", "timestamp(3) without time zone", Family.DATETIME, 3),
        ("postgresql", "time without time zone", Family.TIME, 6),
        ("postgresql", "numeric", Family.DECIMAL, None),
        ("postgresql", "character varying(150)", Family.TEXT, None),
        ("postgresql", "jsonb", Family.JSON, None),
        ("postgresql", "integer[]", Family.OTHER, None),
        ("sqlite", "real", Family.DOUBLE, None),
        ("sqlite", "integer unsigned", Family.INTEGER, None),
        ("sqlite", "", Family.OTHER, None),
    ],
)
def test_a_type_has_a_family_and_a_scale(vendor, declared, family, scale):
    assert classify(declared, vendor=vendor) == (family, scale)


@pytest.mark.parametrize(
    ("source", "target", "form"),
    [
        ("tinyint(1)", "boolean", Form.INTEGER),
        ("char(32)", "uuid", Form.UUID),
        ("binary(16)", "uuid", Form.UUID),
        ("bigint(20)", "interval", Form.MICROSECONDS),
        ("double", "double precision", Form.DIGITS),
        ("decimal(10,2)", "numeric(10,2)", Form.DECIMAL),
        ("char(39)", "inet", Form.ADDRESS),
        ("longblob", "bytea", Form.HEXADECIMAL),
        ("date", "timestamp with time zone", Form.DATETIME),
        ("int(11)", "text", Form.RAW),
    ],
)
def test_types_of_two_engines_have_a_form_in_common(source, target, form):
    assert pair(column(source), column(target, "postgresql")).form is form


@pytest.mark.parametrize(
    ("source", "target", "loss"),
    [
        ("datetime(6)", "datetime(3)", "datetime(6) → datetime(3) loses digits"),
        ("decimal(10,4)", "decimal(10,2)", "decimal(10,4) → decimal(10,2) loses digits"),
        ("decimal(10,4)", "int(11)", "decimal(10,4) → int(11) loses digits"),
        ("double", "float", "double → float loses digits"),
        ("datetime(6)", "date", "datetime(6) → date loses the time of day"),
    ],
)
def test_a_coarser_type_is_a_loss(source, target, loss):
    assert [remark.what for remark in find_losses(pair(column(source), column(target)))] == [loss]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("datetime(3)", "datetime(6)"),
        ("decimal(10,2)", "decimal(20,4)"),
        ("int(11)", "bigint(20)"),
        ("float", "double"),
    ],
)
def test_a_finer_type_is_no_loss(source, target):
    assert find_losses(pair(column(source), column(target))) == ()


def test_a_jsonb_that_comes_from_a_text_is_accepted_by_name():
    source = column("longtext", family=Family.JSON)
    assert [str(each) for each in find_accepted(pair(source, column("jsonb", "postgresql")))] == [
        "a: JSON key order"
    ]
    assert find_accepted(pair(source, source)) == ()


def test_a_column_that_the_target_lacks_is_named():
    with pytest.raises(VerificationError, match="t on the target has no column a"):
        pair_columns(
            Table(name="t", columns=(column("int"),), key=("a",)),
            Table(name="t", columns=(), key=()),
            is_one_engine=True,
        )


def test_two_spellings_of_one_double_are_equal():
    """Both are equally short and halfway between two doubles; MariaDB and PostgreSQL choose different ones."""
    doubles = pair(column("double"), column("double precision", "postgresql"))
    assert are_equal(doubles, "3357142857142857e17", "33571428571428568e17")
    assert not are_equal(doubles, "3357142857142857e17", "33571428571428572e17")
    assert not are_equal(doubles, "-0", "0")
    assert not are_equal(doubles, "NaN", "0")
    assert not are_equal(doubles, None, "0")
