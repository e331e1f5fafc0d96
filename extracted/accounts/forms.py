"""Forms of registration, password reset and the profile, with the fields and refusals of the shop's."""

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.forms import PasswordResetForm as DjangoPasswordResetForm
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User

from extracted.accounts.mailing import send_reset
from extracted.accounts.models import Profile
from strangler.bridge.resetting import reset_uid


class RegistrationForm(UserCreationForm):
    """Name, address and password of a new customer."""

    email = forms.EmailField(help_text="For order confirmations and password resets.")

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "email", "first_name", "last_name")

    def clean_email(self) -> str:
        """Refuse an address that another account has, whatever its case."""
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError("An account with this address exists. Log in or reset its password.")
        return email


class ProfileForm(forms.ModelForm):
    """The profile with the names that Django keeps on the user."""

    first_name = forms.CharField(max_length=150, required=False)
    last_name = forms.CharField(max_length=150, required=False)
    email = forms.EmailField()
    field_order: ClassVar = [
        *("first_name", "last_name", "email", "phone"),
        *("name", "street", "postcode", "city", "country"),
    ]

    class Meta:
        model = Profile
        fields = ("name", "street", "postcode", "city", "country", "phone", "newsletter")
        labels: ClassVar = {"name": "Deliver to"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first_name", "last_name", "email"):
            self.initial.setdefault(name, getattr(self.instance.user, name))

    def clean_email(self) -> str:
        """Refuse an address that somebody else's account has."""
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.user_id).exists():
            raise forms.ValidationError("Another account has this address.")
        return email

    def save(self, commit: bool = True) -> Profile:  # noqa: FBT001, FBT002 - Django's signature
        """Save the profile and the user's names together."""
        profile: Profile = super().save(commit=commit)
        user = profile.user
        for name in ("first_name", "last_name", "email"):
            setattr(user, name, self.cleaned_data[name])
        user.save(update_fields=["first_name", "last_name", "email"])
        return profile


class PasswordResetForm(DjangoPasswordResetForm):
    """Django's form, whose link is good on both sides."""

    def send_mail(self, *args: Any, **_: Any) -> None:
        """Send the mail with the link; see Django for the arguments."""
        _subject, _template, context, _sender, to = args
        send_reset(to, {**context, "uid": reset_uid(context["user"])})
