"""Which keys a subcommand is about: `--org`, `--all`, `--purpose`."""

from argparse import ArgumentParser
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orgs.models import Organization
from vault.custody.cli.console import WrongUsage
from vault.custody.models import ShredRequest
from vault.keys.purposes import SYSTEM_PURPOSES, SYSTEM_SCOPE, Purpose


@dataclass(frozen=True, slots=True)
class Selected:
    """One scope and purpose, and what people call it."""

    scope: str
    purpose: Purpose
    label: str

    @property
    def document(self) -> dict[str, str]:
        return {"scope": self.scope, "scope_label": self.label, "purpose": self.purpose.value}


def add_selection(parser: ArgumentParser, purposes: tuple[Purpose, ...]) -> None:
    """The options that `selected` reads."""
    which = parser.add_mutually_exclusive_group()
    add_organization(which)
    which.add_argument(
        "--all", action="store_true", dest="everything", help="every organization and, without --purpose, the instance"
    )
    parser.add_argument(
        "--purpose",
        choices=[purpose.value for purpose in purposes],
        help="data: what an organization stores (needs --org or --all); all others belong to the instance",
    )


def add_organization(parser: Any, *, required: bool = False) -> None:
    """`--org`, which takes a slug or a uid."""
    parser.add_argument(
        "--org", metavar="SLUG", required=required, help="the organization, by its slug (see `keys status`) or its uid"
    )


def organization_named(name: str) -> Organization:
    """The organization of this slug or uid. Raises `WrongUsage`.

    The slug comes first: whoever founds an organization can have one made of somebody else's uid, with the hyphens
    elsewhere, and `UUID` reads that as well. Written as uids are, it is nobody's slug.
    """
    found = Organization.objects.filter(slug=name).first()
    if found is None:
        with suppress(ValueError):
            found = Organization.objects.filter(pk=UUID(name)).first()
    if found is None:
        raise WrongUsage("There is no organization with this slug or uid. `manage.py keys status` lists them.")
    return found


def selected(options: dict[str, Any], purposes: tuple[Purpose, ...]) -> list[Selected]:
    """What the options name, of the `purposes` that the subcommand is for. Raises `WrongUsage`."""
    purpose = Purpose(options["purpose"]) if options["purpose"] else None
    if options["org"]:
        if purpose not in (None, Purpose.DATA):
            raise WrongUsage(f"{purpose} keys belong to the instance: leave out --org.")
        return [_of(organization_named(options["org"]))]
    if purpose is None and not options["everything"]:
        raise WrongUsage("Say which keys: --org SLUG, --all, or --purpose of the instance's own.")
    if purpose is Purpose.DATA and not options["everything"]:
        raise WrongUsage("--purpose data needs --org SLUG or --all: every organization has a key of its own.")
    found = []
    if options["everything"] and purpose in (None, Purpose.DATA):
        shredded = ShredRequest.objects.filter(executed_at__isnull=False).values("organization_id")
        found += [_of(each) for each in Organization.objects.exclude(pk__in=shredded).order_by("slug")]
    found += [
        Selected(SYSTEM_SCOPE, each, "This instance")
        for each in SYSTEM_PURPOSES
        if each in purposes and purpose in (None, each)
    ]
    return found


def _of(organization: Organization) -> Selected:
    return Selected(organization.key_scope, Purpose.DATA, organization.name)
