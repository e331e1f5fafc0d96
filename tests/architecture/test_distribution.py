"""What `pip install django-strangler` brings: the toolkit, typed, and nothing of the reference project."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.architecture.source import ROOT

NEEDED = ("strangler", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from a copy, so that no build folder is left in the checkout."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in (*NEEDED, "monolith", "extracted", "tests", "manage.py"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.jpg", "*.png")
            )
        elif source.exists():
            shutil.copy(source, copy / name)
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(copy / "dist"),
        str(copy),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    (built,) = (copy / "dist").glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_only_the_toolkit(wheel):
    folders = {name.split("/")[0] for name in wheel.namelist()}
    assert {name for name in folders if not name.endswith(".dist-info")} == {"strangler"}


def test_the_wheel_is_typed_and_licensed(wheel):
    names = wheel.namelist()
    assert "strangler/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_holds_every_module_migration_and_template_of_the_toolkit(wheel):
    package = ROOT / "strangler"
    found = [*package.rglob("*.py"), *package.glob("gateway/templates/*")]
    sources = {str(path.relative_to(ROOT)) for path in found}
    assert sources <= set(wheel.namelist())


def test_the_wheel_brings_the_pytest_plugin(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    text = wheel.read(name).decode()
    assert "[pytest11]\nstrangler = strangler.testing.plugin" in text
