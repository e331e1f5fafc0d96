"""Take a message: check it, compose it, store it, and have it sent."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from extracted.email.addresses import normalise
from extracted.email.announcing import announce
from extracted.email.composing import Content, compose
from extracted.email.conf import config
from extracted.email.errors import ConflictError, TemplateError
from extracted.email.models import Message, Recipient, Source
from extracted.email.states import State
from extracted.email.submission import Submission

logger = logging.getLogger(__name__)
_NOTHING = Content(subject="", text="", html="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A message that is stored; *is_new* is False for a repetition, which changed nothing."""

    message: Message
    is_new: bool


def take(
    submission: Submission,
    *,
    source: Source,
    requested_by: str = "",
    resend_of: Message | None = None,
    is_parked_on_failure: bool = False,
    then: Callable[[UUID], object] | None = None,
) -> Taken:
    """Store the mail that *submission* asks for, in the caller's transaction if there is one.

    Idempotent for one business id.

    Args:
        requested_by: principal of who asks.
        is_parked_on_failure: keep a message whose template is missing or fails, where staff find it, instead of
            refusing it: for senders who can't be told.
        then: called with the id of a new message after the commit; announces it to the workers by default.
    Raises:
        ConflictError: the business id belongs to a message with another content.
        TemplateError, HeaderInjectionError, TooLargeError: the mail can't be composed; nothing was stored.
    """
    earlier = known(submission)
    if earlier:
        return Taken(message=earlier, is_new=False)
    content, problem = _composed(submission, is_parked_on_failure=is_parked_on_failure)
    message = _row(submission, content, problem=problem, source=source)
    message.requested_by, message.resend_of = requested_by, resend_of
    try:
        with transaction.atomic():
            message.save(force_insert=True)
            Recipient.objects.bulk_create(_recipients(message, submission))
            if not problem:
                transaction.on_commit(partial(then or _announce, message.pk))
    except IntegrityError:
        # The same business id was taken beside us.
        earlier = known(submission)
        if earlier is None:
            raise
        return Taken(message=earlier, is_new=False)
    return Taken(message=message, is_new=True)


def known(submission: Submission) -> Message | None:
    """Return the message that an earlier submission with the same business id made.

    Raises: ConflictError: it had another content.
    """
    if not submission.business_id:
        return None
    message = Message.objects.filter(business_id=submission.business_id).first()
    if message and message.fingerprint != submission.fingerprint:
        raise ConflictError(submission.business_id)
    return message


def _composed(submission: Submission, *, is_parked_on_failure: bool) -> tuple[Content, str]:
    try:
        content = compose(submission.template, context=submission.context, locale=submission.locale)
    except TemplateError as error:
        if not is_parked_on_failure:
            raise
        logger.error("a mail is parked: %s", error)  # noqa: TRY400 - the text says it all
        return _NOTHING, str(error)
    return content, ""


def _row(submission: Submission, content: Content, *, problem: str, source: Source) -> Message:
    id_, now = uuid4(), timezone.now()
    return Message(
        id=id_,
        business_id=submission.business_id or None,
        fingerprint=submission.fingerprint,
        source=source,
        template=submission.template,
        locale=submission.locale,
        context=dict(submission.context),
        message_id=f"<{id_}@{config().message_id_domain}>",
        sender=config().sender,
        subject=content.subject,
        text=content.text,
        html=content.html,
        state=State.PARKED if problem else State.QUEUED,
        reason=problem,
        created_at=now,
        not_before=now,
        due_at=None if problem else now + config().resend_after,
        finished_at=now if problem else None,
    )


def _recipients(message: Message, submission: Submission) -> list[Recipient]:
    return [
        Recipient(message=message, position=position, address=address, normalised=normalise(address))
        for position, address in enumerate(submission.to)
    ]


def _announce(message_id: UUID) -> None:
    if not announce([message_id]):
        # Not after the usual wait but as soon as the broker is back.
        Message.objects.filter(pk=message_id, state=State.QUEUED).update(due_at=timezone.now())
