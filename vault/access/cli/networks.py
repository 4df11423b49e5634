"""`access networks`: from where an organization may be used, and the way back in for whoever is locked out."""

from argparse import ArgumentParser
from typing import Any

from orgs.selectors.networks import rules_in, rules_listed
from orgs.services import clear_networks
from vault.custody.cli.console import Console, Result, table
from vault.custody.cli.selection import organization_named
from vault.custody.services.authority import OPERATOR

PROBLEM = (
    "The networks are not as this program wrote them, so nobody is let in. Find out who wrote to the database; "
    "`manage.py access verify` lists the rows. Then clear the networks with --clear and enter them anew, those of "
    "machines as well."
)


def add_networks(parser: ArgumentParser) -> None:
    parser.add_argument("organization", metavar="ORG", help="the organization, by its slug or its uid")
    parser.add_argument(
        "--clear",
        action="store_true",
        help="take every network of the organization off the list, so that people come in from anywhere again",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def networks(console: Console, options: dict[str, Any]) -> Result:
    """Lists the networks, or clears them. 1 if they are not as this program wrote them: then nobody is let in."""
    organization = organization_named(options["organization"])
    if options["clear"]:
        console.confirm(
            f"{organization.name} can then be used from anywhere. Networks of machines stay.", yes=options["yes"]
        )
        number = clear_networks(actor=OPERATOR, organization=organization)
        console.say(f"Taken off the list: {number}. {organization.name} can be used from anywhere.")
        return Result({"organization": str(organization.pk), "cleared": number})
    rules = rules_listed(organization)
    genuine = rules_in(organization.pk) is not None
    document = {
        "organization": str(organization.pk),
        "genuine": genuine,
        "networks": [
            {
                "uid": str(rule.pk),
                "network": rule.cidr,
                "machine": str(rule.machine_id) if rule.machine_id else None,
                "note": rule.note,
            }
            for rule in rules
        ],
    }
    if rules:
        lines = [(rule.cidr, rule.machine.name if rule.machine else "everybody", rule.note) for rule in rules]
        for line in table([("Network", "For", "Note"), *lines]):
            console.say(line)
    elif genuine:
        console.say(f"{organization.name} can be used from anywhere.")
    return Result(document, "" if genuine else PROBLEM)
