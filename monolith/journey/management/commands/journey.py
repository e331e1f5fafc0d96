"""`manage.py journey`: prepare the shop, start it, drive the main journey through it, keep serving."""

import contextlib
import fcntl
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from monolith.journey.acts import ACTS
from monolith.journey.narrator import Narrator
from monolith.journey.play import play
from monolith.journey.preparation import prepare
from monolith.journey.running import ROOT, StageError
from monolith.journey.site import Ports, Site

COMPLAINT_LINES = 200


class Command(BaseCommand):
    """Play the main journey against a running site."""

    help = "Start the shop and its services, drive the main journey through them over HTTP, and keep serving."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--once", action="store_true", help="stop after the journey; exit 1 if anything failed"
        )
        parser.add_argument("--port", type=int, help="port of the shop (8000, or the next free one)")
        parser.add_argument("--plain", action="store_true", help="no colours, no moving lines")
        parser.add_argument(
            "--state", type=Path, default=ROOT / "var", help="folder for all data and logs (var)"
        )

    def handle(self, **options: Any) -> None:
        """Prepare, start, play; exit 1 and name what failed."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)  # or the site would go on without us
        out = Narrator(is_plain=options["plain"])
        state = options["state"].resolve()
        try:
            with _alone(state):
                site = Site(state=state, ports=Ports.choose(monolith=options["port"]))
                _run(site, out, keeps_serving=not options["once"])
                if out.failures:
                    out.explain(site.complaints(), limit=COMPLAINT_LINES)
        except StageError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("The journey was interrupted.", returncode=130) from None
        if out.failures:
            raise CommandError(
                "The journey failed:\n" + "\n".join(f"  ✗ {failure}" for failure in out.failures)
            )


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _run(site: Site, out: Narrator, *, keeps_serving: bool) -> None:
    prepare(site, out)
    with site.running():
        out.say(f"the shop is open at {site.url}; its log is {site.state / 'log' / 'up.log'}")
        play(site, out, acts=ACTS)
        out.table(
            "Where",
            [
                ("shop", site.url),
                ("admin", f"{site.url}/admin/"),
                ("reports, for staff", f"{site.url}/reporting/"),
                ("mail that the email service sent, for staff", f"{site.url}/email/"),
                ("mailbox of everybody", str(site.mailbox.folder)),
            ],
        )
        out.verdict()
        if keeps_serving:
            out.say("the shop stays open; Ctrl-C closes it")
            _serve(site)


def _serve(site: Site) -> None:
    """Stay until Ctrl-C; raises StageError if a part of the site ends on its own."""
    with contextlib.suppress(KeyboardInterrupt):  # the usual end, not a failure
        while True:
            time.sleep(1)
            site.check_running()


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Keep a second journey off the same data."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "journey.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StageError(
                f"Another journey is running in {state}: stop it first, or choose another --state."
            ) from None
        yield
