"""From where an organization, and each of its machines, may be used."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.models.authority import Machine
from orgs.models.organizations import Organization
from orgs.networks import CIDR_LENGTH
from vault.seals import SealedModel

NOTE_LENGTH = 200
_WORDS = "tells people, and decides nothing"


class NetworkPolicy(SealedModel):
    """What the rules of an organization have to come to (`orgs.networks.fingerprint_of`); empty: there are none.

    An organization has exactly one. Without rules it can be used from anywhere, so rows that are gone must not look
    like rows that never were: where this one is missing, or the rules come to something else, nobody is let in.
    """

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.OneToOneField(Organization, on_delete=models.CASCADE, related_name="network_policy")
    fingerprint = models.CharField(max_length=64, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    SEALED = ("organization_id", "fingerprint")
    SEAL_EXEMPT: ClassVar = {"changed_at": _WORDS}
    SEAL_RESOURCE = ResourceKind.NETWORK

    def __str__(self) -> str:
        return f"Networks of {self.organization_id}"


class NetworkRule(SealedModel):
    """A network from which an organization may be used; with a machine, one from which that machine may."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="network_rules")
    machine = models.ForeignKey(Machine, null=True, on_delete=models.PROTECT, related_name="network_rules")
    cidr = models.CharField(max_length=CIDR_LENGTH, help_text="As `orgs.networks.clean_network` writes it.")
    note = models.CharField(max_length=NOTE_LENGTH, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    SEALED = ("organization_id", "machine_id", "cidr")
    SEAL_EXEMPT: ClassVar = {"note": _WORDS, "created_at": _WORDS, "created_by_id": _WORDS}
    SEAL_RESOURCE = ResourceKind.NETWORK

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "cidr"], condition=Q(machine__isnull=True), name="network_once_per_organization"
            ),
            models.UniqueConstraint(
                fields=["machine", "cidr"], condition=Q(machine__isnull=False), name="network_once_per_machine"
            ),
            models.CheckConstraint(condition=~Q(cidr=""), name="network_named"),
        ]

    def __str__(self) -> str:
        return self.cidr

    @property
    def audit_resource(self) -> Resource:
        return Resource(ResourceKind.NETWORK, str(self.uid), self.cidr)
