"""Tests of a seam, for pytest: one test against both sides, recorded captures replayed, calls to services counted.

The plugin comes with the distribution (`strangler.testing.plugin`) and does nothing in a project without a topology. What its
fixtures hand out is documented by the classes here; nobody makes them by hand.

legacy, service, both_sides, side      clients: `.get(path)`, `.post(path, data)`, …, `.call(seam, *args)`, `.login(user)`
├── legacy    in this process, in a sandbox; gives an Observation
├── service   the same to the seam's service, which is started once per session; gives an Observation
└── both      the two; gives an Exchange, whose `differences` are found by the seam's rules
"""

from __future__ import annotations
