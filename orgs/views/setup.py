"""Claiming a new instance with its set-up link."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.gate import public
from accounts.limiter import Door, guard
from accounts.services import start_session
from orgs.errors import SetupRefused
from orgs.forms import SetupForm, refuse
from orgs.services import claim_instance
from orgs.services.setup import is_claimed
from vault.context import current


@public
@sensitive_post_parameters("password", "token")
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """Makes whoever holds the link the first owner, signed in and on the way to a second factor."""
    if request.method == "POST":
        guard(Door.SETUP, account=None, ip=current().ip)
    if is_claimed():
        return render(request, "orgs/setup_done.html", status=410)
    form = SetupForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            membership = claim_instance(**form.cleaned_data)
        except SetupRefused as error:
            refuse(form, error)
            status = error.status
        except ValidationError as error:
            refuse(form, error)
        else:
            start_session(request=request, user=membership.user)
            messages.success(request, f"{membership.organization.name} is set up, and you are its owner.")
            return redirect("home")  # by way of the second factor, where one is required
    return render(request, "orgs/setup.html", {"form": form}, status=status)
