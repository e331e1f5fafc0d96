"""Be the reporting service for a test of the shop: hear messages, and answer requests, all in one process.

``python -m tests.services.reporting.answering wanted.json``; the answers come to ``wanted.answers``.
"""

import json
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import django
from django.core.management import call_command
from django.test import Client

STAFF = {"id": "1", "username": "sam", "is_staff": True}


def main() -> None:
    """Migrate, hear, answer."""
    django.setup()
    path = Path(sys.argv[1])
    wanted = json.loads(path.read_text())
    call_command("migrate", verbosity=0)
    hear(wanted["bodies"])
    answers = {address: answer(address) for address in wanted["addresses"]}
    for name in ("sales", "best-customers", "printing"):
        answers[name] = run(name)
    path.with_suffix(".answers").write_text(json.dumps(answers))


def hear(bodies: list[dict]) -> None:
    """Apply chunks and messages."""
    from django.db import transaction  # noqa: PLC0415 - after the settings

    from extracted.reporting.feed.applying import Change, apply_change, apply_chunk  # noqa: PLC0415

    for body in bodies:
        if "upto" in body:
            with transaction.atomic():
                apply_chunk(Change.parse(body))
        else:
            apply_change(body)


def answer(address: str) -> str:
    """Return what a member of the staff gets at *address*."""
    from strangler.service import Principal, sign_principal  # noqa: PLC0415

    principal = sign_principal(Principal(**STAFF), audience="reporting")
    got = Client(headers={"Strangler-Principal": principal}).get(address)
    return b"".join(got).decode()


def run(name: str) -> str:
    """Return the CSV file of a run that has to go on again and again."""
    from django.conf import settings  # noqa: PLC0415

    from extracted.reporting.conf import config  # noqa: PLC0415
    from extracted.reporting.definitions import REPORTS  # noqa: PLC0415
    from extracted.reporting.running import request_run, work  # noqa: PLC0415
    from extracted.reporting.writing import store  # noqa: PLC0415
    from strangler.service import Principal, ServiceUser  # noqa: PLC0415

    settings.REPORTING["SLICE"] = timedelta(microseconds=1)
    config.cache_clear()
    REPORTS[name] = replace(REPORTS[name], page_rows=2)
    wish = request_run(name, raw={"year": "2026"}, format="csv", user=ServiceUser(Principal(**STAFF)))
    while work(wish.pk, holder="test"):
        pass
    wish.refresh_from_db()
    assert wish.state == "ready", wish.reason
    return store().path(wish.file).read_bytes().decode()


if __name__ == "__main__":
    main()
