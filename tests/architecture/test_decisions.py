"""Decision records are complete and listed."""

from __future__ import annotations

import re

import pytest

from tests.architecture.source import ROOT

FOLDER = ROOT / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
SECTIONS = ["Status", "Context", "Decision", "Consequences", "Rejected alternatives"]


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_record_has_every_section_of_the_template(record):
    assert re.findall(r"^## (.+)$", record.read_text(), re.MULTILINE) == SECTIONS


def test_the_index_lists_every_record_in_order():
    listed = re.findall(r"^(\d{4}-[\w-]+)$", (FOLDER / "index.md").read_text(), re.MULTILINE)
    assert listed == [record.stem for record in RECORDS]


def test_numbers_are_given_once():
    numbers = [record.stem[:4] for record in RECORDS]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
