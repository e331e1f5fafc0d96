"""Invoice and payment pages."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from monolith.billing.forms import DemoCardForm
from monolith.billing.invoicing import AlreadyPaidError, pay_by_demo_card
from monolith.billing.models import Invoice
from monolith.mail.sender import MailNotSentError, log_failure


def _invoice_of(request: HttpRequest, number: str) -> Invoice:
    invoices = Invoice.objects.select_related("order__user")
    if not request.user.is_staff:
        invoices = invoices.filter(order__user=request.user)
    return get_object_or_404(invoices, number=number)


@require_safe
@login_required
def invoice(request: HttpRequest, number: str) -> HttpResponse:
    """Show an invoice, made to be printed."""
    found = _invoice_of(request, number)
    context = {"invoice": found, "items": found.order.items.all(), "payments": found.payments.all()}
    return render(request, "billing/invoice.html", context)


@login_required
def pay(request: HttpRequest, number: str) -> HttpResponse:
    """Take the payment of an invoice with the demonstration's card."""
    found = _invoice_of(request, number)
    form = DemoCardForm(request.POST or None)
    status = 400 if form.errors else 200
    if form.is_valid():
        try:
            payment = pay_by_demo_card(found, card_last4=form.cleaned_data["card_number"][-4:])
        except AlreadyPaidError:
            messages.info(request, f"Invoice {found} is paid already.")
            return redirect("orders:detail", number=found.order.number)
        except MailNotSentError as error:
            log_failure(error)
            form.add_error(None, "We could not send your invoice, so nothing was paid. Try again later.")
            status = 503
        else:
            messages.success(request, f"Thank you. We recorded your demo payment of £{payment.amount}.")
            return redirect("orders:detail", number=found.order.number)
    return render(request, "billing/pay.html", {"invoice": found, "form": form}, status=status)
