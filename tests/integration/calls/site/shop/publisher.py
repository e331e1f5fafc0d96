"""Send jobs in every way that Celery knows: `python -m … PREFIX RATE STOP-FILE`.

Prints, at its end, one line per execution that must follow: task and job.
"""

import itertools
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import django
from celery import chain, chord, group

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.integration.calls.site.shop.settings")
django.setup()

from tests.integration.calls.site.shop import app  # noqa: E402
from tests.integration.calls.site.shop.tasks import flaky, nightly, note, total  # noqa: E402


def delay(job: str) -> list[str]:
    nightly.delay(job)
    return [f"nightly {job}"]


def countdown(job: str) -> list[str]:
    nightly.apply_async((job,), countdown=0.5)
    return [f"nightly {job}"]


def by_old_name(job: str) -> list[str]:
    app.send_task("shop.nightly", [job])
    return [f"nightly {job}"]


def by_new_name(job: str) -> list[str]:
    app.send_task("reports.nightly", [job])
    return [f"nightly {job}"]


def retried(job: str) -> list[str]:
    flaky.delay(job)
    return [f"flaky {job}"]


def linked(job: str) -> list[str]:
    nightly.apply_async((job,), link=note.s(job))
    return [f"nightly {job}", f"note {job}:{job}"]


def chained(job: str) -> list[str]:
    chain(nightly.s(job), note.s(f"{job}a"), flaky.si(f"{job}b"), note.s(f"{job}c")).apply_async()
    return [f"nightly {job}", f"note {job}a:{job}", f"flaky {job}b", f"note {job}c:{job}b"]


def grouped(job: str) -> list[str]:
    group(nightly.s(f"{job}.{number}") for number in range(3)).apply_async()
    return [f"nightly {job}.{number}" for number in range(3)]


def chorded(job: str) -> list[str]:
    jobs = [f"{job}.{number}" for number in range(3)]
    chord([nightly.s(jobs[0]), flaky.s(jobs[1]), nightly.s(jobs[2])])(total.s(job))
    done = [f"nightly {jobs[0]}", f"flaky {jobs[1]}", f"nightly {jobs[2]}"]
    return [*done, f"total {job}:{'+'.join(jobs)}"]


def chord_in_chain(job: str) -> list[str]:
    jobs = [f"{job}.{number}" for number in range(2)]
    chain(nightly.s(f"{job}h"), group(nightly.si(each) for each in jobs), total.s(job)).apply_async()
    return [f"nightly {job}h", *(f"nightly {each}" for each in jobs), f"total {job}:{'+'.join(jobs)}"]


WAYS = (
    delay,
    countdown,
    by_old_name,
    by_new_name,
    retried,
    linked,
    chained,
    grouped,
    chorded,
    chord_in_chain,
)


def publish(prefix: str, *, rate: float, stop: Path, sent: list[str]) -> None:
    """Send jobs in all ways in turn, *rate* per second, until *stop* exists."""
    begin = time.monotonic()
    for number in itertools.count():
        time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        if stop.exists():
            return
        sent += WAYS[number % len(WAYS)](f"{prefix}{number}")


def main(prefix: str, rate: float, stop: Path) -> int:
    """Send from two threads, as a web server's do; return 1 if one of them failed."""
    sent: tuple[list[str], list[str]] = ([], [])
    with ThreadPoolExecutor(2) as pool:
        running = [
            pool.submit(publish, f"{prefix}{number}-", rate=rate / 2, stop=stop, sent=each)
            for number, each in enumerate(sent)
        ]
    for each in running:
        each.result()
    sys.stdout.write("\n".join(itertools.chain(*sent)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])))
