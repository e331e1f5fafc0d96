"""Files and functions stay small enough to be read in one sitting."""

from __future__ import annotations

import statistics

import pytest

from tests.architecture.source import ROOT, files, functions

FOLDERS = ("strangler", "monolith", "extracted")
FILE_LINES = 400
TEST_FILE_LINES = 600
FUNCTION_LINES = 40


def line_count(path):
    return len(path.read_text().splitlines())


def test_no_file_is_longer_than_400_lines():
    long = {str(path.relative_to(ROOT)): line_count(path) for path in files(*FOLDERS, "tools")}
    assert {path: lines for path, lines in long.items() if lines > FILE_LINES} == {}


def test_no_test_file_is_longer_than_600_lines():
    long = {str(path.relative_to(ROOT)): line_count(path) for path in files("tests")}
    assert {path: lines for path, lines in long.items() if lines > TEST_FILE_LINES} == {}


@pytest.mark.parametrize("folder", FOLDERS)
def test_half_of_the_functions_have_at_most_10_lines_and_nine_in_ten_at_most_30(folder):
    lengths = [function.lines for function in functions(folder)]
    assert statistics.median(lengths) <= 10
    assert statistics.quantiles(lengths, n=10)[-1] <= 30


def test_no_function_is_longer_than_40_lines():
    """Split it, or say here why it must stay whole."""
    assert [function for function in functions(*FOLDERS) if function.lines > FUNCTION_LINES] == []
