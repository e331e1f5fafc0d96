"""What all acts share: the site, who is there, what was promised, and who tells it."""

import json
import secrets
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from monolith.journey import looking
from monolith.journey.ledger import Ledger
from monolith.journey.narrator import Narrator, duration
from monolith.journey.pictures import Photograph, album
from monolith.journey.running import StageError
from monolith.journey.site import SEAM, Site
from monolith.journey.visitor import Answer, Visitor
from monolith.journey.watcher import Watcher

POLL_SECONDS = 0.2
ASK_SECONDS = 1.0  # between commands that ask how far something is: each computes for a third of a second
PATIENCE = timedelta(seconds=120)
FINISHED = {"ready", "failed"}


@dataclass(slots=True, kw_only=True)
class Scene:
    """The stage of the acts.

    Args:
        run: a word that makes this run's visitors different from those of an earlier one on the same data.
    """

    site: Site
    out: Narrator
    watcher: Watcher
    ledger: Ledger = field(default_factory=Ledger)
    photos: list[Photograph] = field(default_factory=album)
    people: dict[str, Visitor] = field(default_factory=dict)
    run: str = field(default_factory=lambda: secrets.token_hex(2))

    def visitor(self, first_name: str) -> Visitor:
        """Return the visitor of this name, who registers on the first call."""
        if first_name not in self.people:
            self.people[first_name] = Visitor(self.site.url, name=f"{first_name}-{self.run}")
            answer = self.people[first_name].register()
            self.out.check(answer.is_done, f"{first_name} registers ({duration(answer.seconds)})")
        return self.people[first_name]

    def copies(self, label: str, photos: Iterable[Photograph] | None = None) -> list[Photograph]:
        """Return own copies of *photos*, or of all, that no earlier upload had."""
        return [
            photo.own_copy(f"{label}-{self.run}") for photo in (self.photos if photos is None else photos)
        ]

    @property
    def small_photo(self) -> Photograph:
        """The photo that costs least to send often."""
        return min(self.photos, key=lambda photo: photo.megapixels)

    def upload(self, visitor: Visitor, photos: Sequence[Photograph], *, accept: str = "text/html") -> Answer:
        """Upload, and write down what was promised."""
        return self.ledger.note(visitor, photos, visitor.upload(photos, accept=accept))

    def rollout(self, *position: str, seam: str = SEAM) -> None:
        """Change a seam by the one command that operators use, and show it."""
        self.rollouts([seam], *position)

    def rollouts(self, seams: Sequence[str], *position: str) -> None:
        """Change several seams, all at the same time, and show the commands one after the other."""
        force = (
            [] if position[0] == "legacy" else ["--force"]
        )  # forward without proof, which it has not collected
        reason = [] if "--reason" in position else ["--reason", "to watch what happens"]
        options = [*position, *force, *reason, "--actor", "journey"]
        commands = [("strangler", "rollout", seam, *options) for seam in seams]
        with ThreadPoolExecutor(len(commands)) as pool:
            outputs = pool.map(lambda command: self.site.manage(*command), commands)
            for command, printed in zip(commands, outputs, strict=True):
                self.out.command(f"python manage.py {' '.join(command)}", printed)

    def command(self, *arguments: str, fails: bool = False) -> str:
        """Run a command of manage.py, which may be meant to fail; show what it prints, and return that."""
        printed = self.site.manage(*arguments, fails=fails)
        self.out.command(f"python manage.py {' '.join(arguments)}", printed)
        return printed

    def wait_for_upload(self, visitor: Visitor, address: str) -> dict[str, object]:
        """Follow an accepted upload to its end, or as far as it gets in time; returns its last status."""
        deadline = time.monotonic() + PATIENCE.total_seconds()
        while True:
            status = visitor.upload_status(address)
            if status["status"] in FINISHED or time.monotonic() > deadline:
                return status
            time.sleep(POLL_SECONDS)

    def wait_for_move(self, service: str, stage: str) -> bool:
        """Wait until the move to *service* is at *stage*; returns whether it came in time."""
        deadline = time.monotonic() + PATIENCE.total_seconds()
        while time.monotonic() < deadline:
            with suppress(StageError):  # there is no move before `start` has begun one
                found = self.site.manage("strangler", "move", service, "status", "--format", "json")
                if json.loads(found)["stage"] == stage:
                    return True
            time.sleep(ASK_SECONDS)
        return False

    def check_pictures(self, visitor: Visitor, photos: Sequence[Photograph], *, text: str) -> None:
        """Check every picture of *photos* in the visitor's gallery."""
        problems = looking.problems_of(visitor, photos, visitor.gallery())
        self.out.check(not problems, text)
        self.out.explain(problems)

    def tell_home_page(self, since: float, *, meanwhile: str) -> float:
        """Say how the home page did since then for the other visitor; returns its 99th percentile."""
        sight = self.watcher.since(since)
        p50, p99 = sight.percentile(50), sight.percentile(99)
        text = (
            f"the home page {meanwhile}: {len(sight.looks)} looks, p50 {duration(p50)}, p99 {duration(p99)}"
        )
        self.out.check(not sight.problems, text)
        self.out.explain(sight.problems)
        return p99
