"""`manage.py unlock`: for somebody who tried too often, when nobody is at the support desk."""

from typing import Any

from accounts.management.people import OPERATOR, PersonCommand
from accounts.models import User
from accounts.services import unlock_account


class Command(PersonCommand):
    help = "Start new attempt counters for an account."

    def act(self, user: User, **options: Any) -> tuple[str, dict[str, Any]]:
        unlock_account(actor=OPERATOR, account=user)
        return f"{user.email} can try again.", {"unlocked": True}
