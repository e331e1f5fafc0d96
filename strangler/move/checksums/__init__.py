"""Compare tables across engines by sums that no change can slip through.

`columns` and `introspection` say what a table is, `pairs` in which canonical text two columns are compared, one file
per engine how that text and the sums are said in its SQL, `sums` what they mean, and `reading` asks one side for them.
"""

from strangler.move.checksums.pairs import Pair, Remark, find_accepted, find_losses, pair_columns
from strangler.move.checksums.reading import Partition, Side
from strangler.move.checksums.sums import Sums

__all__ = ["Pair", "Partition", "Remark", "Side", "Sums", "find_accepted", "find_losses", "pair_columns"]
