"""Pages of the customer's account."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.debug import sensitive_post_parameters

from monolith.accounts.forms import PasswordResetForm, ProfileForm, RegistrationForm
from monolith.accounts.models import Profile
from monolith.accounts.registration import register as register_customer
from monolith.mail.sender import MailNotSentError, log_failure
from strangler.bridge.resetting import SharedResetLink, reset_tokens


@sensitive_post_parameters()
def register(request: HttpRequest) -> HttpResponse:
    """Show the registration form; make the account, log its owner in and go to the gallery."""
    if request.user.is_authenticated:
        return redirect("photos:gallery")
    form = RegistrationForm(request.POST or None)
    if form.is_valid():
        try:
            user = register_customer(form)
        except MailNotSentError as error:
            log_failure(error)
            form.add_error(
                None, "We could not send your welcome mail, so no account was made. Try again later."
            )
            return render(request, "accounts/register.html", {"form": form}, status=503)
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        messages.success(request, f"Welcome, {user.first_name or user.username}. Upload your first photos.")
        return redirect("photos:gallery")
    return render(request, "accounts/register.html", {"form": form}, status=400 if form.errors else 200)


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show and save the customer's profile."""
    instance, _ = Profile.objects.get_or_create(user=request.user)
    form = ProfileForm(request.POST or None, instance=instance)
    if form.is_valid():
        form.save()
        messages.success(request, "Your profile is saved.")
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form}, status=400 if form.errors else 200)


class PasswordReset(auth_views.PasswordResetView):
    """Ask for the address of the account; mails a link in the request."""

    template_name = "accounts/password_reset.html"
    form_class = PasswordResetForm
    token_generator = reset_tokens
    success_url = reverse_lazy("accounts:password_reset_done")

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        """Send the mail; tell the visitor when the mail server does not take it."""
        try:
            return super().form_valid(form)
        except MailNotSentError as error:
            log_failure(error)
            form.add_error(None, "We could not send the mail. Try again later.")
            return self.render_to_response(self.get_context_data(form=form), status=503)


class PasswordResetConfirm(SharedResetLink, auth_views.PasswordResetConfirmView):
    """Set a new password, by a link that the shop or the accounts service mailed."""

    template_name = "accounts/password_reset_confirm.html"
    success_url = reverse_lazy("accounts:password_reset_complete")
