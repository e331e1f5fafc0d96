"""Take what other programs ask for by message: no person waits, so nothing is answered, and nothing may be lost."""

import logging

from extracted.email.errors import ConflictError
from extracted.email.intake import take
from extracted.email.models import Source
from extracted.email.submission import Submission

logger = logging.getLogger(__name__)


def deliver(submission: Submission, *, source: Source, is_parked_on_failure: bool) -> None:
    """Store a mail and have it sent after the commit; a repetition of a business id changes nothing.

    Args: is_parked_on_failure: keep a mail whose template is missing or fails where staff find it.
    Raises: RefusedError: it can't be taken as it is, and trying again would give the same.
    """
    try:
        taken = take(submission, source=source, is_parked_on_failure=is_parked_on_failure)
    except ConflictError as error:
        # One mail per business id is the promise, and the first one is on its way or has arrived.
        logger.warning("a message was left out: %s", error)
        return
    if not taken.is_new:
        logger.info("%s has come before", submission.business_id)
