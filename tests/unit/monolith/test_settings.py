"""Settings of a real server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "monolith.settings.production",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "STRANGLER_SIGNING_KEYS": "zyxwvutsrqponmlkjihgfedcba9876543210",
    "ALLOWED_HOSTS": "shop.example.org",
    "IMAGES_URL": "http://images:8001",
    "EMAIL_SERVICE_URL": "http://email:8002",
    "ACCOUNTS_URL": "http://accounts:8003",
    "REPORTING_URL": "http://reporting:8004",
    "CATALOG_URL": "http://catalog:8005",
}


def check(**changes):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {
        name: value for name, value in {**kept, **ENVIRONMENT, **changes}.items() if value is not None
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_a_complete_environment_passes_the_deployment_check():
    result = check()
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "STRANGLER_SIGNING_KEYS", "ALLOWED_HOSTS"])
@pytest.mark.skipif(
    (ROOT / ".env").exists(), reason="the .env of this checkout would fill in what is missing"
)
def test_a_missing_secret_is_named(name):
    result = check(**{name: None})
    assert result.returncode != 0
    assert name in result.stderr


def test_a_database_url_that_does_not_parse_is_named_without_its_password():
    result = check(DATABASE_URL="mysql://shop:geheim@host:port/name")
    assert result.returncode != 0
    assert "DATABASE_URL" in result.stderr
    assert "geheim" not in result.stderr.splitlines()[-1]
