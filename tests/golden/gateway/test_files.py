"""What every renderer writes for a small example, word for word; and that `deploy/` is what our topology renders."""

from __future__ import annotations

import pytest

from strangler.gateway import TARGETS, render
from strangler.gateway.site import Site
from tests.architecture.source import ROOT
from tests.golden.gateway.example import FILES, example, rendered

RENDERED = rendered()


@pytest.mark.parametrize("name", RENDERED)
def test_a_rendering_is_the_golden_file(name):
    """If the change is wanted: python -m tests.golden.gateway, and look at the difference."""
    assert RENDERED[name] == (FILES / name).read_text()


def test_there_is_no_golden_file_that_nobody_renders():
    assert {str(path.relative_to(FILES)) for path in FILES.rglob("*") if path.is_file()} == set(RENDERED)


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_a_golden_file(target):
    assert render(example(), [target]).keys() <= RENDERED.keys()
    assert render(example(), [target])


def test_every_rendering_carries_its_version():
    version = str(example().stamp)
    assert [name for name, text in RENDERED.items() if version not in text and "ignore" not in name] == []


def test_deploy_is_what_the_topology_renders():
    """If not: python manage.py strangler gateway render --fresh --output deploy. What git ignores there is somebody's own."""
    wanted = render(Site.now(is_fresh=True))
    there = {
        str(path.relative_to(ROOT / "deploy")): path.read_text()
        for path in (ROOT / "deploy").rglob("*")
        if path.is_file() and path.name not in {".env", "secret.conf"}
    }
    assert there == wanted
