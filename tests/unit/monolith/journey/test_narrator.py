"""The narrator's last line says plainly how the journey went."""

import pytest

from monolith.journey.narrator import Narrator


@pytest.mark.parametrize(
    ("met", "verdict"),
    [([True, True], "Journey: ok, 2 checks in 0 min 0 s"), ([True, False], "Journey: FAILED, 1 of 2 checks")],
)
def test_the_verdict_counts_the_checks_and_names_what_failed(capsys, met, verdict):
    out = Narrator(is_plain=True)
    for number, is_met in enumerate(met):
        out.check(is_met, f"check {number}")
    out.verdict()
    *_, last = capsys.readouterr().out.partition("\n\n")
    assert last.startswith(verdict)
    assert ("check 1" in last) is (False in met)
