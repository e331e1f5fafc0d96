"""Before the curtain: tables, and a shop that is not empty."""

import time

from monolith.journey.narrator import Narrator, duration
from monolith.journey.site import Site

SEED = ("--users", "200", "--orders", "3000", "--photos", "60")


def prepare(site: Site, out: Narrator) -> None:
    """Create the monolith's tables and fill them as far as they are not; safe to repeat."""
    out.say(f"preparing the shop in {site.state}")
    started = time.perf_counter()
    site.manage("migrate", "--noinput")
    out.done(f"the database is ready ({duration(time.perf_counter() - started)})")
    started = time.perf_counter()
    site.manage("seed", *SEED)
    out.done(f"the shop has customers, orders and photos ({duration(time.perf_counter() - started)})")
