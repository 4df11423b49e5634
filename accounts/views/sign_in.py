"""Signing in, in one or two steps, and signing out."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import selectors
from accounts.codes import RECOVERY_CODES_LOW
from accounts.errors import CodeRefused, NoSecondFactor, RecoveryCodeRefused, SignInExpired, SignInRefused
from accounts.forms import RecoveryCodeForm, SecondStepForm, SignInForm, refuse
from accounts.gate import person, public
from accounts.models import User
from accounts.redirects import next_of, next_or_home, with_next
from accounts.services import sign_in_with_password, use_recovery_code, verify_second_factor
from accounts.services import sign_out as end_this_session
from accounts.services.sign_in import SessionEnd, SignInStep, pending_user
from accounts.words import in_words

SIGNED_OUT = "signed_out"
EXPIRED = "expired"


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """E-mail address and password."""
    if request.method != "POST" and request.user.is_authenticated:
        return HttpResponseRedirect(next_or_home(request))  # the gate asks for whatever is missing
    form = SignInForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            step = sign_in_with_password(request=request, **form.cleaned_data)
        except SignInRefused as error:
            refuse(form, error)
        else:
            if step is SignInStep.CODE:
                return HttpResponseRedirect(with_next("accounts:sign_in_code", next_of(request)))
            return HttpResponseRedirect(next_or_home(request))
    context = {"form": form, "next": next_of(request), "ended": _why_ended(request)}
    return render(request, "accounts/sign_in.html", context, status=422 if form.is_bound else 200)


@public
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The code of the authenticator: the second step."""
    if away := _not_at_the_code(request):
        return away
    form = SecondStepForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            verify_second_factor(request=request, code=form.cleaned_data["code"])
        except CodeRefused as error:
            refuse(form, error)
        except (SignInExpired, NoSecondFactor):
            return _start_again(request)
        else:
            return HttpResponseRedirect(next_or_home(request))
    context = {
        "form": form,
        "next": next_of(request),
        "recovery_url": with_next("accounts:sign_in_recovery", next_of(request)),
        "again_url": with_next("accounts:sign_in", next_of(request)),
        "signed_in": request.user.is_authenticated,
    }
    return render(request, "accounts/sign_in_code.html", context, status=422 if form.is_bound else 200)


@public
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_recovery(request: HttpRequest) -> HttpResponse:
    """A recovery code in place of the authenticator."""
    if away := _not_at_the_code(request):
        return away
    form = RecoveryCodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            user = use_recovery_code(request=request, code=form.cleaned_data["code"])
        except RecoveryCodeRefused as error:
            refuse(form, error)
        except SignInExpired:
            return _start_again(request)
        else:
            _say_how_many_are_left(request, user)
            return HttpResponseRedirect(next_or_home(request))
    context = {
        "form": form,
        "next": next_of(request),
        "code_url": with_next("accounts:sign_in_code", next_of(request)),
    }
    return render(request, "accounts/sign_in_recovery.html", context, status=422 if form.is_bound else 200)


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session, however far it got."""
    end_this_session(request=request)
    return HttpResponseRedirect(with_next("accounts:sign_in", "", ended=SIGNED_OUT))


def _not_at_the_code(request: HttpRequest) -> HttpResponse | None:
    """Where to send whoever is not between the password and the code; None for those who are."""
    if pending_user(request) is not None:
        return None
    if not request.user.is_authenticated:
        return _start_again(request)
    user = person(request)
    if user.is_verified():
        return HttpResponseRedirect(next_or_home(request))
    return None if selectors.has_second_factor(user) else HttpResponseRedirect(next_or_home(request))


def _start_again(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(with_next("accounts:sign_in", next_of(request), ended=EXPIRED))


def _why_ended(request: HttpRequest) -> str:
    """A sentence about the session that was, from a closed list of words in the address."""
    match request.GET.get("ended", ""):
        case SessionEnd.IDLE:
            wait = in_words(settings.SESSION_IDLE_SECONDS)
            return f"You were signed out after {wait} without activity. Sign in again to go on where you were."
        case SessionEnd.ABSOLUTE:
            wait = in_words(settings.SESSION_ABSOLUTE_SECONDS)
            return f"You were signed out because {wait} have passed since you signed in. Sign in again to go on."
        case "signed_out":
            return "You are signed out."
        case "expired":
            return "The sign-in took too long, or it was not begun in this browser. Start again with your password."
        case _:
            return ""


def _say_how_many_are_left(request: HttpRequest, user: User) -> None:
    left = selectors.recovery_codes_left(user)
    if left > RECOVERY_CODES_LOW:
        return
    codes = {0: "No recovery code is", 1: "One recovery code is"}.get(left, f"{left} recovery codes are")
    messages.warning(request, f"{codes} left. Make new ones on the page of your second factor.")
