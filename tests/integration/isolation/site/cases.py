"""Tests of the small project, run by the test of the plugin in a process of their own."""

import pytest
from django.contrib.auth.models import User

from tests.integration.isolation.site.photos.models import Photo
from tests.integration.isolation.site.shop.models import Order, title_by_key, titles


@pytest.fixture
def order(db):
    ann = User.objects.create(username="ann")
    return Order.objects.create(photo=Photo.objects.create(owner=ann, title="Dawn"))


@pytest.mark.django_db
def test_join(order):
    assert titles() == ["Dawn"]


@pytest.mark.django_db
def test_key(order):
    assert title_by_key() == ["Dawn"]


@pytest.mark.django_db
def test_where(order):
    assert Photo.objects.get()._state.db == Photo.objects.db
