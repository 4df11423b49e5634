"""`manage.py reset_password`: for somebody who forgot it. Nobody chooses another's: a random one is made."""

import secrets
from typing import Any

from accounts.management.people import OPERATOR, PersonCommand
from accounts.models import User
from accounts.services import replace_password

RANDOM_BYTES = 15  # 120 bits in 20 characters


class Command(PersonCommand):
    help = "Give a person a random password, printed once; their sessions end, the second factor stays."

    def act(self, user: User, **options: Any) -> tuple[str, dict[str, Any]]:
        password = secrets.token_urlsafe(RANDOM_BYTES)
        replace_password(account=user, new=password, actor=OPERATOR)
        sentence = (
            f"The password of {user.email} is now:\n  {password}\n"
            "Hand it over where nobody else hears it. They should change it after signing in."
        )
        return sentence, {"password": password}
