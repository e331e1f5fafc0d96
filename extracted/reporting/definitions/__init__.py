"""What reports there are: each is a definition, data and SQL, that every format and page is made from."""

from extracted.reporting.definitions.catalogue import REPORTS, find_report, reports_for
from extracted.reporting.definitions.report import Audience, Chart, Column, Kind, Report, Values

__all__ = [
    "REPORTS",
    "Audience",
    "Chart",
    "Column",
    "Kind",
    "Report",
    "Values",
    "find_report",
    "reports_for",
]
