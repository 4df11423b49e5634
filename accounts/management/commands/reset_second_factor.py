"""`manage.py reset_second_factor`: for somebody who lost both the authenticator and the recovery codes."""

from typing import Any

from accounts.management.people import OPERATOR, PersonCommand
from accounts.models import User
from accounts.services import reset_second_factor


class Command(PersonCommand):
    help = "Remove a person's second factor and recovery codes; their sessions end. Make sure who is asking."

    def act(self, user: User, **options: Any) -> tuple[str, dict[str, Any]]:
        removed = reset_second_factor(account=user, actor=OPERATOR)
        return (
            f"The second factor of {user.email} is removed. The password is needed to sign in and set up a new one.",
            {"removed": removed},
        )
