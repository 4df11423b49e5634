"""`keys rotate`, `rewrap`, `reencrypt`, `retire`, `destroy`: the versions of tenant keys and what lies under them."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.utils import timezone

from vault.custody import services
from vault.custody.cli.console import Console, Refused, Result, WrongUsage
from vault.custody.cli.failures import say_failures
from vault.custody.cli.inventory import operation_document
from vault.custody.cli.selection import Selected, add_selection, selected
from vault.custody.kinds import OperationKind, OperationState
from vault.custody.models import KeyOperation
from vault.custody.selectors import MOVABLE
from vault.custody.services.authority import OPERATOR
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState, Purpose

_ALL = tuple(Purpose)
_AT_WORK = timedelta(seconds=10)
"""An operation that was moved so recently has somebody else at work on it."""


def add_rotate(parser: ArgumentParser) -> None:
    add_selection(parser, _ALL)


def rotate(console: Console, options: dict[str, Any]) -> Result:
    """Makes a new version of each selected key."""
    chosen, rotated, said = selected(options, _ALL), [], []
    try:
        with console.progress("Making keys") as bar:
            for each in chosen:
                key = services.rotate_key(actor=OPERATOR, scope=each.scope, purpose=each.purpose)
                said.append(f"{each.label}: the {each.purpose} key is now {key.fingerprint}, version {key.version}.")
                rotated.append({**each.document, **_key(key)})
                bar.show(len(rotated), len(chosen))
    finally:  # what was done is told also when the next one fails
        for line in said:
            console.say(line)
    if any(each["purpose"] in MOVABLE for each in rotated):
        console.say("What is under the keys before still opens. Move it with `keys rewrap` or `keys reencrypt`.")
    return Result({"rotated": rotated})


def add_moving(parser: ArgumentParser) -> None:
    add_selection(parser, MOVABLE)


def rewrap(console: Console, options: dict[str, Any]) -> Result:
    """Puts every value under the active key, with the data key it has."""
    return _move(console, options, OperationKind.REWRAP)


def reencrypt(console: Console, options: dict[str, Any]) -> Result:
    """Puts every value under the active key, with a new data key."""
    return _move(console, options, OperationKind.REENCRYPT)


def _move(console: Console, options: dict[str, Any], kind: OperationKind) -> Result:
    operations = []
    for each in selected(options, MOVABLE):
        operation = services.start_operation(actor=OPERATOR, kind=kind, scope=each.scope, purpose=each.purpose)
        _say_if_shared(console, operation)
        with console.progress(each.label) as bar:
            while operation.running:
                operation = services.advance_operation(actor=OPERATOR, operation=operation)
                bar.show(operation.done + operation.skipped, max(operation.total, operation.done + operation.skipped))
        _say_moved(console, each, operation)
        operations.append(operation)
    stuck = [operation for operation in operations if operation.state != OperationState.DONE]
    return Result(
        {"operations": [operation_document(operation) for operation in operations]},
        " ".join(operation.problem for operation in stuck),
    )


def _say_if_shared(console: Console, operation: KeyOperation) -> None:
    if operation.heartbeat_at > operation.started_at and operation.heartbeat_at > timezone.now() - _AT_WORK:
        console.note(
            f"{operation.requested_by_label} began this at {operation.started_at:%H:%M} UTC and is at work on it. "
            "This run takes its share."
        )


def _say_moved(console: Console, each: Selected, operation: KeyOperation) -> None:
    console.say(f"{each.label}: {operation.done:,} {each.purpose} values moved to the active key.")
    for fingerprint in operation.result.get("retired", []):
        console.say(f"  Retired the key {fingerprint}: nothing needs it any more.")
    say_failures(console, operation)


def add_retire(parser: ArgumentParser) -> None:
    add_selection(parser, _ALL)


def retire(console: Console, options: dict[str, Any]) -> Result:
    """Retires the superseded keys that no row needs."""
    chosen, retired, said = selected(options, _ALL), [], []
    try:
        with console.progress("Retiring keys") as bar:
            for number, each in enumerate(chosen, 1):
                for key in services.retire_unneeded(actor=OPERATOR, scope=each.scope, purpose=each.purpose):
                    said.append(
                        f"{each.label}: retired the {each.purpose} key {key.fingerprint}, version {key.version}."
                    )
                    retired.append({**each.document, **_key(key)})
                bar.show(number, len(chosen))
    finally:
        for line in said:
            console.say(line)
    if not retired:
        console.say("There is no superseded key that could be retired: rows need each, or there is none.")
    return Result({"retired": retired})


def add_destroy(parser: ArgumentParser) -> None:
    parser.add_argument("fingerprint", help="of the retired key")
    parser.add_argument("--confirm", metavar="FINGERPRINT", help="the fingerprint once more, instead of typing it")


def destroy(console: Console, options: dict[str, Any]) -> Result:
    """Destroys a retired key for good."""
    wanted = options["fingerprint"].strip().lower()
    found = [key for key in WrappedKey.objects.all() if key.fingerprint == wanted]
    if not found:
        raise WrongUsage("There is no tenant key with this fingerprint. `manage.py keys status` lists them.")
    if len(found) > 1:
        raise Refused("Several keys have this fingerprint. Destroy none of them before that is understood.")
    (key,) = found
    if key.state != KeyState.DESTROYED.value:
        typed = console.confirm_typed(
            f"This destroys the {key.purpose} key {key.fingerprint} for ever. A backup that is older than its last "
            "row's move cannot be read afterwards.",
            "the fingerprint",
            options["confirm"],
        )
        key = services.destroy_key(actor=OPERATOR, key=key, confirmation=typed)
    console.say(f"The {key.purpose} key {key.fingerprint} is destroyed.")
    return Result({"destroyed": _key(key)})


def _key(key: WrappedKey) -> dict[str, Any]:
    return {"fingerprint": key.fingerprint, "version": key.version, "purpose": key.purpose, "state": key.state}
