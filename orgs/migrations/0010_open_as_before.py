from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import migrations

from vault.seals.adoption import adopt
from vault.seals.models import Seal

Made = Mapping[str, Sequence[Any]]

SEALED = {
    "ClassPolicy": (
        "organization_id",
        "classification",
        "step_up_minutes",
        "approvals",
        "reason_required",
        "reveal_seconds",
        "longest_grant_days",
    ),
    "Grant": (
        "organization_id",
        "subject_kind",
        "membership_id",
        "team_id",
        "machine_id",
        "role",
        "custom_role_id",
        "project_id",
        "environment_id",
        "path",
        "highest",
        "starts_at",
        "ends_at",
        "approvals",
        "origin",
        "revoked_at",
    ),
}


@dataclass(frozen=True)
class Demands:
    """As a new organization begins with them at this point of history."""

    classification: int
    step_up_minutes: int | None = None
    reason_required: bool = False
    reveal_seconds: int = 30
    longest_grant_days: int | None = None


DEFAULTS = (
    Demands(1),
    Demands(2, step_up_minutes=60, longest_grant_days=365),
    Demands(3, step_up_minutes=5, reason_required=True, reveal_seconds=15, longest_grant_days=30),
)


def keep_open(apps: Any, schema_editor: Any) -> Made:
    """An organization from before there were grants has neither policies, without which no value opens, nor a grant to
    everyone, without which a project is restricted. Its projects were open to every member, and stay so.

    One that was founded since has its policies, and what is restricted in it was meant to be. If only their seals are
    there, somebody has taken the policies away. Returns what was made, by model.
    """
    policy, grant = apps.get_model("orgs", "ClassPolicy"), apps.get_model("orgs", "Grant")
    had = Seal.objects.filter(kind="orgs.classpolicy", organization_id__isnull=False).values("organization_id")
    before = apps.get_model("orgs", "Organization").objects.filter(class_policies__isnull=True).exclude(pk__in=had)
    organizations = list(before.values_list("pk", flat=True))
    projects = apps.get_model("orgs", "Project").objects.filter(organization_id__in=organizations)
    policies = policy.objects.bulk_create(
        policy(organization_id=organization, **asdict(demands))
        for organization in organizations
        for demands in DEFAULTS
    )
    grants = grant.objects.bulk_create(
        grant(
            organization_id=project.organization_id,
            subject_kind="everyone",
            role="member",
            project_id=project.pk,
            origin="opened",
            granted_by_id=project.created_by_id,
        )
        for project in projects
    )
    return {"ClassPolicy": [each.pk for each in policies], "Grant": [each.pk for each in grants]}


def keep_open_and_seal(apps: Any, schema_editor: Any) -> None:
    """Both at once, so that nothing is sealed but what was made."""
    adopt(apps, schema_editor, app="orgs", sealed=SEALED, made=keep_open(apps, schema_editor))


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0009_adopt_places"),
    ]

    operations = [
        migrations.RunPython(keep_open_and_seal, migrations.RunPython.noop),
    ]
