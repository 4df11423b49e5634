"""`manage.py support`: who may use the support desk. There is no page for this: nobody gives himself authority."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.management.people import OPERATOR, PersonCommand
from accounts.models import User
from accounts.services import grant_support, revoke_support


class Command(PersonCommand):
    help = "Let a person use the support desk, or take it away again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["grant", "revoke"])
        super().add_arguments(parser)

    def act(self, user: User, **options: Any) -> tuple[str, dict[str, Any]]:
        if options["action"] == "grant":
            grant_support(account=user, actor=OPERATOR)
            return f"{user.email} may use the support desk, with a second factor.", {"is_support": True}
        revoke_support(account=user, actor=OPERATOR)
        return f"{user.email} may no longer use the support desk.", {"is_support": False}
