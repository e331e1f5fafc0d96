"""The acts of the journey, in order; each is a module with a TITLE and `play(scene)`."""

from monolith.journey.acts import (
    arrival,
    bad_input,
    canary,
    comparing,
    live,
    mail,
    moving,
    outage,
    reporting,
    shelves,
    way_back,
)

ACTS = (arrival, canary, live, outage, way_back, mail, comparing, moving, shelves, reporting, bad_input)

__all__ = ["ACTS"]
