"""Refuse a move that would lose, change or block something, before anything is touched.

`examine` runs every check and returns all refusals and warnings at once; each has a name, a reason and a next action.
"""

from strangler.move.preflight.examining import examine
from strangler.move.preflight.refusals import Refusal

__all__ = ["Refusal", "examine"]
