"""`access who` and `access explain`: who reaches something, and why somebody does or does not."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from orgs.classification import ALL_CLASSES
from orgs.models import Machine, Membership
from orgs.permissions import Actor, Permission, Reach, decide
from orgs.permissions.standing import Holding
from orgs.places import Scope
from vault import tenancy
from vault.access.naming import Named, NotFound, actor_named, place_named
from vault.access.reading import Reader, Way, asked, everybody
from vault.custody.cli.console import Console, Result, WrongUsage, table


def add_who(parser: ArgumentParser) -> None:
    parser.add_argument(
        "place",
        metavar="PLACE",
        help="an organization, project, environment or secret: its uid, or organization-slug/project/environment/name",
    )
    _add_permission(parser)


def who(console: Console, options: dict[str, Any]) -> Result:
    """Lists everybody who reaches a place, through which grants, until when, and when they last did."""
    with tenancy.everywhere("a command names any place"):
        return _who(console, options)


def _who(console: Console, options: dict[str, Any]) -> Result:
    named = _place(options["place"])
    question = asked(_permission(options), named.place, secret=named.secret)
    everything = Scope(named.place.organization)  # whoever may run commands may read the database
    readers = everybody(question, [Reach(everything, ALL_CLASSES, Holding(frozenset(), everything, ""))])
    for reader in readers:
        console.say(f"{_name(reader)}")
        for way in reader.ways:
            console.say(f"    {way.because}{_limits(way, question.partly)}")
        if reader.last_at is not None:
            console.say(f"    last on {_time(reader.last_at)}")
    number = len(readers)
    console.say(f"{number:,} reach{'es' if number == 1 else ''} {named.label} with {question.permission}.")
    return Result(
        {
            "place": _document(named),
            "permission": question.permission.value,
            "at": question.at.isoformat(),
            "readers": [_reader(each) for each in readers],
            "count": number,
        }
    )


def add_explain(parser: ArgumentParser) -> None:
    parser.add_argument("person", metavar="PERSON", help="an address or a uid; a machine by its name or its uid")
    parser.add_argument(
        "place", metavar="SECRET", help="a secret, or another place: its uid, or organization-slug/project/…"
    )
    _add_permission(parser)


def explain(console: Console, options: dict[str, Any]) -> Result:
    """Says whether somebody may do something to a secret, or to all of a place, why, and until when. 1 for no."""
    with tenancy.everywhere("a command names any place"):
        return _explain(console, options)


def _explain(console: Console, options: dict[str, Any]) -> Result:
    named = _place(options["place"])
    permission = _permission(options)
    try:
        actor = actor_named(options["person"], named.place.organization)
    except NotFound as wrong:
        raise WrongUsage(str(wrong)) from None
    at = timezone.now()
    decision = decide(actor, permission, named.place)
    document = {
        "person": _actor(actor),
        "place": _document(named),
        "permission": permission.value,
        "at": at.isoformat(),
        "allowed": decision.allowed,
        "because": decision.because,
        "grant": str(decision.grant) if decision.grant else None,
        "until": decision.until.isoformat() if decision.until else None,
    }
    if not decision.allowed:
        return Result(
            document, f"Denied: {_actor(actor)['name']} may not {permission} {named.label}: {decision.because}."
        )
    rows = [
        ("Allowed", f"{_actor(actor)['name']} may {permission} {named.label}"),
        ("Because", decision.because),
        ("Until", _time(decision.until) if decision.until else "no end"),
    ]
    for line in table(rows):
        console.say(line)
    return Result(document)


def _add_permission(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--permission",
        default=Permission.SECRET_REVEAL.value,
        metavar="PERMISSION",
        help="such as secret:list or secret:write (default: secret:reveal)",
    )


def _permission(options: dict[str, Any]) -> Permission:
    try:
        return Permission(options["permission"])
    except ValueError:
        known = ", ".join(each.value for each in Permission)
        raise WrongUsage(f"There is no permission {options['permission']!r}. There are: {known}.") from None


def _place(name: str) -> Named:
    try:
        return place_named(name)
    except NotFound as wrong:
        raise WrongUsage(str(wrong)) from None


def _name(reader: Reader) -> str:
    subject = reader.subject
    if isinstance(subject, Membership):
        return f"{subject.user.name} <{subject.user.email}>"
    return f"{subject.name} (machine)"


def _limits(way: Way, partly: bool) -> str:
    said = []
    if partly and not way.whole:
        said.append("a part of it")
    if partly and way.class_labels:
        said.append(f"only what is {' or '.join(way.class_labels)}")
    return f" ({', '.join(said)})" if said else ""


def _reader(reader: Reader) -> dict[str, Any]:
    subject = reader.subject
    person = isinstance(subject, Membership)
    return {
        "kind": "person" if person else "machine",
        "uid": str(subject.uid),
        "name": subject.user.name if isinstance(subject, Membership) else subject.name,
        "email": subject.user.email if isinstance(subject, Membership) else None,
        "until": reader.until.isoformat() if reader.until else None,
        "last_at": reader.last_at.isoformat() if reader.last_at else None,
        "ways": [
            {
                "because": way.because,
                "grant": str(way.grant) if way.grant else None,
                "until": way.until.isoformat() if way.until else None,
                "whole": way.whole,
                "classes": [each.label.lower() for each in sorted(way.classes)],
            }
            for way in reader.ways
        ],
    }


def _actor(actor: Actor) -> dict[str, Any]:
    if isinstance(actor, Machine):
        return {"kind": "machine", "uid": str(actor.uid), "name": actor.name}
    if not isinstance(actor, User):
        raise TypeError("nobody has this name")
    return {"kind": "person", "uid": str(actor.pk), "name": actor.name, "email": actor.email}


def _document(named: Named) -> dict[str, Any]:
    place = named.place
    uid = named.secret or place.environment or place.project or place.organization
    return {"kind": named.kind, "uid": str(uid), "name": named.label}


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
