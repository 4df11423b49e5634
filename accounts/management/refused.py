"""Commands of Django's that would go around the rules of this house: they say what to use instead."""

import sys
from typing import Any, ClassVar, NoReturn

from django.core.management.base import BaseCommand, CommandError


class RefusedCommand(BaseCommand):
    """Refuses, whatever the arguments are, and points to what takes its place."""

    instead: ClassVar[str]
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> NoReturn:
        self.stderr.write(self.instead)
        sys.exit(1)

    def handle(self, *args: Any, **options: Any) -> NoReturn:
        raise CommandError(self.instead)
