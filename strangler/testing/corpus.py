"""Recorded captures as characterization tests: a side still does what was recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from strangler.core.capture import RecordedRequest
from strangler.core.decision import Side
from strangler.shadow.corpus import read
from strangler.testing.both import told
from strangler.testing.differing import Exchange, exchange
from strangler.testing.legacy import ask_request
from strangler.testing.questions import find_seam
from strangler.testing.service import ANSWERING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from django.contrib.auth.models import User

    from strangler.core.capture import Capture
    from strangler.core.comparison import Rule
    from strangler.core.observation import Observation
    from strangler.testing.services import Services


__tracebackhide__ = True  # a failure shows the line of the test, not ours


class Characterization:
    """One recorded capture, and the side that is asked to do it again.

    Args:
        capture: what was asked, and what the control did.
        side: who is asked now.
    """

    def __init__(self, capture: Capture, *, side: Side, services: Services) -> None:
        self.capture = capture
        self.side = side
        self._services = services

    def replay(self) -> Observation:
        """Return what the side does now, in its sandbox; skips what legacy can't be asked."""
        asked = self.capture.asked
        if self.side is Side.SERVICE:
            return self._services.ask(self.capture, timeout=ANSWERING)
        if not isinstance(asked, RecordedRequest):
            pytest.skip("Of a call its message is recorded, not its arguments: use --strangler-side service.")
        return ask_request(asked, user=lambda: _user_of(asked.principal))

    def compare(self, *, rules: Sequence[Rule] = ()) -> Exchange:
        """Return the recorded control and what the side does now, compared."""
        control, seen = self.capture.control, self.replay()
        if control.effects is None or seen.effects is None:  # nobody looked then, or nobody could now
            control, seen = replace(control, effects=None), replace(seen, effects=None)
        asked = told(self.capture.asked)
        return exchange(self.capture.seam, asked, legacy=control, service=seen, rules=rules)

    def check(self, *, rules: Sequence[Rule] = ()) -> None:
        """Fail the test if the side does otherwise than was recorded.

        Raises: AssertionError: names the differences, and the capture.
        """
        found = self.compare(rules=rules)
        if found.differences:
            names = ("the record", f"{self.side.value} now")
            raise AssertionError(f"Capture {self.capture.id}\n{found.report(names=names)}")


def read_captures(paths: Iterable[Path]) -> list[Capture]:
    """Return the captures of corpus files, and of all `*.jsonl` in folders.

    Raises: CorpusError: a file can't be read. UnknownSeamError: a capture is of a seam that is not in the topology.
    """
    found: list[Capture] = []
    for path in paths:
        for file in sorted(path.glob("*.jsonl")) if path.is_dir() else [path]:
            found += read(file)
    for capture in found:
        find_seam(capture.seam)
    return found


def id_of(capture: Capture) -> str:
    """Return the name of a capture's test."""
    asked = capture.asked
    what = f"{asked.method}-{asked.target}" if isinstance(asked, RecordedRequest) else asked.task
    return f"{capture.seam}-{what[:60]}-{capture.id}"


def _user_of(claims: Mapping[str, Any] | None) -> User | None:
    """Return the user whom a principal names, made in the sandbox where there is none."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415 - an app that may be missing

    if claims is None:
        return None
    model = get_user_model()
    user = model._default_manager.filter(pk=claims["id"]).first()  # noqa: SLF001 - what Django's own log-in uses
    if user is not None:
        return user
    said = {model.USERNAME_FIELD: claims["username"], "email": claims["email"]}
    said |= {name: claims[name] for name in ("is_staff", "is_superuser")}
    known = {field.name for field in model._meta.get_fields()}
    made = model(pk=claims["id"], **{name: value for name, value in said.items() if name in known})
    made.save()
    return made
