"""`keys split`, `escrow-check` and `recover`: the root key as word lists for several people to keep."""

import logging
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction

from audit.actions import Action, ResourceKind
from audit.resource import Resource
from audit.services import EventNotWritten, append
from vault.crypto import shares as slip39
from vault.crypto.fingerprint import fingerprint
from vault.crypto.rootkey import RootKey
from vault.crypto.secrecy import scrubbed
from vault.custody import services
from vault.custody.cli.console import Console, Refused, Result, WrongUsage
from vault.custody.cli.screen import read_share, show_share
from vault.custody.models import EscrowSet
from vault.custody.selectors import escrow_state
from vault.custody.services.authority import OPERATOR
from vault.development import create_private_file
from vault.keys import rootkeys
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState

logger = logging.getLogger(__name__)


def add_split(parser: ArgumentParser) -> None:
    parser.add_argument("--shares", type=int, default=5, metavar="N", help="how many word lists to make (5)")
    parser.add_argument("--threshold", type=int, default=3, metavar="K", help="how many of them rebuild the key (3)")
    parser.add_argument("--yes", action="store_true", help="replace the shares before without asking")


@scrubbed
def split(console: Console, options: dict[str, Any]) -> Result:
    """Shows the shares one at a time, and asks words of each back."""
    if not console.as_json and not (console.private and console.stdout.isatty()):
        raise Refused(
            "The shares are shown one at a time on a terminal, and this is none: its input, output and errors must not "
            "be redirected. With --json they are printed together: keep them away from logs and files."
        )
    if not 2 <= options["threshold"] <= options["shares"] <= slip39.MAX_SHARES:
        raise WrongUsage(f"Possible are 2 to {slip39.MAX_SHARES} shares, and a threshold from 2 to their number.")
    before = escrow_state()
    if before.current is not None:
        console.confirm(
            f"There are shares of this root key since {before.current.created_at:%d %B %Y}. New ones take their place; "
            "the old ones still rebuild it: their holders destroy them once enough of the new ones were confirmed.",
            yes=options["yes"],
        )
    made = services.split_root_key(actor=OPERATOR, shares=options["shares"], threshold=options["threshold"])
    escrow = made.escrow
    if not console.as_json:
        for number, words in enumerate(made.shares, 1):
            show_share(
                console,
                words,
                heading=f"Share {number} of {escrow.shares} of the root key {escrow.root_fingerprint} "
                f"({escrow.threshold} rebuild it). For one holder's eyes only.",
            )
            console.say(f"Share {number} of {escrow.shares} is written down.")
        console.say(
            f"Any {escrow.threshold} of these {escrow.shares} rebuild the root key {escrow.root_fingerprint}. "
            "Give each to another person; each can be confirmed later with `manage.py keys escrow-check`."
        )
    return Result(
        {
            "root_key": escrow.root_fingerprint,
            "threshold": escrow.threshold,
            "shares": list(made.shares) if console.as_json else escrow.shares,
        }
    )


def add_escrow_check(parser: ArgumentParser) -> None:
    """Nothing to add: the share is typed, never an argument, which other people of the machine could see."""


@scrubbed
def escrow_check(console: Console, options: dict[str, Any]) -> Result:
    """Confirms one share; its words are neither shown nor stored."""
    words = read_share(console, 1, lambda _: None)
    share = services.confirm_share(actor=OPERATOR, words=words)
    escrow = share.escrow
    current = bytes(escrow.root_key_id) == rootkeys.wrapping_root_key().key_id and escrow.replaced_at is None
    console.say(
        f"This is share {share.index} of {escrow.shares}, made on {escrow.created_at:%d %B %Y}, of the root key "
        f"{escrow.root_fingerprint}. {escrow.threshold} of them rebuild it."
    )
    problem = ""
    if escrow.replaced_at is not None:
        problem = _advice(escrow)
    elif not current:
        problem = "This root key does not wrap any more: split the present one with `manage.py keys split`."
    return Result(
        {
            "index": share.index,
            "shares": escrow.shares,
            "threshold": escrow.threshold,
            "created_at": escrow.created_at.isoformat(timespec="seconds"),
            "root_key": escrow.root_fingerprint,
            "current": current,
        },
        problem,
    )


def _advice(replaced: EscrowSet) -> str:
    """What to do with a share for which there are newer ones: it is all there is until enough of those were read back,
    since making them may have been interrupted before anybody had them."""
    newer = EscrowSet.objects.filter(root_key_id=replaced.root_key_id).latest("created_at")
    confirmed = newer.members.filter(confirmed_at__isnull=False).count()
    if confirmed >= newer.threshold:
        return "Newer shares took the place of this one: destroy it, and keep the newer one."
    return (
        f"Newer shares were made, of which {newer.threshold} rebuild the root key and {confirmed} "
        f"{'was' if confirmed == 1 else 'were'} confirmed. Keep this one until enough of them are."
    )


def add_recover(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write the root key to this new file, mode 0600, not to the terminal",
    )


@scrubbed
def recover(console: Console, options: dict[str, Any]) -> Result:
    """Rebuilds a root key from shares. Needs no root key, no database and no configuration."""
    path: Path | None = options["output"]
    if path is not None and os.path.lexists(path):
        raise WrongUsage(f"{path} exists. Nothing is ever overwritten: name another file.")
    root_key_text = _rebuilt(console)
    root_key = RootKey.from_text(root_key_text)
    needed = _needed()
    matches = None if needed is None else root_key.key_id in needed
    if path is not None:
        try:
            made = create_private_file(path, f"{root_key_text}\n")
        except OSError as error:
            raise Refused(f"{path} cannot be written ({error.strerror}). Nothing was done.") from None
        if not made:
            raise Refused(f"{path} appeared meanwhile. Nothing is ever overwritten: name another file.")
        console.say(f"The root key {root_key.fingerprint} is in {path}. Name it in HOLDFAST_ROOT_KEY_FILE.")
    else:
        console.note(f"The root key {root_key.fingerprint}:")
        console.say(root_key_text)
    problem = ""
    if needed is None:
        console.note("There is no database here to compare it with.")
    elif not matches:
        problem = (
            f"These shares rebuild the root key {root_key.fingerprint}, but the database needs "
            f"{', '.join(sorted(map(fingerprint, needed))) or 'none'}."
        )
    else:
        console.note("The database needs this root key.")
    recorded = matches is not None and _recorded(console, root_key)
    document = {"root_key": root_key.fingerprint, "matches": matches, "event": recorded}
    document |= {"output": str(path)} if path else {"text": root_key_text}
    return Result(document, problem)


def _rebuilt(console: Console) -> str:
    given: list[str] = []
    first: slip39.Share | None = None

    def accept(words: str) -> None:
        share = slip39.read_share(words)
        if first is not None and (share.identifier, share.threshold) != (first.identifier, first.threshold):
            raise slip39.BadShare("it is of another set than the first share, and they do not go together.")
        if share.index in {slip39.read_share(each).index for each in given}:
            raise slip39.BadShare("it was given already. Another one is needed.")

    while first is None or len(given) < first.threshold:
        given.append(read_share(console, len(given) + 1, accept))
        first = first or slip39.read_share(given[0])
        console.note(f"{len(given)} of {first.threshold} shares.")
    return slip39.combine(given)


def _needed() -> set[bytes] | None:
    """The ids of the root keys that tenant keys are under; None if there is no database to ask."""
    name = connection.settings_dict.get("NAME")
    if connection.vendor == "sqlite" and not Path(str(name)).is_file():
        return None  # asking would make it
    try:
        rows = WrappedKey.objects.exclude(state=KeyState.DESTROYED.value).order_by()
        pairs = list(rows.values_list("root_key_id", "next_root_key_id").distinct())
    except (DatabaseError, ImproperlyConfigured):
        return None
    return {bytes(key_id) for pair in pairs for key_id in pair if key_id is not None}


def _recorded(console: Console, root_key: RootKey) -> bool:
    """Whether the log took the event. Its key is under a root key, which an empty host has not got yet."""
    if settings.ROOT_KEY or (settings.ROOT_KEY_FILE and Path(settings.ROOT_KEY_FILE).is_file()):
        try:
            with transaction.atomic():
                append(
                    actor=OPERATOR,
                    action=Action.ROOT_KEY_RECOVERED,
                    resource=Resource(ResourceKind.KEY, root_key.key_id.hex(), root_key.fingerprint),
                    details={"root_key": root_key.fingerprint},
                )
        except (EventNotWritten, DatabaseError, ImproperlyConfigured) as error:
            logger.warning("The recovery of a root key is not in the log: %s", type(error).__name__)
        else:
            return True
    console.note("The activity log could not take this up: without a root key nothing can be written to it.")
    return False
