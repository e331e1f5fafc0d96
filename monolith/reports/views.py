"""Reports for the staff; every figure is computed while the page is waited for."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from monolith.reports.period import Period, read_year
from monolith.reports.printing import Printer, printing_customers
from monolith.reports.sales import BestCustomer, MonthlySales, best_customers, monthly_sales
from monolith.reports.table import csv_response

SHOWN_ROWS = 100

View = Callable[[HttpRequest], HttpResponse]


def staff_only(view: View) -> View:
    """Let only staff in; visitors are asked to log in, customers get 403."""

    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        if not request.user.is_staff:
            raise PermissionDenied
        return view(request)

    return require_safe(login_required(checked))


@staff_only
def overview(request: HttpRequest) -> HttpResponse:
    """Show the year at a glance: sales by month and the best customers."""
    period = _period(request)
    months = monthly_sales(period)
    context = {
        "period": period,
        "months": months,
        "best": best_customers(period, limit=10),
        "orders": sum(month.orders for month in months),
        "revenue": sum(month.revenue for month in months),
        "top_revenue": max((month.revenue for month in months), default=0),
    }
    return render(request, "reports/overview.html", context)


@staff_only
def sales(request: HttpRequest) -> HttpResponse:
    """Download sales by month."""
    period = _period(request)
    return csv_response(monthly_sales(period), row_type=MonthlySales, name=f"sales-{period.year}")


@staff_only
def customers(request: HttpRequest) -> HttpResponse:
    """Download the best customers."""
    period = _period(request)
    return csv_response(best_customers(period), row_type=BestCustomer, name=f"best-customers-{period.year}")


@staff_only
def printing(request: HttpRequest) -> HttpResponse:
    """Show, or with `?format=csv` download, who prints what."""
    period = _period(request)
    rows: Sequence[Any] = printing_customers(period)
    if request.GET.get("format") == "csv":
        return csv_response(rows, row_type=Printer, name=f"printing-{period.year}")
    context = {"period": period, "rows": rows[:SHOWN_ROWS], "count": len(rows)}
    return render(request, "reports/printing.html", context)


def _period(request: HttpRequest) -> Period:
    return Period.of_year(read_year(request.GET.get("year", ""), today=timezone.now()))
