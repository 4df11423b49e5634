"""One's own account: name, password, theme."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import selectors
from accounts.context import THEME_COOKIE
from accounts.errors import AccountError
from accounts.forms import NameForm, PasswordForm, ThemeForm, refuse
from accounts.gate import person, public
from accounts.redirects import next_or_home
from accounts.services import change_password, rename_account
from vault.errors import bad_request

THEME_SECONDS = 365 * 24 * 3600


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Who one is here, and the name to change."""
    user = person(request)
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": user.name})
    if form.is_valid():
        rename_account(actor=user, name=form.cleaned_data["name"])
        messages.success(request, "Your name is saved.")
        return redirect("accounts:profile")
    context = {
        "form": form,
        "nav": "account",
        "tab": "profile",
        "authenticator": selectors.authenticator_of(user),
        "codes_left": selectors.recovery_codes_left(user),
    }
    return render(request, "accounts/profile.html", context, status=422 if form.is_bound else 200)


@sensitive_post_parameters("password", "new_password")
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Another password, proved by the current one."""
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            change_password(
                actor=person(request),
                current=form.cleaned_data["password"],
                new=form.cleaned_data["new_password"],
                request=request,
            )
        except AccountError as error:
            refuse(form, error)
        except ValidationError as error:
            form.add_error("new_password", error)
        else:
            messages.success(request, "Your password is changed. You are signed out everywhere else.")
            return redirect("accounts:profile")
    context = {"form": form, "nav": "account", "tab": "password"}
    return render(request, "accounts/password.html", context, status=422 if form.is_bound else 200)


@public
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark or as the device has it: a cookie of this browser, so that the sign-in page has it, too."""
    form = ThemeForm(request.POST)
    if not form.is_valid():
        return bad_request(request)
    response = HttpResponseRedirect(next_or_home(request))
    response.set_cookie(
        THEME_COOKIE,
        form.cleaned_data["theme"],
        max_age=THEME_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
