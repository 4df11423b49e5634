"""What the commands about people share: finding one, and saying what was done."""

import json
from abc import abstractmethod
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.emails import normalize_email
from accounts.models import User
from audit.actor import Actor

OPERATOR = Actor.system("Operator on the server")


class PersonCommand(BaseCommand):
    """A command about one person, named by `--email`; prints a sentence, or JSON with `--json`."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="the e-mail address of the account")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email_key=normalize_email(options["email"])).first()
        if user is None:
            raise CommandError("There is no account with this e-mail address.")
        sentence, facts = self.act(user, **options)
        shown = json.dumps({"email": user.email, "user": str(user.uid), **facts}) if options["json"] else sentence
        self.stdout.write(shown)

    @abstractmethod
    def act(self, user: User, **options: Any) -> tuple[str, dict[str, Any]]:
        """Does it, and returns what to say: in a sentence, and as JSON."""
