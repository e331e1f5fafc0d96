"""A process that moves tables, to be killed: ``python -m tests.faults.moving CONTROL SOURCE TARGET TABLE…``.

CONTROL is the path of a SQLite file that holds the record of the move. With ``--until-following`` it ends when all is
copied and no change waits.
"""

# ruff: noqa: PLC0415 - models can be imported only when Django is set up

from __future__ import annotations

import sys
import time

import django
from django.conf import settings

from strangler.core.stages import MoveStage


def configure(control):
    """Set Django up with nothing but what moves need."""
    from strangler.conf import database_from_url

    settings.configure(
        INSTALLED_APPS=["strangler.rollout", "strangler.isolation", "strangler.move"],
        DATABASES={"default": database_from_url(f"sqlite:///{control}")},
        USE_TZ=True,
    )
    django.setup()


def open_pair(source, target):
    from strangler.move.databases import Pair, connection_to, dialect_of

    pair = Pair(
        source=dialect_of(connection_to(source, alias="source")),
        target=dialect_of(connection_to(target, alias="target")),
    )
    pair.source.open_source()
    pair.target.open_target()
    return pair


def find_or_create(pair, names):
    from strangler.move import laying
    from strangler.move.models import MoveRecord
    from strangler.move.tables import TablePair

    record = MoveRecord.current("images", using="default")
    if record is not None:
        return record
    tables = [
        TablePair(number=number, source=pair.source.introspect(name), target=pair.target.introspect(name))
        for number, name in enumerate(names, start=1)
    ]
    return laying.create("images", tables=tables, is_replica=False, pair=pair, actor="tests")


def main(control, source, target, *names):
    configure(control)
    from django.core.management import call_command

    from strangler.move import chunks
    from strangler.move.runner import Runner

    chunks.LARGEST = 500  # many chunks, so that a kill meets one
    call_command("migrate", verbosity=0, interactive=False)
    pair = open_pair(source, target)
    record = find_or_create(pair, names)
    began = time.monotonic()
    Runner(record=record, pair=pair, actor="tests").run(until=MoveStage.FOLLOWING)
    sys.stdout.write(f"following after {time.monotonic() - began:.1f} s\n")
    pair.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
