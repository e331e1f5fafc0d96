"""A corpus of pairs of answers: seeded regressions, which must be reported, and harmless variations, which must not.

Every case starts from a realistic answer of a Django shop (`answers`) and changes what its name says. The cases of
`held_out` were written after the rules, by the same people. At first one of 36 regressions and three of 30 variations came
out wrong; the rules were then made more general, so that they are held out no longer.
"""

from tests.bench.compare_corpus.held_out import HELD_OUT_REGRESSIONS, HELD_OUT_VARIATIONS
from tests.bench.compare_corpus.regressions import REGRESSIONS
from tests.bench.compare_corpus.variations import VARIATIONS

ALL_REGRESSIONS = {**REGRESSIONS, **HELD_OUT_REGRESSIONS}
ALL_VARIATIONS = {**VARIATIONS, **HELD_OUT_VARIATIONS}
