"""The back office: every model has a list and a page that work."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management import call_command

from monolith.mail.models import MailLog
from monolith.seed import pictures

OURS = [
    model
    for config in apps.get_app_configs()
    if config.name.startswith("monolith.")
    for model in config.get_models()
]


@pytest.fixture
def _data(monkeypatch):
    monkeypatch.setattr(pictures, "LONG", 150)
    monkeypatch.setattr(pictures, "SHORT", 100)
    call_command("seed", users=3, orders=6, photos=6, force=True, verbosity=0)
    MailLog.objects.create(kind="welcome", recipient="a@example.org", subject="Hello", status="sent")


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_model_is_registered(model):
    assert model in admin.site._registry


@pytest.mark.usefixtures("_data")
@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_lists_searches_and_pages_work(staff, model):
    base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    assert staff.get(base).status_code == 200
    if admin.site._registry[model].search_fields:
        assert staff.get(base, {"q": "a"}).status_code == 200
    assert staff.get(f"{base}{model.objects.first().pk}/change/").status_code == 200


def test_customers_stay_outside(browser):
    assert browser.get("/admin/").status_code == 302
