"""All reports, and who may see which."""

from typing import Any

from extracted.reporting.definitions.lists import CUSTOMERS, ORDER_LINES
from extracted.reporting.definitions.printing import PRINTING
from extracted.reporting.definitions.report import Audience, Report
from extracted.reporting.definitions.sales import BEST_CUSTOMERS, MONTHLY
from extracted.reporting.errors import UnknownReportError

REPORTS = {each.name: each for each in (MONTHLY, BEST_CUSTOMERS, PRINTING, ORDER_LINES, CUSTOMERS)}


def reports_for(user: Any) -> list[Report]:
    """Return the reports that *user* may see."""
    return [each for each in REPORTS.values() if may_see(user, each)]


def may_see(user: Any, report: Report) -> bool:
    """Tell whether *user*, anything with `is_staff` and `is_superuser`, may see *report*."""
    if report.audience is Audience.SUPERUSERS:
        return bool(user.is_superuser)
    return bool(user.is_staff or user.is_superuser)


def find_report(name: str, *, user: Any) -> Report:
    """Return the report called *name*.

    Raises: UnknownReportError: there is none that *user* may see.
    """
    report = REPORTS.get(name)
    if report is None or not may_see(user, report):
        raise UnknownReportError(f"there is no report {name[:60]!r} that you may see")
    return report
