"""`manage.py setup_link`: the one-time link with which the first owner claims this instance."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from orgs.errors import SetupRefused
from orgs.services import create_setup_link


class Command(BaseCommand):
    help = "Make a new one-time set-up link and print it; the one before stops working."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            created = create_setup_link()
        except SetupRefused as error:
            if options["json"]:
                self.stdout.write(json.dumps({"claimed": True}))
            else:
                self.stderr.write(str(error))
            return
        if options["json"]:
            expires_at = created.expires_at.isoformat(timespec="seconds")
            self.stdout.write(json.dumps({"claimed": False, "url": created.link, "expires_at": expires_at}))
        else:
            self.stdout.write(
                f"Nobody owns this instance yet. Open this link once, within {settings.SETUP_LINK_HOURS} hours:\n"
                f"  {created.link}"
            )
