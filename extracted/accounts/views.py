"""Pages of the customer's account."""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.debug import sensitive_post_parameters

from extracted.accounts import shop
from extracted.accounts.forms import PasswordResetForm, ProfileForm, RegistrationForm
from extracted.accounts.mailing import MailNotSentError
from extracted.accounts.models import Profile
from extracted.accounts.registration import register as register_customer
from strangler.bridge.middleware import is_visitor
from strangler.bridge.resetting import SharedResetLink, reset_tokens


@sensitive_post_parameters()
def register(request: HttpRequest) -> HttpResponse:
    """Show the registration form; make the account, log its owner in and go to the gallery."""
    if request.user.is_authenticated:
        return redirect(shop.GALLERY)
    form = RegistrationForm(request.POST or None)
    if form.is_valid():
        user = register_customer(form)
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        messages.success(request, f"Welcome, {user.first_name or user.username}. Upload your first photos.")
        return redirect(shop.GALLERY)
    return render(request, "accounts/register.html", {"form": form}, status=_status(form))


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show and save the customer's profile."""
    instance, _ = Profile.objects.get_or_create(user=request.user)
    form = ProfileForm(request.POST or None, instance=instance)
    if form.is_valid():
        with transaction.atomic():
            form.save()
        messages.success(request, "Your profile is saved.")
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form}, status=_status(form))


class Logout(auth_views.LogoutView):
    """End the login, where it lives."""

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Log out; send a visitor whose login lives in the monolith there, with the form."""
        if is_visitor(request):
            return HttpResponseRedirect(f"{shop.LEAVE}?next={shop.HOME}", preserve_request=True)
        return super().post(request, *args, **kwargs)


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
        except MailNotSentError:
            form.add_error(None, "We could not send the mail. Try again later.")
            context = self.get_context_data(form=form)
            return self.render_to_response(context, status=HTTPStatus.SERVICE_UNAVAILABLE)


class PasswordResetConfirm(SharedResetLink, auth_views.PasswordResetConfirmView):
    """Set a new password, by a link that either side mailed."""

    template_name = "accounts/password_reset_confirm.html"
    success_url = reverse_lazy("accounts:password_reset_complete")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer a form that did not come from the shop's own page."""
    return render(request, "accounts/form_too_old.html", status=HTTPStatus.FORBIDDEN)


def _status(form: RegistrationForm | ProfileForm) -> int:
    return HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
