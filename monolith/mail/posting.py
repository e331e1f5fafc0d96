"""Posts the shop's letters: by SMTP in the request, or through the email service, as each seam's rollout says."""

from monolith.mail.letters import Letter
from monolith.mail.sender import send
from strangler.calls import seam


def _recipient(letter: Letter) -> str:
    return letter.to


@seam("email.welcome", message=Letter.body, key=_recipient)
def post_welcome(letter: Letter) -> None:
    """Post the mail to a new customer; raises MailNotSentError where the shop sends it itself."""
    send(letter.template, to=letter.to, context=letter.context)


@seam("email.order", message=Letter.body, key=_recipient)
def post_order(letter: Letter) -> None:
    """Post the confirmation of an order; raises MailNotSentError where the shop sends it itself."""
    send(letter.template, to=letter.to, context=letter.context)


@seam("email.invoice", message=Letter.body, key=_recipient)
def post_invoice(letter: Letter) -> None:
    """Post a paid invoice; raises MailNotSentError where the shop sends it itself."""
    send(letter.template, to=letter.to, context=letter.context)
