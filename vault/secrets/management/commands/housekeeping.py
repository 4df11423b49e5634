"""`manage.py housekeeping`: removes what has served its time. For a timer, once a day."""

import json
from typing import Any

from django.core.cache import cache
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from accounts.models import Session
from accounts.sessions import SessionStore
from vault.secrets.services import purge_expired_trash


class Command(BaseCommand):
    """Purges the expired trash, ends expired sessions, sweeps expired counters. Safe to run at any time, and again."""

    help = "Purge expired trash, remove expired sessions and counters."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="report as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reports how many of each were removed."""
        sessions = Session.objects.filter(expire_date__lt=timezone.now()).count()
        SessionStore.clear_expired()
        removed = {
            "secrets_purged": purge_expired_trash(),
            "sessions_removed": sessions,
            "counters_removed": _sweep_counters(),
        }
        if options["json"]:
            self.stdout.write(json.dumps(removed))
            return
        self.stdout.write(
            f"Purged {removed['secrets_purged']} secrets from the trash, removed {removed['sessions_removed']} expired "
            f"sessions and {removed['counters_removed']} expired counters."
        )


def _sweep_counters() -> int:
    """Expired counters of the cache in the database; another kind of cache forgets by itself."""
    sweep = getattr(cache, "sweep", None)
    swept = 0
    while sweep is not None and (removed := sweep()):
        swept += removed
    return swept
