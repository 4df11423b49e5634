"""Taking up an invitation.

The link's token opens it once per session; from there on the session holds the invitation's uid, and the service looks
again whether it still holds. Nothing is said about the invitation to somebody whose address it is not for.
"""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.gate import person, public
from accounts.limiter import Door, guard
from accounts.models import User
from accounts.redirects import with_next
from accounts.services import start_session
from orgs.errors import AccountExists, InvitationForOtherPerson, InvitationUnusable
from orgs.forms import JoinForm, JoinTokenForm, refuse
from orgs.models import Invitation, Membership
from orgs.selectors import invitation_with
from orgs.services import accept_invitation, join_with_invitation, open_invitation
from vault.context import current

PENDING_INVITATION = "pending_invitation"


@public
@sensitive_post_parameters("token")
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Opens an invitation with its token, which leads on: to a new account, to sign in, or to accept.

    A GET always asks for the token, also with an invitation open: the link in the address bar may be another one, and
    its fragment is seen by the page alone.
    """
    if request.method == "GET":
        return render(request, "orgs/join.html", {"form": JoinTokenForm(), "pending": _pending(request) is not None})
    guard(Door.INVITATION, account=None, ip=current().ip)
    form = JoinTokenForm(request.POST)
    if not form.is_valid():
        return render(request, "orgs/join.html", {"form": form}, status=400)
    try:
        invitation = open_invitation(actor=request.user, token=form.cleaned_data["token"])
    except InvitationUnusable as error:
        return _unusable(request, error.status)
    request.session[PENDING_INVITATION] = str(invitation.uid)
    return redirect("orgs:join_account")


@public
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def join_account(request: HttpRequest) -> HttpResponse:
    """Makes the invited person's account and takes up the invitation with it; who has an account is led to it."""
    pending = _pending(request)
    if pending is None:
        return redirect("orgs:join")
    if request.user.is_authenticated:
        return redirect("orgs:join_accept")
    if request.method == "POST":
        guard(Door.INVITATION, account=pending.email, ip=current().ip)
    if User.objects.filter(email_key=pending.email_key).exists():
        sign_in = with_next("accounts:sign_in", reverse("orgs:join_accept"))
        return render(request, "orgs/join_sign_in.html", {"invitation": pending, "sign_in": sign_in})
    form = JoinForm(request.POST if request.method == "POST" else None, email=pending.email)
    if form.is_valid():
        try:
            membership = join_with_invitation(invitation=pending, **form.cleaned_data)
        except InvitationUnusable as error:
            return _unusable(request, error.status)
        except AccountExists:
            return redirect("orgs:join_account")  # made a moment ago: now it leads to signing in
        except ValidationError as error:
            refuse(form, error)
        else:
            request.session.pop(PENDING_INVITATION, None)
            start_session(request=request, user=membership.user)
            return _welcome(request, membership)
    context = {"invitation": pending, "form": form}
    return render(request, "orgs/join_account.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def join_accept(request: HttpRequest) -> HttpResponse:
    """Asks the signed-in person whether to accept, and does."""
    actor = person(request)
    pending = _pending(request)
    if pending is None:
        return redirect("orgs:join")
    if actor.email_key != pending.email_key:
        context = {"reason": str(InvitationForOtherPerson())}
        return render(request, "orgs/join_other_person.html", context, status=403)
    if request.method == "POST":
        try:
            membership = accept_invitation(actor=actor, invitation=pending)
        except InvitationUnusable as error:
            return _unusable(request, error.status)
        request.session.pop(PENDING_INVITATION, None)
        return _welcome(request, membership)
    return render(request, "orgs/join_accept.html", {"invitation": pending})


def _pending(request: HttpRequest) -> Invitation | None:
    """The invitation that this session has opened, if it still exists."""
    uid = request.session.get(PENDING_INVITATION)
    return invitation_with(UUID(uid)) if isinstance(uid, str) else None


def _welcome(request: HttpRequest, membership: Membership) -> HttpResponse:
    messages.success(request, f"Welcome to {membership.organization.name}.")
    return redirect("secrets:list", membership.organization_id)


def _unusable(request: HttpRequest, status: int) -> HttpResponse:
    """One page for every reason."""
    request.session.pop(PENDING_INVITATION, None)
    return render(request, "orgs/join_unusable.html", status=status)
