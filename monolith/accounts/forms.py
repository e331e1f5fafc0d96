"""Forms of registration, password reset and the profile."""

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import PasswordResetForm as DjangoPasswordResetForm
from django.contrib.auth.forms import UserCreationForm

from monolith.accounts.models import Profile
from monolith.mail.sender import send
from strangler.bridge.resetting import reset_uid

User = get_user_model()


class RegistrationForm(UserCreationForm):
    """Name, address and password of a new customer."""

    email = forms.EmailField(help_text="For order confirmations and password resets.")

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ["username", "email", "first_name", "last_name"]

    def clean_email(self) -> str:
        """Refuse an address that another account has, whatever its case."""
        email = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError("An account with this address exists. Log in or reset its password.")
        return email


class ProfileForm(forms.ModelForm):
    """The profile with the names that Django keeps on the user."""

    first_name = forms.CharField(max_length=150, required=False)
    last_name = forms.CharField(max_length=150, required=False)
    email = forms.EmailField()
    field_order = [
        "first_name",
        "last_name",
        "email",
        "phone",
        "name",
        "street",
        "postcode",
        "city",
        "country",
    ]

    class Meta:
        model = Profile
        fields = ["name", "street", "postcode", "city", "country", "phone", "newsletter"]
        labels = {"name": "Deliver to"}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        user = self.instance.user
        for name in ("first_name", "last_name", "email"):
            self.initial.setdefault(name, getattr(user, name))

    def clean_email(self) -> str:
        """Refuse an address that somebody else's account has."""
        email = self.cleaned_data["email"]
        others = User.objects.filter(email__iexact=email).exclude(pk=self.instance.user_id)
        if others.exists():
            raise forms.ValidationError("Another account has this address.")
        return email

    def save(self, commit: bool = True) -> Profile:  # noqa: FBT001, FBT002 - Django's signature
        """Save the profile and the user's names together."""
        profile = super().save(commit=commit)
        user = profile.user
        user.first_name = self.cleaned_data["first_name"]
        user.last_name = self.cleaned_data["last_name"]
        user.email = self.cleaned_data["email"]
        user.save(update_fields=["first_name", "last_name", "email"])
        return profile


class PasswordResetForm(DjangoPasswordResetForm):
    """Django's form, sending through the shop's own templates and log."""

    def send_mail(
        self,
        subject_template_name: str,  # noqa: ARG002 - Django's signature; our mails find their templates by name
        email_template_name: str,  # noqa: ARG002
        context: dict,
        from_email: str | None,  # noqa: ARG002
        to_email: str,
        html_email_template_name: str | None = None,  # noqa: ARG002
    ) -> None:
        """Send the mail with the link, which is good at the accounts service too."""
        send("password_reset", to=to_email, context={**context, "uid": reset_uid(context["user"])})
