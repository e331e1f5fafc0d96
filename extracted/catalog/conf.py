"""Typed, frozen configuration of the service; the only reader of `settings.CATALOG`."""

from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `settings.CATALOG` says.

    Args:
        monolith_url: the shop, which says who owns the tables; without a trailing slash.
        max_body_bytes: of one request.
        page_rows: most products of one page.
        login_url: where people who are not logged in are sent.
    """

    monolith_url: str
    max_body_bytes: int
    page_rows: int
    login_url: str


@cache
def config() -> Config:
    """Return the configuration of this process.

    Raises: ImproperlyConfigured: names the value.
    """
    raw = {key.lower(): value for key, value in settings.CATALOG.items()}
    if raw["page_rows"] < 1:
        raise ImproperlyConfigured(f"CATALOG_PAGE_ROWS must be at least 1, not {raw['page_rows']}")
    return Config(**raw)


@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    if setting == "CATALOG":
        config.cache_clear()
