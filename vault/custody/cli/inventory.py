"""`keys status`: every key, what is due, and what is under way."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from vault.custody import selectors
from vault.custody.cli.console import Console, Result, table
from vault.custody.cli.selection import add_organization, organization_named
from vault.custody.kinds import OperationState
from vault.custody.models import KeyOperation
from vault.custody.reports import verifiers
from vault.custody.selectors import EscrowState, KeyLine, RootKeyLine


def add_status(parser: ArgumentParser) -> None:
    add_organization(parser)
    parser.add_argument(
        "--check",
        action="store_true",
        help="exit with 1 if a rotation is overdue, or the last verification or the last of every value found any that "
        "do not open",
    )


def status(console: Console, options: dict[str, Any]) -> Result:
    """Lists the keys of the instance or of one organization."""
    scope = organization_named(options["org"]).key_scope if options["org"] else None
    lines = selectors.instance_inventory() if scope is None else selectors.inventory(scope)
    roots, escrow = selectors.root_key_lines(), selectors.escrow_state()
    verified = selectors.last_verification(scope)
    running = list(KeyOperation.objects.filter(state=OperationState.RUNNING))
    overdue = sum(line.overdue for line in lines) + sum(root.overdue for root in roots)
    _print(console, lines, roots, escrow, verified, running)
    problems = []
    if options["check"] and overdue:
        problems.append(f"{overdue} rotation{'s are' if overdue > 1 else ' is'} overdue.")
    whole = selectors.last_verification(scope, whole=True)  # a sample that opens does not mend what did not
    found = {each.pk: each.problem for each in (verified, whole) if each is not None and each.problem}
    if options["check"]:
        problems += found.values()
    document = {
        "keys": [_key(line) for line in lines],
        "root_keys": [_root_key(line) for line in roots],
        "escrow": escrow_document(escrow),
        "overdue": overdue,
        "report_keys": verifiers(),
        "last_verification": operation_document(verified) if verified else None,
        "running": [operation_document(each) for each in running],
    }
    return Result(document, " ".join(problems))


def escrow_document(state: EscrowState) -> dict[str, Any]:
    """The JSON of the escrow."""
    return {
        "root_key": state.root_fingerprint,
        "covered": state.covered,
        "created_at": _time(state.current.created_at) if state.current else None,
        "threshold": state.current.threshold if state.current else None,
        "shares": [{"index": share.index, "confirmed_at": _time(share.confirmed_at)} for share in state.shares],
    }


def operation_document(operation: KeyOperation) -> dict[str, Any]:
    """The JSON of work on keys."""
    return {
        "operation": str(operation.uid),
        "kind": operation.kind,
        "scope": operation.scope,
        "purpose": operation.purpose,
        "state": operation.state,
        "total": operation.total,
        "done": operation.done,
        "skipped": operation.skipped,
        "problem": operation.problem,
        "started_at": _time(operation.started_at),
        "finished_at": _time(operation.finished_at),
        **{key: operation.result[key] for key in ("retired", "failed", "failures") if key in operation.result},
    }


def _key(line: KeyLine) -> dict[str, Any]:
    return {
        **{key: found for key, found in asdict(line).items() if key not in {"uid", "organization_id"}},
        "uid": str(line.uid),
        "created_at": _time(line.created_at),
        "activated_at": _time(line.activated_at),
        "due_at": _time(line.due_at),
    }


def _root_key(line: RootKeyLine) -> dict[str, Any]:
    moments = {"first_seen_at": line.first_seen_at, "wrapping_since": line.wrapping_since, "due_at": line.due_at}
    return {**asdict(line), **{name: _time(moment) for name, moment in moments.items()}, "overdue": line.overdue}


def _time(moment: Any) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _print(
    console: Console,
    lines: list[KeyLine],
    roots: list[RootKeyLine],
    escrow: EscrowState,
    verified: KeyOperation | None,
    running: list[KeyOperation],
) -> None:
    rows: list[tuple[str, ...]] = [
        ("SCOPE", "PURPOSE", "VERSION", "STATE", "KEY", "ROOT KEY", "AGE", "WRAPS", "ROWS", "PERIOD", "DUE")
    ]
    rows += [_row(line) for line in lines]
    for text in table(rows):
        console.say(text)
    console.say()
    console.say("Root keys:")
    for root in roots:
        role = "wraps" if root.wrapping else "unwraps"
        source = root.source or ("configured" if root.configured else "NOT CONFIGURED")
        due = f", {'OVERDUE since' if root.overdue else 'due'} {root.due_at:%Y-%m-%d}" if root.due_at else ""
        console.say(f"  {root.fingerprint}  {role} {root.keys:,} keys, from {source}{due}")
    console.say(f"Recovery shares: {_escrow(escrow)}")
    if verified is None:
        console.say("Last verification: never. Run `manage.py keys verify --all`.")
    else:
        found = verified.problem or f"all of {verified.total:,} values opened."
        console.say(f"Last verification: {verified.finished_at:%Y-%m-%d %H:%M} UTC, {found}")
    for operation in running:
        console.say(
            f"Under way: {operation.get_kind_display().lower()} of {operation.scope or 'everything'}, "
            f"{operation.done:,} of {operation.total:,}"
        )


def _row(line: KeyLine) -> tuple[str, ...]:
    scope = line.organization_slug or line.scope
    due = f"{line.due_at:%Y-%m-%d}" if line.due_at else ""
    root = line.root_fingerprint + (f" -> {line.next_root_fingerprint}" if line.next_root_fingerprint else "")
    return (
        scope,
        line.purpose.value,
        str(line.version),
        line.state.value,
        line.fingerprint,
        root,
        f"{line.age_days} d",
        f"{line.wraps:,}",
        f"{line.rows:,}",
        f"{line.period_days} d",
        f"{due} OVERDUE" if line.overdue else due,
    )


def _escrow(state: EscrowState) -> str:
    if state.current is None:
        return f"none of the root key {state.root_fingerprint}. Run `manage.py keys split`."
    return (
        f"{state.current.threshold} of {state.current.shares} rebuild the root key {state.root_fingerprint}; "
        f"{state.confirmed} confirmed since {state.current.created_at:%Y-%m-%d}"
    )
