"""What an organization demands for each class of secrets."""

from dataclasses import asdict

from orgs.demands import DEFAULTS, Demands
from orgs.models import ClassPolicy, Organization

__all__ = ["DEFAULTS", "Demands", "create_policies"]


def create_policies(organization: Organization) -> None:
    """The policy of every class, with its defaults: an organization is founded with them, because nothing of a class
    opens without."""
    for classification, demands in DEFAULTS.items():
        ClassPolicy(organization=organization, classification=classification, **asdict(demands)).save()
