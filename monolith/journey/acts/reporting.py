"""Staff make the heavy report while visitors log in: in the shop, and in a service that has tables of its own."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from monolith.journey import pages
from monolith.journey.logins import LogIns
from monolith.journey.narrator import Narrator, duration
from monolith.journey.runs import ReportRun, Status, sheet_rows
from monolith.journey.scene import PATIENCE, POLL_SECONDS, Scene
from monolith.journey.site import REPORT_SEAMS
from monolith.journey.visitor import Answer, Visitor

TITLE = "the heavy report while visitors log in"
# From the beginning, which also brings rows that came past Django: a table that moved back, a shop that was seeded again.
FILL = ("fill_reports", "--settings", "extracted.reporting.settings", "--restart")
PEOPLE = ("ann", "ben")
SPAN_SECONDS = 1.0
EVERY_SECONDS = 0.25
MAKERS = {"legacy": "the shop", "service": "the service"}
REPORTS = (
    "/reports/printing/?year={year}",  # the heavy one
    "/reports/printing/?year={year}&format=csv",
    "/reports/sales.csv?year={year}",
    "/reports/best-customers.csv?year={year}",
)
LIMITS = (
    "both sides share this machine's processors, and a shop this small locks nobody out; "
    "`make bench NAME=reporting` measures a large one on MariaDB"
)
ALL_LINES = {"since": "-1000", "until": "today"}
CANCEL_TRIES = 5
SAFE_DISTANCE = timedelta(days=90)  # in January there would be little to report of the year


def play(scene: Scene) -> None:
    """Fill the read model, make the report on both sides, compare the cells, make files, go back."""
    staff = Visitor(scene.site.url, name="staff")
    is_in = staff.log_in(password="staff").is_done  # noqa: S106 - the seed's, which only this machine has
    scene.out.check(is_in, "somebody of the staff logs in")
    _fill(scene, staff)
    _log_in_quietly(scene)
    legacy = _make_reports(scene, staff, side="legacy")
    scene.rollouts(REPORT_SEAMS, "live", "--reason", "off the tables of the logins")
    service = _make_reports(scene, staff, side="service")
    _compare(scene, legacy, service)
    scene.out.say(LIMITS)
    _make_a_file(scene, staff)
    _cancel_one(scene, staff)
    scene.rollouts(REPORT_SEAMS, "legacy", "--reason", "because we can")
    again = _ask(staff)
    _check_side(scene, again, side="legacy")
    _compare(scene, legacy, again)


def _fill(scene: Scene, staff: Visitor) -> None:
    """Give the service all rows of the shop; what changed since it hears by message."""
    scene.command(*FILL)
    deadline = time.monotonic() + PATIENCE.total_seconds()
    page = _overview(staff)
    while (page.is_stale or not page.as_of) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        page = _overview(staff)
    scene.out.check(
        bool(page.as_of) and not page.is_stale, f"the service's pages say as of when they are: {page.as_of}"
    )


def _overview(staff: Visitor) -> pages.Page:
    return pages.read(staff.get("/reporting/").text)


def _log_in_quietly(scene: Scene) -> None:
    with _logins(scene) as logins:
        time.sleep(SPAN_SECONDS)
    _tell_logins(scene, logins, meanwhile="while nobody makes a report")


def _make_reports(scene: Scene, staff: Visitor, *, side: str) -> list[Answer]:
    """Make all reports again and again while people log in; returns the answers of the first time."""
    first: list[Answer] = []
    heavy: list[float] = []
    with _logins(scene) as logins:
        end = time.monotonic() + SPAN_SECONDS
        while not first or time.monotonic() < end:
            due = time.monotonic() + EVERY_SECONDS
            answers = _ask(staff)
            first = first or answers
            heavy.append(answers[0].seconds)
            time.sleep(max(0.0, due - time.monotonic()))
    _check_side(scene, first, side=side)
    maker = MAKERS[side]
    _tell_logins(scene, logins, meanwhile=f"while {maker} makes the reports")
    median = duration(sorted(heavy)[len(heavy) // 2])
    scene.out.done(f"{maker} made the heavy one {len(heavy)} times, median {median}")
    scene.out.figure(f"the heavy report, made by {maker}, median", median)
    return first


def _ask(staff: Visitor) -> list[Answer]:
    # The year is named, so that both sides are asked for the same one at New Year too.
    year = (datetime.now(tz=UTC) - SAFE_DISTANCE).year
    return [staff.get(address.format(year=year)) for address in REPORTS]


def _logins(scene: Scene) -> LogIns:
    return LogIns([scene.visitor(name) for name in PEOPLE])


def _check_side(scene: Scene, answers: Iterable[Answer], *, side: str) -> None:
    wrong = [f"{each}" for each in answers if str(each) != f"200 from {side}"]
    scene.out.check(not wrong, f"{len(REPORTS)} reports are answered 200 from {side}")
    scene.out.explain(wrong)


def _tell_logins(scene: Scene, logins: LogIns, *, meanwhile: str) -> None:
    sight = logins.sight
    median, slowest = duration(sight.percentile(50)), duration(sight.percentile(100))
    scene.out.check(
        not sight.problems, f"{len(sight.looks)} logins {meanwhile}: median {median}, slowest {slowest}"
    )
    scene.out.explain(sight.problems)
    scene.out.figure(f"log in {meanwhile}, median", median)


def _compare(scene: Scene, before: list[Answer], after: list[Answer]) -> None:
    """Check that both have the same cells, and that there are some."""
    pairs = list(zip(REPORTS, map(_cells, before), map(_cells, after), strict=True))
    different = [address for address, expected, cells in pairs if not expected or expected != cells]
    count = sum(len(expected) for _, expected, _ in pairs)
    scene.out.check(not different, f"their {count:,} cells are the same as before")
    scene.out.explain(different)


def _make_a_file(scene: Scene, staff: Visitor) -> None:
    """Have all order lines made into a file while people log in, and look at its progress as its page does."""
    progress = _Progress(scene.out)
    with _logins(scene) as logins:
        began = time.perf_counter()
        run = ReportRun.ask(staff, "order-lines", format="xlsx", values=ALL_LINES)
        scene.out.say(f"on the service's pages the staff asks for all order lines, in Excel: {run.address}")
        status = run.wait(progress.show)
        seconds = time.perf_counter() - began
    is_ready = status["state"] == "ready"
    rows = sheet_rows(staff.fetch(status["file"])) if is_ready else 0
    scene.out.check(
        is_ready and 0 < rows == status["rows"],
        f"after {duration(seconds)} it is {status['state']}, and the file has {rows:,} rows",
    )
    scene.out.explain([] if is_ready else [status["reason"]])
    scene.out.check(not logins.sight.problems, f"{len(logins.sight.looks)} logins meanwhile, and none failed")
    scene.out.explain(logins.sight.problems)


class _Progress:
    """Says how far a run is whenever it is further."""

    def __init__(self, out: Narrator) -> None:
        self._out = out
        self._last = ""

    def show(self, status: Status) -> bool:
        """Say it if it is new; returns whether the run is finished."""
        of_all = "" if status["expected"] is None else f" of {status['expected']:,}"
        text = f"{status['state']}: {status['rows']:,}{of_all} rows"
        if text != self._last:
            self._out.say(text)
        self._last = text
        return bool(status["is_finished"])


def _cancel_one(scene: Scene, staff: Visitor) -> None:
    """Cancel a run that somebody works on; a machine that is quicker than the button gets another one."""
    for _ in range(CANCEL_TRIES):
        run = ReportRun.ask(staff, "order-lines", format="pdf", values=ALL_LINES)
        run.wait(lambda status: status["state"] != "queued")
        began = time.perf_counter()
        run.cancel()
        status = run.wait(lambda status: status["is_finished"])
        if status["state"] != "ready":
            break
    scene.out.check(
        status["state"] == "cancelled" and status["file"] is None,
        f"a PDF that nobody wants any more: it is {status['state']} {duration(time.perf_counter() - began)} "
        "after the button, and there is no file",
    )


def _cells(answer: Answer) -> list[str]:
    if answer.headers.get("content-type", "").startswith("text/csv"):
        return [cell for line in answer.text.splitlines() for cell in line.split(",")]
    return pages.read(answer.text).cells
