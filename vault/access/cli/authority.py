"""`access verify` and `access seal`: whether what grants authority is as this program wrote it."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from vault.custody.cli.console import Console, Refused, Result, WrongUsage, table
from vault.custody.services.authority import OPERATOR
from vault.seals import services
from vault.seals.reporting import Broken, write_waiting
from vault.seals.services.verifying import Verified
from vault.seals.tally import KIND as TALLY


def add_verify(parser: ArgumentParser) -> None:
    """`access verify` takes nothing of its own."""


def verify(console: Console, options: dict[str, Any]) -> Result:
    """Goes over every sealed row and every tally, and lists what is not genuine. No value is printed."""
    with console.progress("Verifying rows") as bar:
        verified = services.verify_authority(actor=OPERATOR, progress=bar.show)
    write_waiting()
    document = {"rows": verified.rows, "faults": [_document(fault) for fault in verified.faults]}
    if not verified.faults:
        console.say(f"All of {verified.rows:,} rows are as this program wrote them.")
        return Result(document)
    heading = ("Kind", "Row", "What is wrong", "Organization")
    for line in table([heading, *(_line(fault) for fault in verified.faults)]):
        console.say(line)
    return Result(document, " ".join(_complaints(verified)))


def add_seal(parser: ArgumentParser) -> None:
    parser.add_argument("kind", nargs="?", help="what `access verify` lists under Kind, such as orgs.membership")
    parser.add_argument("row", nargs="?", help="what it lists under Row")
    parser.add_argument(
        "--tally", metavar="SCOPE", help="count the seals of an organization (its uid) or of the instance (system) anew"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def seal(console: Console, options: dict[str, Any]) -> Result:
    """Takes a row over as it is in the database, or a tally. The log says so."""
    kind, row, scope = options["kind"], options["row"], options["tally"]
    if (scope is None) == (kind is None or row is None):
        raise WrongUsage("Name one row by its kind and its row, or one tally with --tally.")
    what = f"the row {row} of {kind}" if scope is None else f"the tally of {scope}"
    console.confirm(f"From now on {what} counts as written by this program, as it is now.", yes=options["yes"])
    try:
        if scope is None:
            fault = services.accept_row(actor=OPERATOR, kind=kind, row=row)
        else:
            services.accept_tally(actor=OPERATOR, scope=scope)
            fault = "counted anew"
    except services.NoSuchRow as missing:
        raise Refused(str(missing)) from None
    console.say(f"Taken over: {what} ({fault})." if fault else f"Nothing was wrong with {what}.")
    return Result({"kind": kind, "row": row, "tally": scope, "fault": fault})


def _complaints(verified: Verified) -> Iterator[str]:
    """What the faults mean: a row that is not genuine grants nothing, one that came back with its seal is genuine."""
    tallies = sum(fault.kind == TALLY for fault in verified.faults)
    rows = len(verified.faults) - tallies
    if rows:
        yield (
            f"{rows:,} of {verified.rows:,} rows {'is' if rows == 1 else 'are'} not as this program wrote them, and "
            f"grant{'s' if rows == 1 else ''} nothing. Find out who wrote to the database; then put the rows right "
            "through the application, or take one over as it is with `manage.py access seal`."
        )
    if tallies:
        yield (
            f"{tallies:,} {'tally does' if tallies == 1 else 'tallies do'} not fit: rows may have been removed, or "
            "brought back, together with their seals. What was brought back so cannot be told from the others, and "
            "grants what it says. Compare members, roles and grants with the activity page, and take away what should "
            "not be there; then count anew with `manage.py access seal --tally`."
        )


def _line(fault: Broken) -> tuple[str, str, str, str]:
    return fault.kind, fault.row, fault.fault, str(fault.organization_id or "")


def _document(fault: Broken) -> dict[str, Any]:
    organization = str(fault.organization_id) if fault.organization_id else None
    return {"kind": fault.kind, "row": fault.row, "fault": fault.fault, "organization": organization}
