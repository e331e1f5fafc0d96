"""Drift: whether files, running servers and processes follow the topology and the rollouts of the database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.utils import timezone

from strangler.conf import config
from strangler.gateway.probing import running_stamp
from strangler.gateway.renderers import render
from strangler.gateway.site import Place
from strangler.gateway.stamp import Stamp
from strangler.rollout.models import RolloutEvent
from strangler.rollout.report import read_processes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, timedelta
    from pathlib import Path

    from strangler.gateway.installations import Installation
    from strangler.gateway.site import Site


_OTHER = {Place.CONTAINERS: Place.MACHINE, Place.MACHINE: Place.CONTAINERS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one file, server or process stands.

    Args:
        what: `file`, `server` or `process`.
        name: which one.
        found: its version, for people.
        is_current: whether that is the wanted one.
        behind: for how long it is not, since the last change of a rollout; None if it is or nobody knows.
    """

    what: str
    name: str
    found: str
    is_current: bool
    behind: timedelta | None = None


def check(site: Site, installations: Iterable[Installation]) -> list[Finding]:
    """Return how everything stands that should follow *site*; changes nothing."""
    late = _since_last_change(timezone.now())
    found: list[Finding] = []
    elsewhere = replace(site, place=_OTHER[site.place])
    for installation in installations:
        files = installation.names(render(site, [installation.what]))
        others = installation.names(render(elsewhere, [installation.what]))
        found += (_check_file(path, text, others[path], late=late) for path, text in files.items())
        found.append(_check_server(installation, site, late=late))
    return [*found, *_check_processes(site, late=late)]


def _check_file(path: Path, text: str, elsewhere: str, *, late: timedelta | None) -> Finding:
    if not path.exists():
        return Finding(what="file", name=str(path), found="missing", is_current=False)
    there = path.read_text(encoding="utf-8", errors="replace")
    if there == text:
        return Finding(what="file", name=str(path), found=str(Stamp.find(text)), is_current=True)
    stamp = Stamp.find(there)
    if stamp is not None and stamp == Stamp.find(text):
        why = "rendered with or without --machine, unlike here" if there == elsewhere else "changed by hand"
        return Finding(what="file", name=str(path), found=f"{stamp}, {why}", is_current=False)
    return Finding(
        what="file", name=str(path), found=str(stamp or "not rendered"), is_current=False, behind=late
    )


def _check_server(installation: Installation, site: Site, *, late: timedelta | None) -> Finding:
    stamp = running_stamp(installation.status_url)
    is_current = stamp == site.stamp
    return Finding(
        what="server",
        name=f"{installation.what} at {installation.status_url}",
        found=str(stamp or "does not answer"),
        is_current=is_current,
        behind=None if is_current or stamp is None else late,
    )


def _check_processes(site: Site, *, late: timedelta | None) -> Iterator[Finding]:
    wanted = site.snapshot.revision
    for name, revision in read_processes(now=timezone.now()).items():
        is_current = revision >= wanted
        yield Finding(
            what="process",
            name=name,
            found=f"rollouts {revision}",
            is_current=is_current,
            behind=None if is_current else late,
        )


def _since_last_change(now: datetime) -> timedelta | None:
    events = RolloutEvent.objects.using(config().database).order_by("-revision")
    changed_at = events.values_list("changed_at", flat=True).first()
    return None if changed_at is None else now - changed_at
