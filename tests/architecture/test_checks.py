"""Every system check has an id, a test, and a line in the reference."""

from __future__ import annotations

import re

import pytest

from tests.architecture.source import ROOT, files

CHECK_ID = re.compile(r"strangler\.[EWI]\d{3}")
IDS = sorted({found for path in files("strangler") for found in CHECK_ID.findall(path.read_text())})
TESTS = "\n".join(path.read_text() for path in files("tests/unit", "tests/integration"))


@pytest.mark.parametrize("check_id", IDS)
def test_the_check_is_tested(check_id):
    assert check_id in TESTS, f"write a test that provokes {check_id}"


@pytest.mark.parametrize("check_id", IDS)
def test_the_check_is_in_the_reference(check_id):
    assert check_id in (ROOT / "docs/reference/checks.md").read_text()


def test_the_reference_names_no_check_that_is_gone():
    assert set(CHECK_ID.findall((ROOT / "docs/reference/checks.md").read_text())) == set(IDS)
