"""How a command lists the rows that do not open: which and why, never what is in them."""

from vault.custody.cli.console import Console
from vault.custody.models import KeyOperation


def say_failures(console: Console, operation: KeyOperation) -> None:
    """A line for each row that was kept, and how many more there are."""
    listed = operation.result.get("failures", [])
    for failure in listed:
        version = "" if failure["version"] is None else f", version {failure['version']}"
        console.say(f"  {failure['table']}.{failure['column']}, row {failure['row']}{version}: {failure['problem']}")
    more = operation.result.get("failed", 0) - len(listed)
    if more > 0:
        console.say(f"  and {more:,} more, which are not listed here: mend these, and look again.")
