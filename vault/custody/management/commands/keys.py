"""`manage.py keys`: the life of keys, from the inventory to the shredder."""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError

from vault.crypto.errors import CryptoError
from vault.custody.cli import answering, escrow, inventory, moving, roots, shredding, verifying
from vault.custody.cli.console import Console, DoesNotHold, Refused, Result
from vault.custody.errors import CustodyError
from vault.errors import ServiceUnavailable

EPILOG = (
    "Exit codes: 0 done; 1 something does not hold (a value that does not open, work that is left, a wrong signature, "
    "no database); 2 wrong usage; 3 refused as things are, or a confirmation or an approval is missing; "
    "130 interrupted. Every subcommand can be killed and run again. With --json, standard output gets one JSON "
    "document."
)


INTERRUPTED = 130
"""128 + SIGINT, as shells count."""


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One word after `keys`. `offline`: works without a database, without a root key and without system checks."""

    help: str
    run: Callable[[Console, dict[str, Any]], Result]
    arguments: Callable[[CommandParser], None]
    offline: bool = False


SUBCOMMANDS = {
    "status": Subcommand(
        "List every key: scope, purpose, version, state, fingerprint, root key, age, wraps, rows, and when it is due.",
        inventory.status,
        inventory.add_status,
    ),
    "rotate": Subcommand(
        "Make a new version of tenant keys, which writes from then on; what is under the versions before still opens.",
        moving.rotate,
        moving.add_rotate,
    ),
    "rewrap": Subcommand(
        "Put every value under its active key, keeping each value's own data key; retire the keys that are left empty.",
        moving.rewrap,
        moving.add_moving,
    ),
    "reencrypt": Subcommand(
        "Encrypt every value anew under its active key (rotated first, if nothing is under older keys); retire the "
        "keys that are left empty.",
        moving.reencrypt,
        moving.add_moving,
    ),
    "retire": Subcommand(
        "Retire the superseded keys that no row needs. They still open what a backup brings back.",
        moving.retire,
        moving.add_retire,
    ),
    "destroy": Subcommand(
        "Destroy a retired key for ever, with its fingerprint typed: backups under it never open again.",
        moving.destroy,
        moving.add_destroy,
    ),
    "rotate-root": Subcommand(
        "Let the next configured root key take over: first beside the present one, then (--finish) alone.",
        roots.rotate_root,
        roots.add_rotate_root,
    ),
    "verify": Subcommand(
        "Open every value (or a sample) and list the rows that do not open. No value is ever printed.",
        verifying.verify,
        verifying.add_verify,
    ),
    "split": Subcommand(
        "Split the root key into word lists (SLIP-39), any few of which rebuild it: one at a time, for several people.",
        escrow.split,
        escrow.add_split,
    ),
    "escrow-check": Subcommand(
        "Confirm one word list: whose it is and whether it is current. Its words are neither shown nor stored.",
        escrow.escrow_check,
        escrow.add_escrow_check,
    ),
    "recover": Subcommand(
        "Rebuild the root key from word lists, on a host that has nothing: no root key, no database, no configuration.",
        escrow.recover,
        escrow.add_recover,
        offline=True,
    ),
    "compromise": Subcommand(
        "Answer a compromised key: replace the keys, encrypt every value anew, prove that none is left, list what they "
        "protected and who opened it, mail the owners, and sign a report.",
        answering.compromise,
        answering.add_compromise,
    ),
    "verify-report": Subcommand(
        "Check the signature of a report, with the instance's signing keys, or anywhere with --key.",
        answering.verify_report,
        answering.add_verify_report,
        offline=True,
    ),
    "shred": Subcommand(
        "Destroy an organization's keys, with its name typed, after one owner asked for it and another approved: no "
        "backup of its rows opens afterwards.",
        shredding.shred,
        shredding.add_shred,
    ),
}


class Command(BaseCommand):
    """Dispatches to the subcommands and turns what they raise into messages and exit codes."""

    help = "Look after keys: list, rotate, move, verify, split, recover, and answer a compromise."
    requires_system_checks: list[str] = []  # run below, for those that are not offline

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = EPILOG
        subparsers = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
        for name, subcommand in SUBCOMMANDS.items():
            each = subparsers.add_parser(name, help=subcommand.help, description=subcommand.help, epilog=EPILOG)
            each.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
            subcommand.arguments(each)

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs one subcommand."""
        subcommand = SUBCOMMANDS[options["subcommand"]]
        console = Console(self.stdout, self.stderr, as_json=options["json"])
        try:
            if not subcommand.offline:
                self.check()
            result = _run(subcommand, console, options)
        except CommandError as error:
            _write(console, {"error": str(error), "exit_code": error.returncode})
            raise
        _write(console, result.document)
        if result.problem:
            raise DoesNotHold(result.problem)


def _write(console: Console, document: Mapping[str, Any]) -> None:
    try:
        console.finish(document)
    except OSError as failed:
        raise _output_failed(failed) from None


def _run(subcommand: Subcommand, console: Console, options: dict[str, Any]) -> Result:
    try:
        return subcommand.run(console, options)
    except KeyboardInterrupt:
        raise CommandError("Interrupted. What was done stays; run it again to go on.", returncode=INTERRUPTED) from None
    except CustodyError as refused:
        raise Refused(str(refused)) from refused
    except ServiceUnavailable as failed:
        raise DoesNotHold(failed.reason) from failed
    except (CryptoError, ImproperlyConfigured) as failed:
        raise DoesNotHold(str(failed)) from failed
    except (OperationalError, InterfaceError) as failed:
        raise DoesNotHold("The database does not answer.") from failed
    except OSError as failed:
        raise _output_failed(failed) from None


def _output_failed(failed: OSError) -> DoesNotHold:
    """A pipe that nobody reads any more, a full disk: what was done is done, and nobody was told all of it."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes what is left when it ends
    return DoesNotHold(f"Not everything could be written ({failed.strerror}). What was done stays.")
