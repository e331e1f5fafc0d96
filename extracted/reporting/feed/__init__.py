"""How the read model is filled and kept up to date.

`applying` takes the shop's messages; `backfilling` asks for whole tables in chunks; `freshness` says as of when the
read model is, which marks measure that take the same way as the changes.
"""

from extracted.reporting.feed.applying import apply_change, apply_mark
from extracted.reporting.feed.backfilling import backfill
from extracted.reporting.feed.freshness import Freshness, behind, freshness

__all__ = ["Freshness", "apply_change", "apply_mark", "backfill", "behind", "freshness"]
