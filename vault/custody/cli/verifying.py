"""`keys verify`: opens every value."""

from argparse import ArgumentParser
from typing import Any

from vault.custody import services
from vault.custody.cli.console import Console, Result, WrongUsage
from vault.custody.cli.failures import say_failures
from vault.custody.cli.inventory import operation_document
from vault.custody.cli.selection import add_organization, organization_named
from vault.custody.services.authority import OPERATOR


def add_verify(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--sample", type=int, metavar="N", help="open this many values, chosen at random")
    which.add_argument("--all", action="store_true", help="open every value (this is what happens without --sample)")
    add_organization(parser)


def verify(console: Console, options: dict[str, Any]) -> Result:
    """Opens values, and lists the rows that do not open. No value is printed."""
    if options["sample"] is not None and options["sample"] < 1:
        raise WrongUsage("--sample is how many values to open, at least 1.")
    scope = organization_named(options["org"]).key_scope if options["org"] else None
    with console.progress("Opening values") as bar:
        operation = services.verify_values(actor=OPERATOR, scope=scope, sample=options["sample"], progress=bar.show)
    for table, counts in sorted(operation.result["by_table"].items()):
        console.say(f"{table}: {counts['checked']:,} opened, {counts['failed']:,} failed")
    say_failures(console, operation)
    left_out = operation.result["left_out"]
    if left_out:
        console.say(
            f"Left out: {left_out:,} organization{'s' if left_out > 1 else ''} whose keys were destroyed on purpose."
        )
    if not operation.problem:
        console.say(f"All of {operation.total:,} values open.")
    document = {
        **operation_document(operation),
        "checked": operation.total,
        "sample": options["sample"],
        "by_table": operation.result["by_table"],
        "left_out": left_out,
    }
    return Result(document, operation.problem)
