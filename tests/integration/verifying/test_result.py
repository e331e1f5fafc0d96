"""What a verification leaves behind for the switch."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from strangler.core.seams import Service
from strangler.core.topology import Topology
from strangler.move.models import MoveRecord, MoveTable, VerifyResult
from strangler.move.verifying import verify_move
from tests.integration.verifying.conftest import ROWS

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def move(settings):
    """Return a move of one table to the images service."""
    topology = Topology(services={"images": Service(name="images", settings="x")})
    settings.STRANGLER = {
        **settings.STRANGLER,
        "TOPOLOGY": topology,
        "VERIFY_LIFETIME": timedelta(minutes=10),
    }
    move = MoveRecord.objects.create(service="images", created_at=NOW, changed_at=NOW)
    MoveTable.objects.create(move=move, number=1, source_table="sample", target_table="sample")
    return move


@pytest.fixture
def ends(two_of, monkeypatch):
    """Return two databases with equal tables, which the move finds as its own."""
    from django.db import connections  # noqa: PLC0415 - beside its only use

    two = two_of("sqlite-sqlite")
    two.fill("source")
    two.fill("target")
    source, target = connections[two.source], connections[two.target]
    monkeypatch.setattr("strangler.move.verifying.source_connection", source.copy)
    monkeypatch.setattr("strangler.move.verifying.target_connection", lambda _: target.copy())
    return two


def test_a_good_verification_lets_a_switch_happen_until_it_is_too_old(move, ends):
    result, report = verify_move(move)
    assert report.is_equal
    assert VerifyResult.latest(move_id=move.pk) == result
    assert (result.rows, result.differences) == (ROWS, 0)
    assert result.is_valid(now=result.began_at + timedelta(minutes=10))
    assert not result.is_valid(now=result.began_at + timedelta(minutes=10, seconds=1))


def test_a_verification_with_differences_lets_no_switch_happen_and_keeps_examples(move, ends):
    ends.on("target", "UPDATE sample SET note = 'x' WHERE id = 7")
    result, _ = verify_move(move)
    assert not result.is_valid(now=result.began_at)
    assert result.details[0]["differences"] == ["sample 7: changed note 'nöte 7, 3:abc' → 'x'"]


def test_the_latest_verification_counts(move, ends):
    verify_move(move)
    ends.on("target", "DELETE FROM sample WHERE id = 7")
    verify_move(move)
    assert VerifyResult.latest(move_id=move.pk).differences == 1
