"""Registration: account, profile and the message that asks for a welcome mail, all or nothing."""

from django.contrib.auth.models import User
from django.db import transaction

from extracted.accounts.forms import RegistrationForm
from extracted.accounts.mailing import post_welcome
from extracted.accounts.models import Profile


@transaction.atomic
def register(form: RegistrationForm) -> User:
    """Create the account that the valid *form* describes."""
    user: User = form.save()
    Profile.objects.create(user=user, name=user.get_full_name())
    post_welcome(user)
    return user
