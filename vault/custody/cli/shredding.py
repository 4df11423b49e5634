"""`keys shred`: carries out what two owners of an organization agreed upon."""

from argparse import ArgumentParser
from typing import Any

from vault.custody import services
from vault.custody.cli.console import Console, Refused, Result
from vault.custody.cli.selection import add_organization, organization_named
from vault.custody.errors import ShredRefused
from vault.custody.selectors import open_shred_request, shredded_at
from vault.custody.services.authority import OPERATOR


def add_shred(parser: ArgumentParser) -> None:
    add_organization(parser, required=True)
    parser.add_argument("--confirm", metavar="NAME", help="the organization's name, instead of typing it")


def shred(console: Console, options: dict[str, Any]) -> Result:
    """Destroys the keys of an organization, if one owner asked for it and another agreed within a day."""
    organization = organization_named(options["org"])
    typed = ""
    if shredded_at(organization.uid) is None:
        request = open_shred_request(organization)
        if request is None:
            raise Refused(
                "No owner has asked to destroy these keys. An owner asks on the page of the organization's keys, "
                "another approves there within a day."
            )
        if request.approved_at is None:
            raise Refused(
                f"{request.requested_by.email} asked to destroy these keys; another owner has to approve that on the "
                f"page of the organization's keys before {request.expires_at:%d %B %Y, %H:%M} UTC."
            )
        typed = console.confirm_typed(
            f"This destroys the keys of {organization.name} for ever: none of its values can be read again, not from "
            "this database and not from a backup of its rows.",
            "the organization's name",
            options["confirm"],
        )
    try:
        done = services.execute_shred(actor=OPERATOR, organization=organization, confirmation=typed)
    except ShredRefused as refused:
        raise Refused(str(refused)) from refused
    executed = done.executed_at.isoformat(timespec="seconds") if done.executed_at else None
    console.say(
        f"The keys of {organization.name} are destroyed. Delete the backups of the key table as well: with them and "
        "the root key, an older backup of the rows would open."
    )
    return Result({"organization": str(organization.uid), "slug": organization.slug, "executed_at": executed})
