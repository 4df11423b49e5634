"""Setting up, replacing and removing the authenticator, and the recovery codes."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors
from accounts.codes import RECOVERY_CODES, RECOVERY_CODES_LOW
from accounts.errors import AccountError, NoEnrolment, SecondFactorRequired
from accounts.forms import CodeForm, EnrolmentForm, RemovalForm, refuse
from accounts.gate import person, signed_in_only
from accounts.qr import qr_svg
from accounts.redirects import next_of, next_or_home, with_next
from accounts.services import begin_totp_enrolment, confirm_totp, create_recovery_codes, remove_second_factor
from accounts.services.second_factor import are_own_codes, enrolment_uri, pending_enrolment
from accounts.sessions import SessionStore
from vault.errors import error_response

FRESH = timedelta(minutes=10)
STEPS = ("Your app", "First code", "Recovery codes")


@require_safe
def second_factor(request: HttpRequest) -> HttpResponse:
    """What one signs in with besides the password."""
    user = person(request)
    left = selectors.recovery_codes_left(user)
    context = {
        "nav": "account",
        "tab": "second_factor",
        "authenticator": selectors.authenticator_of(user),
        "codes_left": left,
        "codes_low": left <= RECOVERY_CODES_LOW,
        "codes_total": RECOVERY_CODES,
        "required": selectors.instance().second_factor_required,
    }
    return render(request, "accounts/second_factor.html", context)


@signed_in_only
@never_cache
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor_enrol(request: HttpRequest) -> HttpResponse:
    """The first step: what is needed, and a key is made on pressing the button."""
    user = person(request)
    replacing = selectors.has_second_factor(user)
    form = EnrolmentForm(
        request.POST if request.method == "POST" else None, password=replacing or not _is_fresh(request), code=replacing
    )
    if form.is_valid():
        try:
            begin_totp_enrolment(
                actor=user,
                request=request,
                password=form.cleaned_data.get("password"),
                code=form.cleaned_data.get("code"),
            )
        except AccountError as error:
            refuse(form, error)
        else:
            return HttpResponseRedirect(with_next("accounts:second_factor_confirm", next_of(request)))
    context = {
        "form": form,
        "next": next_of(request),
        "steps": STEPS,
        "replacing": replacing,
        "required": selectors.instance().second_factor_required,
    }
    return render(request, "accounts/second_factor_enrol.html", context, status=422 if form.errors else 200)


@signed_in_only
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor_confirm(request: HttpRequest) -> HttpResponse:
    """The second step: scan, and prove it with a code. The answer shows the recovery codes, once."""
    user = person(request)
    device = pending_enrolment(actor=user, request=request)
    if device is None:
        if request.method == "POST":  # a look leaves no trace, not even a message in the session
            messages.info(request, str(NoEnrolment()))
        return HttpResponseRedirect(with_next("accounts:second_factor_enrol", next_of(request)))
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            codes = confirm_totp(actor=user, code=form.cleaned_data["code"], request=request)
        except AccountError as error:
            refuse(form, error)
        else:
            return _show_codes(request, codes, enrolling=True)
    context = {
        "form": form,
        "next": next_of(request),
        "steps": STEPS,
        "key": device.key,
        "qr_svg": qr_svg(enrolment_uri(device)),
        "again_url": with_next("accounts:second_factor_enrol", next_of(request)),
    }
    return render(request, "accounts/second_factor_confirm.html", context, status=422 if form.is_bound else 200)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor_remove(request: HttpRequest) -> HttpResponse:
    """Removes the authenticator where the instance lets people be without one."""
    user = person(request)
    if not selectors.has_second_factor(user):
        return redirect("accounts:second_factor")
    form = RemovalForm(request.POST if request.method == "POST" else None)
    if selectors.instance().second_factor_required:
        if request.method == "POST":
            messages.warning(request, str(SecondFactorRequired()))
        return redirect("accounts:second_factor")
    if form.is_valid():
        try:
            remove_second_factor(actor=user, request=request, **form.cleaned_data)
        except AccountError as error:
            refuse(form, error)
        else:
            messages.success(request, "Your second factor is removed. You are signed out everywhere else.")
            return redirect("accounts:second_factor")
    context = {"form": form, "nav": "account"}
    return render(request, "accounts/second_factor_remove.html", context, status=422 if form.is_bound else 200)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Ten new codes, for a code of the authenticator."""
    user = person(request)
    if not selectors.has_second_factor(user):
        return redirect("accounts:second_factor")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            codes = create_recovery_codes(actor=user, code=form.cleaned_data["code"])
        except AccountError as error:
            refuse(form, error)
        else:
            return _show_codes(request, codes, enrolling=False)
    context = {"form": form, "nav": "account"}
    return render(request, "accounts/recovery_codes_new.html", context, status=422 if form.is_bound else 200)


@never_cache
@sensitive_post_parameters("code")
@require_POST
def recovery_codes_file(request: HttpRequest) -> HttpResponse:
    """The codes that the page before has just shown, as a file. They come with the request: none is stored."""
    codes = request.POST.getlist("code")[:RECOVERY_CODES]
    user = person(request)
    if not are_own_codes(user, codes):
        return error_response(
            request, 400, "These are not your present recovery codes. Make new ones and save them from that page."
        )
    lines = [f"Holdfast recovery codes of {user.email}", "Each works once, in place of the authenticator app.", ""]
    content = "\r\n".join([*lines, *codes, ""])
    response = HttpResponse(content, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="holdfast-recovery-codes.txt"'
    return response


def _show_codes(request: HttpRequest, codes: list[str], *, enrolling: bool) -> HttpResponse:
    """Straight in the answer to the POST: a redirect would need a place to keep them."""
    context = {"codes": codes, "enrolling": enrolling, "steps": STEPS, "continue_url": next_or_home(request)}
    return render(request, "accounts/recovery_codes.html", context)


def _is_fresh(request: HttpRequest) -> bool:
    """Whether the person gave the password for this session moments ago."""
    session = request.session
    if not isinstance(session, SessionStore) or session.row is None:
        return False
    return timezone.now() - session.row.created_at < FRESH
