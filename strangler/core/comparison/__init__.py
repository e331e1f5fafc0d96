"""Both sides compared: what the control and the candidate did with the same request, as typed differences.

`compare` finds the differences between two observations, under rules; `PRESETS` are those for Django's own noise, `learn`
proposes more. `describe` makes a line for people of a difference, `Difference.cause` groups those of one reason.
HTML, XML, XLSX and pictures need the extra `compare`.
"""

from __future__ import annotations

from strangler.core.comparison._compare import compare
from strangler.core.comparison.difference import Difference, Kind, describe
from strangler.core.comparison.learning import learn
from strangler.core.comparison.presets import PRESETS
from strangler.core.comparison.rules import NOISE, Action, Rule

__all__ = ["NOISE", "PRESETS", "Action", "Difference", "Kind", "Rule", "compare", "describe", "learn"]
