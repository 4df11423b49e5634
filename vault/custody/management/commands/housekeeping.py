"""`manage.py housekeeping`: removes what has served its time, and looks after keys. The server runs it every hour."""

import json
from dataclasses import asdict
from typing import Any

from django.core.cache import cache
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Session
from accounts.sessions import SessionStore
from vault import tenancy
from vault.access.services import expire_requests, remind_of_reviews, remind_reviewers, retire_names
from vault.custody.services.keeping import keep_keys
from vault.secrets.services import purge_expired_trash


class Command(BaseCommand):
    """Purges the expired trash, ends expired sessions, sweeps expired counters, rotates keys that wrapped too often and
    finishes what was left half done with keys; verifies the rows that grant authority; marks requests that have
    expired, and reminds of reviews of break-glass. Safe to run at any time, and again."""

    help = (
        "Purge expired trash, remove expired sessions and counters, rotate keys that wrapped too often, and finish "
        "rewrapping, reencryption and answers to a compromise that were interrupted. Verify the rows that grant "
        "authority, mark requests that have expired, and remind of overdue reviews. Exit code 1 if "
        "something could not be done, or is not genuine."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="report as one JSON object")

    @tenancy.everywhere("housekeeping is for every organization")
    def handle(self, *args: Any, **options: Any) -> None:
        """Reports how many of each were removed."""
        kept = keep_keys()  # first: it verifies rows before anything below removes some of them
        sessions = Session.objects.filter(expire_date__lt=timezone.now()).count()
        SessionStore.clear_expired()
        removed = {
            "secrets_purged": purge_expired_trash(),
            "sessions_removed": sessions,
            "counters_removed": _sweep_counters(),
            "requests_expired": expire_requests(),
            "names_retired": retire_names(),
            "reviews_reminded": remind_of_reviews(),
            "reviewers_reminded": remind_reviewers(),
        }
        if options["json"]:
            self.stdout.write(json.dumps({**removed, **asdict(kept)}))
        else:
            self.stdout.write(
                f"Purged {removed['secrets_purged']} secrets from the trash, removed {removed['sessions_removed']} "
                f"expired sessions and {removed['counters_removed']} expired counters. Rotated {kept.keys_rotated} "
                f"keys, finished {kept.operations_finished} operations on keys and renewed {kept.seals_renewed} seals. "
                f"Marked {removed['requests_expired']} requests as expired, took {removed['names_retired']} people off "
                f"the lists of break-glass, and reminded of {removed['reviews_reminded']} overdue reviews of it. "
                f"Told {removed['reviewers_reminded']} reviewers of overdue reviews of access."
            )
        if kept.problems:
            raise CommandError("\n".join(kept.problems))


def _sweep_counters() -> int:
    """Expired counters of the cache in the database; another kind of cache forgets by itself."""
    sweep = getattr(cache, "sweep", None)
    swept = 0
    while sweep is not None and (removed := sweep()):
        swept += removed
    return swept
