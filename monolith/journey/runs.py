"""Files that staff have made on the reporting service's pages."""

import io
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import requests

from monolith.journey.scene import PATIENCE
from monolith.journey.visitor import Visitor

FORM = "/reporting/reports/{report}/"
SHEET = "xl/worksheets/sheet1.xml"
POLL_SECONDS = 0.05
Status = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRun:
    """A run of a report, as the person sees it who asked for it."""

    staff: Visitor
    address: str

    @classmethod
    def ask(cls, staff: Visitor, report: str, *, format: str, values: Mapping[str, str]) -> "ReportRun":  # noqa: A002 - what people call it
        """Fill in the report's form and press *Make the file*.

        Raises: requests.HTTPError: the form was not taken.
        """
        answer = staff.fill_in(FORM.format(report=report), {"format": format, **values})
        if not answer.is_done:
            raise requests.HTTPError(f"The form of {report} was answered {answer}.")
        return cls(staff=staff, address=answer.location)

    def status(self) -> Status:
        """Return what the page's script asks for while the run goes on."""
        return cast("Status", self.staff.get(f"{self.address}status.json", accept="application/json").json)

    def wait(self, is_enough: Callable[[Status], bool]) -> Status:
        """Return the first status that *is_enough*, or the last one when that takes too long."""
        deadline = time.monotonic() + PATIENCE.total_seconds()
        while True:
            status = self.status()
            if is_enough(status) or time.monotonic() > deadline:
                return status
            time.sleep(POLL_SECONDS)

    def cancel(self) -> None:
        """Press *Cancel* on its page."""
        self.staff.fill_in(self.address, {}, action=f"{self.address}cancel/")


def sheet_rows(workbook: bytes) -> int:
    """Count the rows of an XLSX file's first sheet, without its headings."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        return archive.read(SHEET).count(b"<row") - 1
