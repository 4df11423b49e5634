"""`keys compromise` and `keys verify-report`: the answer to a key that was seen, and the proof of it."""

import os
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from orgs.mails import Delivery
from vault.crypto.notes import BadSignature, BadVerifierText, read_verifier_text, verify_note
from vault.custody import reports, services
from vault.custody.cli.console import Console, DoesNotHold, Refused, Result, WrongUsage
from vault.custody.cli.selection import add_organization, organization_named
from vault.custody.models import KeyOperation, KeyReport
from vault.custody.services.authority import OPERATOR
from vault.keys import rootkeys

MOST_REPORT_BYTES = 64 * 1024 * 1024


def add_compromise(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    add_organization(which)
    which.add_argument(
        "--root", action="store_true", help="the root key: the next one must be configured; every key is replaced"
    )
    parser.add_argument(
        "--to", metavar="FINGERPRINT", help="with --root: the next root key, when several are configured"
    )
    parser.add_argument(
        "--since",
        metavar="DATE",
        help="list who opened values since then (2026-11-01, UTC); without it, since the first use",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the signed report to this new file")
    parser.add_argument(
        "--force", action="store_true", help="with --root: although a serving process lacks the next root key"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def compromise(console: Console, options: dict[str, Any]) -> Result:
    """Replaces the keys, encrypts everything anew, proves it, lists what was exposed, tells the owners, signs."""
    path: Path | None = options["output"]
    if path is not None and path.exists():
        raise WrongUsage(f"{path} exists. Nothing is ever overwritten: name another file.")
    if (options["force"] or options["to"]) and not options["root"]:
        raise WrongUsage("--force and --to belong to --root.")
    since = _since(options["since"])
    organization = organization_named(options["org"]) if options["org"] else None
    what = f"of {organization.name}" if organization else "of the whole instance, and its root key"
    wrapping = rootkeys.wrapping_root_keys()
    if options["root"] and wrapping.next is not None:
        console.note(
            f"A rotation is under way: the root key {wrapping.now.fingerprint} is given up, and "
            f"{wrapping.next.fingerprint} takes over. If that is the one that was seen, finish the rotation first, "
            "configure another, and begin again."
        )
    console.confirm(
        f"This replaces the keys {what}, encrypts every value anew and mails the owners.", yes=options["yes"]
    )
    operation = services.declare_compromise(
        actor=OPERATOR, scope=organization.key_scope if organization else None, since=since, next_root=options["to"]
    )
    if operation.heartbeat_at > operation.started_at:
        console.note(f"Going on with what {operation.requested_by_label} began at {operation.started_at:%H:%M} UTC.")
    with console.progress("Encrypting anew") as bar:
        operation = services.advance_compromise(
            actor=OPERATOR,
            operation=operation,
            force=options["force"],
            progress=lambda now: bar.show(now.done, max(now.total, now.done)),
        )
    if "report" not in operation.result:
        raise DoesNotHold(f"It was stopped before its end. {operation.problem}")
    report = KeyReport.objects.get(pk=operation.result["report"])
    if path is not None:
        try:
            with open(path, "x", encoding="utf-8", opener=_private) as file:
                file.write(report.text)
        except OSError as error:
            raise DoesNotHold(
                f"The keys are replaced, but {path} cannot be written ({error.strerror}). The report is kept as "
                f"{report.uid}, on the page of the keys."
            ) from None
    _say(console, operation, report, path)
    return Result(_document(operation, report), " ".join(filter(None, [operation.problem, _unsent(operation)])))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)  # it names secrets and people


def _say(console: Console, operation: KeyOperation, report: KeyReport, path: Path | None) -> None:
    if path is None:
        console.say(report.text)
    else:
        console.say(f"The signed report is in {path}.")
    console.say(
        f"{operation.done:,} values were encrypted anew; {operation.result['left']:,} are left under the old keys."
    )
    if operation.organization_id is None:
        console.say("Recovery shares of the root key given up do not rebuild the new one: run `manage.py keys split`.")
    for section in operation.result["sections"]:
        mails = operation.result["mails"].get(section["organization"], {})
        ends = ", ".join(f"{number} {end.replace('_', ' ')}" for end, number in mails.items()) or "no active owner"
        console.say(f"Mails to the owners of {section['slug']}: {ends}.")
    if not settings.EMAIL_CONFIGURED:
        console.say("This instance sends no mail: tell the owners yourself.")


def _unsent(operation: KeyOperation) -> str:
    """What is left to do where mails failed: running it again would replace the keys once more, and mail everybody."""
    failed = {
        section["slug"]: number
        for section in operation.result["sections"]
        if (number := operation.result["mails"].get(section["organization"], {}).get(Delivery.FAILED.value))
    }
    if not failed:
        return ""
    return (
        f"The keys are replaced, but {sum(failed.values()):,} mails to owners of {', '.join(failed)} could not be "
        "sent. Tell these owners yourself; the server's log says why."
    )


def _document(operation: KeyOperation, report: KeyReport) -> dict[str, Any]:
    return {
        "operation": str(operation.uid),
        "report": str(report.uid),
        "report_text": report.text,
        "verifier": reports.verifiers()[0],
        "moved": operation.done,
        "left": operation.result["left"],
        "organizations": operation.result["sections"],
        "mails": operation.result["mails"],
    }


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = parse_datetime(text)
        if moment is None:
            day = parse_date(text)
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None
    except ValueError:
        moment = None
    if moment is None:
        raise WrongUsage("--since is a date such as 2026-11-01, or a time such as 2026-11-01T09:30:00+00:00.")
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise WrongUsage("--since is before the first day or after the last that there is in UTC.") from None
    if moment > timezone.now():
        raise WrongUsage("--since is in the future: nobody has opened anything since then.")
    return moment


def add_verify_report(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the signed report")
    parser.add_argument(
        "--key",
        metavar="VKEY",
        help="check against this verifier text (name+hash+key), without the instance's database",
    )


def verify_report(console: Console, options: dict[str, Any]) -> Result:
    """Checks the signature under a report, with the instance's signing keys or with `--key` alone."""
    note = _read(options["file"])
    try:
        if options["key"] is not None:
            verifier = read_verifier_text(options["key"].strip())
            text, by = verify_note(note, name=verifier.name, public_key=verifier.public_key), options["key"].strip()
        else:
            text, by = reports.verified(note)
    except BadVerifierText as wrong:
        raise WrongUsage(f"--key is no verifier text. {wrong}") from None
    except BadSignature as bad:
        raise DoesNotHold(str(bad)) from None
    console.say(text.rstrip("\n"))
    console.say()
    console.say(f"The signature holds. Signed by {by}")
    return Result({"valid": True, "verifier": by, "title": text.partition("\n")[0]})


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_REPORT_BYTES + 1)
    except OSError as error:
        raise Refused(f"{path} cannot be read ({error.strerror}).") from None
    if len(content) > MOST_REPORT_BYTES:
        raise DoesNotHold(f"{path} is too large to be a report.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise DoesNotHold(f"{path} is not a text, so it is not a signed report.") from None
