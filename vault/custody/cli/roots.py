"""`keys rotate-root`: another root key takes over."""

from argparse import ArgumentParser
from typing import Any

from vault.custody import services
from vault.custody.cli.console import Console, Result, WrongUsage
from vault.custody.services.authority import OPERATOR


def add_rotate_root(parser: ArgumentParser) -> None:
    parser.add_argument("--to", metavar="FINGERPRINT", help="the next root key, when several are configured")
    parser.add_argument(
        "--finish", action="store_true", help="make the next root key the only one, once every process has it"
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="with --finish: although a process seen in the last hour lacks the root key (it then cannot read)",
    )
    parser.add_argument("--yes", action="store_true", help="with --force: do not ask")


def rotate_root(console: Console, options: dict[str, Any]) -> Result:
    """Phase 1, or with `--finish` phase 2."""
    if options["force"] and not options["finish"]:
        raise WrongUsage("--force belongs to --finish.")
    if options["to"] and options["finish"]:
        raise WrongUsage("--to belongs to the beginning of a rotation; --finish ends the one that is under way.")
    if options["finish"]:
        if options["force"]:
            console.confirm(
                "A process that lacks the next root key cannot read a value from now on.", yes=options["yes"]
            )
        with console.progress("Giving up the other wrapping") as bar:
            done = services.finish_root_rotation(actor=OPERATOR, force=options["force"], progress=bar.show)
        if done.keys:
            console.say(
                f"{done.keys:,} tenant keys are now under the root key {done.fingerprint} alone. The one before is not "
                "needed any more, except for backups: take it out of the configuration and keep it offline. Its "
                "recovery shares do not rebuild the new one: run `manage.py keys split`."
            )
        else:
            console.say(f"No rotation is under way: the root key {done.fingerprint} is the only one.")
    else:
        with console.progress("Wrapping keys") as bar:
            done = services.rotate_root(actor=OPERATOR, fingerprint=options["to"], progress=bar.show)
        console.say(
            f"No rotation is under way: the root key {done.fingerprint} is the only one."
            if done.finished
            else f"The root key {done.fingerprint} wraps from now on; {done.keys:,} tenant keys got a second wrapping "
            "under it. When every process runs with it: `manage.py keys rotate-root --finish`."
        )
    return Result({"root_key": done.fingerprint, "keys": done.keys, "finished": done.finished})
