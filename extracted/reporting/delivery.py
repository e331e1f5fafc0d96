"""Send a link to a finished file by the email service: a message in the transaction that finishes the run."""

from django.urls import reverse
from django.utils import timezone

from extracted.reporting import links
from extracted.reporting.conf import config
from extracted.reporting.definitions import REPORTS
from extracted.reporting.models import Run
from strangler import outbox

MAIL = "email.deliver"
EMAIL_QUEUE = "email"


def deliver(run: Run) -> None:
    """Ask the email service to send the link of *run* to its recipients; one mail per run for ever.

    In the caller's transaction.
    """
    if not run.recipients:
        return
    body = {
        "template": "report",
        "to": run.recipients,
        "context": {"report": _about(run)},
        "business_id": f"reporting:run:{run.pk}",
    }
    outbox.send(MAIL, body, to=EMAIL_QUEUE, key=f"reporting:{run.pk}")


def _about(run: Run) -> dict[str, str]:
    expires_at = timezone.now() + config().link_lifetime
    return {
        "title": REPORTS[run.report].title,
        "subtitle": ", ".join(f"{name} {value}" for name, value in run.parameters.items()),
        "rows": f"{run.rows:,}",
        "as_of": f"{run.as_of:%d %b %Y %H:%M:%S} UTC" if run.as_of else "an unknown moment",
        "expires_at": f"{expires_at:%d %b %Y %H:%M} UTC",
        "link": config().site_url + links.link(run),
        "page": config().site_url + reverse("reporting:schedules"),
    }
