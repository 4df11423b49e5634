"""`manage.py bootstrap`: the first set-up without a browser."""

import json
import stat
import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from orgs.errors import SetupRefused
from orgs.services import bootstrap_instance

MOST_PASSWORD_BYTES = 4096


class Command(BaseCommand):
    help = "Give a new instance its first owner and organization. Refused once there is an owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="the owner's e-mail address")
        parser.add_argument("--org", required=True, help="the organization's name")
        parser.add_argument("--password-file", required=True, help="a file with the owner's password; - reads stdin")
        parser.add_argument("--name", default="", help="the owner's name; without it, the first part of the address")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            membership = bootstrap_instance(
                email=options["email"],
                name=options["name"] or options["email"].partition("@")[0],
                password=self._password(options["password_file"]),
                organization_name=options["org"],
            )
        except SetupRefused as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        person, organization = membership.user, membership.organization
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "email": person.email,
                        "user": str(person.uid),
                        "organization": str(organization.uid),
                        "organization_name": organization.name,
                    }
                )
            )
        else:
            self.stdout.write(f"{person.email} owns {organization.name}. Sign in to set up the second factor.")

    def _password(self, path: str) -> str:
        """The first line of the file, without its line break: everything else in it is the password."""
        raw = sys.stdin.buffer.read(MOST_PASSWORD_BYTES + 1) if path == "-" else self._read(Path(path))
        if len(raw) > MOST_PASSWORD_BYTES:
            raise CommandError(f"--password-file holds more than {MOST_PASSWORD_BYTES} bytes: that is no password.")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CommandError("--password-file is not UTF-8 text.") from error
        lines = text.splitlines()
        if not lines or not lines[0]:
            raise CommandError("--password-file is empty: write the password on its first line.")
        return lines[0]

    def _read(self, path: Path) -> bytes:
        try:
            if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                self.stderr.write(f"{path} can be read by others: chmod 600 it, and delete it afterwards.")
            with path.open("rb") as file:
                return file.read(MOST_PASSWORD_BYTES + 1)
        except OSError as error:
            raise CommandError(f"--password-file {path} cannot be read: {error.strerror}.") from error
