"""The views behind the shop's old addresses."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import wraps
from itertools import chain
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from extracted.reporting.definitions import REPORTS, Report
from extracted.reporting.definitions.parameters import FIRST_YEAR
from extracted.reporting.door import for_staff
from extracted.reporting.feed import freshness
from extracted.reporting.legacy.rows import best_customers, monthly_sales, printers
from extracted.reporting.preview import all_rows
from extracted.reporting.running import request_run
from extracted.reporting.running.reader import StatementEndedError
from extracted.reporting.writing.csv_text import csv_head, csv_lines

SHOWN_ROWS = 100
BEST = 10

View = Callable[[HttpRequest, int], HttpResponseBase]


def of_year(report: str) -> Callable[[View], Callable[[HttpRequest], HttpResponseBase]]:
    """Give a view the year that is asked for; what takes longer than a page may becomes a run of *report*."""

    def decorate(view: View) -> Callable[[HttpRequest], HttpResponseBase]:
        @for_staff
        @require_safe
        @wraps(view)
        def answer(request: HttpRequest) -> HttpResponseBase:
            year = read_year(request.GET.get("year", ""), today=timezone.now().date())
            try:
                return view(request, year)
            except StatementEndedError:
                run = request_run(report, raw={"year": str(year)}, format="csv", user=request.user)
                return redirect("reporting:run", pk=run.pk)

        return answer

    return decorate


def read_year(text: str, *, today: date) -> int:
    """Return the year that *text* names, between 2000 and the next; this year when it names none."""
    year = int(text) if text.isdecimal() and len(text) == len("2000") else today.year
    return min(max(year, FIRST_YEAR), today.year + 1)


@of_year("sales")
def overview(request: HttpRequest, year: int) -> HttpResponse:
    """Show the year at a glance: sales by month and the best customers."""
    months = monthly_sales(year)
    context = {
        "year": year,
        "freshness": freshness(),
        "months": months,
        "best": best_customers(year, limit=BEST),
        "orders": sum(month.orders for month in months),
        "revenue": sum((month.revenue for month in months), Decimal(0)),
        "top_revenue": max((month.revenue for month in months), default=0),
    }
    return render(request, "reporting/legacy/overview.html", context)


@of_year("sales")
def sales(_request: HttpRequest, year: int) -> HttpResponseBase:
    """Download sales by month."""
    return _csv(REPORTS["sales"], {"year": year}, name=f"sales-{year}")


@of_year("best-customers")
def customers(_request: HttpRequest, year: int) -> HttpResponseBase:
    """Download the best customers."""
    return _csv(REPORTS["best-customers"], {"year": year, "most": 20}, name=f"best-customers-{year}")


@of_year("printing")
def printing(request: HttpRequest, year: int) -> HttpResponseBase:
    """Show, or with `?format=csv` download, who prints what."""
    if request.GET.get("format") == "csv":
        return _csv(REPORTS["printing"], {"year": year}, name=f"printing-{year}")
    rows, count = printers(year, limit=SHOWN_ROWS)
    context = {"year": year, "freshness": freshness(), "rows": rows, "count": count}
    return render(request, "reporting/legacy/printing.html", context)


def _csv(report: Report, values: dict[str, Any], *, name: str) -> HttpResponseBase:
    pages = all_rows(report, values)
    first = next(pages)  # before the answer begins: afterwards nobody could say that it takes too long
    response = StreamingHttpResponse(
        _lines(report, chain([first], pages)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _lines(report: Report, pages: Iterator[list[Any]]) -> Iterator[bytes]:
    yield csv_head(report.columns)
    for rows in pages:
        yield csv_lines(report.columns, rows)
