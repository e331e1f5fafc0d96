"""Check everything that needs no server: lint, types, layers, migrations, settings, docs, distribution.

Prints one line per check, with the check's output only if it failed; runs all of them before the verdict.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from strangler import forking

BIN = Path(sys.executable).parent
MANAGE = (sys.executable, "manage.py")

# Enough of a production environment for `check --deploy`; nothing here is a secret and nothing is connected to.
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "monolith.settings.production",
    "DEBUG": "false",
    "SECRET_KEY": "only-for-make-check-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "STRANGLER_SIGNING_KEYS": "only-for-make-check-" + "zyxwvutsrqponmlkjihgfedcba9876543210",
    "ALLOWED_HOSTS": "shop.example.org",
    "CSRF_TRUSTED_ORIGINS": "https://shop.example.org",
    "DATABASE_URL": "sqlite:///var/check.sqlite3",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A named command whose exit status is the verdict."""

    name: str
    command: tuple[str | Path, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> tuple[bool, str, float]:
        """Return whether it passed, what it printed, and how many seconds it took."""
        started = time.monotonic()
        start = forking.popen if self.command[:2] == MANAGE else subprocess.Popen
        with start(
            self.command,
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            printed, _ = process.communicate()
        return process.returncode == 0, printed, time.monotonic() - started


def checks() -> Iterator[Check]:
    """Yield all checks, the slowest first so that two cores stay busy."""
    yield Check(name="types", command=(BIN / "mypy",))
    yield Check(name="architecture", command=(sys.executable, "-m", "pytest", "-q", "tests/architecture"))
    yield Check(
        name="docs",
        # Without the theme, which takes two thirds of the time: for each page it draws the whole tree of pages anew.
        command=(
            *(BIN / "sphinx-build", "-q", "--fail-on-warning", "--keep-going", "-D", "html_theme=basic"),
            *("docs", "docs/_build/checked"),
        ),
    )
    yield Check(name="lint", command=(BIN / "ruff", "check", "--quiet", "--output-format", "concise", "."))
    yield Check(name="format", command=(BIN / "ruff", "format", "--check", "--output-format", "concise", "."))
    yield Check(name="layers", command=(BIN / "lint-imports", "--no-logo"))
    yield from django_checks("monolith", "monolith.settings.test")
    for name, settings in services():
        yield from django_checks(name, settings)
    yield Check(
        name="deployment of the monolith",
        command=(*MANAGE, "check", "--deploy", "--fail-level", "WARNING"),
        environment=PRODUCTION | dict.fromkeys(url_variables(), "http://127.0.0.1:1"),
    )


def django_checks(name: str, settings: str) -> Iterator[Check]:
    """Yield the checks that Django itself brings, for one project."""
    environment = {"DJANGO_SETTINGS_MODULE": settings}
    yield Check(
        name=f"migrations of {name}",
        command=(*MANAGE, "makemigrations", "--check", "--dry-run"),
        environment=environment,
    )
    yield Check(
        name=f"system checks of {name}",
        command=(*MANAGE, "check", "--fail-level", "WARNING"),
        environment=environment,
    )


def services() -> Iterator[tuple[str, str]]:
    """Yield name and settings module of every service in the topology."""
    for name, service in _topology().items():
        yield name, service["settings"]


def url_variables() -> Iterator[str]:
    """Yield the variable of every service that says where it listens."""
    for name, service in _topology().items():
        yield service.get("url_variable", f"{name.upper()}_URL")


def _topology() -> dict[str, Any]:
    path = ROOT / "strangler.toml"
    return tomllib.loads(path.read_text()).get("services", {}) if path.exists() else {}


def main() -> int:
    """Run all checks, two at a time; return 1 if one failed."""
    failed = 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        running = {pool.submit(check.run): check for check in checks()}
        for future in as_completed(running):
            passed, output, seconds = future.result()
            failed += not passed
            print(f"{'ok  ' if passed else 'FAIL'} {running[future].name} ({seconds:.1f} s)", flush=True)
            if not passed:
                print(output.rstrip(), flush=True)
    print(f"check: {f'{failed} failed' if failed else 'all is well'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
