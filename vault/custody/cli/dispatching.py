"""A command that is a family of subcommands: their options, and how what they raise becomes messages and exit codes."""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError

from vault import tenancy
from vault.crypto.errors import CryptoError
from vault.custody.cli.console import Console, DoesNotHold, Refused, Result
from vault.errors import ServiceUnavailable

INTERRUPTED = 130
"""128 + SIGINT, as shells count."""


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One word after the command. `offline`: works without a database, a root key and system checks."""

    help: str
    run: Callable[[Console, dict[str, Any]], Result]
    arguments: Callable[[CommandParser], None]
    offline: bool = False


class FamilyCommand(BaseCommand):
    """Dispatches to the subcommands and turns what they raise into messages and exit codes."""

    subcommands: ClassVar[Mapping[str, Subcommand]]
    epilog: ClassVar[str]
    refusals: ClassVar[tuple[type[Exception], ...]] = ()
    """What its services raise for what cannot be done as things are: sentences, and exit code 3."""
    requires_system_checks: list[str] = []  # run below, for those that are not offline

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = self.epilog
        subparsers = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
        for name, subcommand in self.subcommands.items():
            each = subparsers.add_parser(name, help=subcommand.help, description=subcommand.help, epilog=self.epilog)
            each.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
            subcommand.arguments(each)

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs one subcommand."""
        subcommand = self.subcommands[options["subcommand"]]
        console = Console(self.stdout, self.stderr, as_json=options["json"])
        try:
            if not subcommand.offline:
                self.check()
            result = self._run(subcommand, console, options)
        except CommandError as error:
            _write(console, {"error": str(error), "exit_code": error.returncode})
            raise
        _write(console, result.document)
        if result.problem:
            raise DoesNotHold(result.problem)

    @tenancy.everywhere("what is looked after on the server is that of every organization")
    def _run(self, subcommand: Subcommand, console: Console, options: dict[str, Any]) -> Result:
        try:
            return subcommand.run(console, options)
        except KeyboardInterrupt:
            raise CommandError(
                "Interrupted. What was done stays; run it again to go on.", returncode=INTERRUPTED
            ) from None
        except self.refusals as refused:
            raise Refused(str(refused)) from refused
        except ServiceUnavailable as failed:
            raise DoesNotHold(failed.reason) from failed
        except (CryptoError, ImproperlyConfigured) as failed:
            raise DoesNotHold(str(failed)) from failed
        except (OperationalError, InterfaceError) as failed:
            raise DoesNotHold("The database does not answer.") from failed
        except OSError as failed:
            raise _output_failed(failed) from None


def _write(console: Console, document: Mapping[str, Any]) -> None:
    try:
        console.finish(document)
    except OSError as failed:
        raise _output_failed(failed) from None


def _output_failed(failed: OSError) -> DoesNotHold:
    """A pipe that nobody reads any more, a full disk: what was done is done, and nobody was told all of it."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes what is left when it ends
    return DoesNotHold(f"Not everything could be written ({failed.strerror}). What was done stays.")
