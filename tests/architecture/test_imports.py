"""What an import may bring with it; the layers themselves are contracts in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import grimp
import pytest

from tests.architecture.source import ROOT

FOR_SERVICES = {
    *("service", "bridge", "outbox", "replicas", "effects", "observing"),
    *("core", "conf", "errors", "tokens", "breaker", "commits", "fences", "labels", "wrapping", "py"),
}


def loaded_by(statement):
    """Return the modules that a fresh interpreter has after *statement*."""
    program = f"{statement}; import sys; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


def test_importing_the_toolkit_loads_neither_models_nor_django():
    loaded = loaded_by("import strangler")
    assert not {name for name in loaded if name.endswith(".models") or name.split(".")[0] == "django"}


@pytest.mark.parametrize("module", ["topology", "decision", "stages", "principal", "seams", "paths"])
def test_the_core_runs_without_django(module):
    assert "django" not in loaded_by(f"import strangler.core.{module}")


def test_every_package_that_a_service_must_not_use_is_in_the_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (contract,) = (each for each in contracts if each["id"] == "services-use-the-service-side")
    graph = grimp.build_graph("strangler", cache_dir=None)
    packages = {child.removeprefix("strangler.") for child in graph.find_children("strangler")}
    forbidden = {name.removeprefix("strangler.") for name in contract["forbidden_modules"]}
    assert packages - FOR_SERVICES == forbidden
