"""Registration: account, profile and welcome mail, all or nothing."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from monolith.accounts.forms import RegistrationForm
from monolith.accounts.models import Profile
from monolith.mail.letters import welcome
from monolith.mail.posting import post_welcome


@transaction.atomic
def register(form: RegistrationForm) -> AbstractBaseUser:
    """Create the account that the valid *form* describes and post its welcome mail.

    The mail is posted inside the transaction: an account whose owner never hears from us is not kept.

    Raises:
        MailNotSentError: the shop sends the mail itself, and the mail server refused or is down; no account was made.
    """
    user = form.save()
    Profile.objects.create(user=user, name=user.get_full_name())
    post_welcome(welcome(user))
    return user
