"""People on the support desk: who they are, how signing in goes for them, and the button that unlocks."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.text import capfirst
from django.views.decorators.http import require_POST

from accounts import selectors
from accounts.gate import person
from accounts.models import User
from accounts.services import unlock_account
from accounts.support import MetadataAdmin, support_site
from audit.actions import Action, ResourceKind
from audit.models import Event

# What staff read instead of the words of the log. Neither addresses nor devices: those are not theirs to know.
HAPPENED = {
    Action.ACCOUNT_UNLOCKED: "Unlocked",
    Action.LIMITER_TRIPPED: "Stopped after too many attempts",
    Action.SECOND_FACTOR_FAILED: "Wrong code",
    Action.SIGN_IN_FAILED: "Sign-in failed",
    Action.SIGN_IN_PASSWORD_ACCEPTED: "Password accepted, code asked for",
    Action.SIGN_IN_SUCCEEDED: "Signed in",
}


@support_site.register_metadata(User)
class UserAdmin(MetadataAdmin):
    """Finds a person; sees what signing in runs into; unlocks."""

    resource_kind = ResourceKind.ACCOUNT
    description = "Find somebody who cannot sign in, see why, and unlock the account."
    icon = "users"
    list_detail = "name"
    list_display = ("email", "is_active", "is_support", "created_at", "last_sign_in")
    list_filter = ("is_active", "is_support")
    search_fields = ("email", "email_key", "name")
    ordering = ("email_key",)
    fields = (
        "name",
        "email",
        "is_active",
        "is_support",
        "is_instance_admin",
        "created_at",
        "last_sign_in",
        "password_changed_at",
        "authenticator",
        "authenticator_used",
        "recovery_codes",
        "sessions",
    )
    change_form_template = "admin/person.html"

    @admin.display(description="Last sign-in")
    def last_sign_in(self, row: User) -> Any:
        return row.last_login

    @admin.display(description="Authenticator app set up")
    def authenticator(self, row: User) -> Any:
        device = selectors.authenticator_of(row)
        return device.created_at if device else "no"

    @admin.display(description="Authenticator app last used")
    def authenticator_used(self, row: User) -> Any:
        device = selectors.authenticator_of(row)
        return device.last_used_at if device else None

    @admin.display(description="Recovery codes left")
    def recovery_codes(self, row: User) -> str:
        return str(selectors.recovery_codes_left(row))

    @admin.display(description="Open sessions")
    def sessions(self, row: User) -> str:
        return str(len(selectors.open_sessions(row)))

    def extra_urls(self, name: str) -> list[URLPattern]:
        unlock = self.admin_site.admin_view(require_POST(self.unlock))
        return [path("<uuid:uid>/unlock/", unlock, name=f"{name}_unlock")]

    def unlock(self, request: HttpRequest, uid: Any) -> HttpResponse:
        """Starts new counters for the account."""
        account = self.row_of(request, str(uid))
        unlock_account(actor=person(request).audit_actor, account=account)
        messages.success(request, f"{account.email} is unlocked.")
        return redirect("admin:accounts_user_change", account.pk)

    def object_context(self, request: HttpRequest, row: User) -> dict[str, Any]:
        return {
            "closed": [
                (capfirst(door.door.replace("_", " ")), door.by, door.until) for door in selectors.closed_doors(row)
            ],
            "trouble": [(event.occurred_at, *_words(event), event.outcome) for event in selectors.sign_in_events(row)],
        }


def _words(event: Event) -> tuple[str, str]:
    """What happened, and a little more: the door, the reason or the way."""
    details = event.details
    more = details.get("reason") or details.get("method") or ""
    door = str(details.get("door", "")).replace("_", " ").removeprefix("sign in")
    return HAPPENED[Action(event.action)], ", ".join(part for part in (door, str(more)) if part)
