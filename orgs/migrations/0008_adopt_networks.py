from functools import partial
from typing import Any

from django.db import migrations

from vault.seals.adoption import adopt

SEALED = {"NetworkPolicy": ("organization_id", "fingerprint")}


def make_policies(apps: Any, schema_editor: Any) -> None:
    """One for every organization that there is: without, nobody would be let in."""
    policy = apps.get_model("orgs", "NetworkPolicy")
    without = apps.get_model("orgs", "Organization").objects.filter(network_policy__isnull=True)
    policy.objects.bulk_create(policy(organization_id=uid) for uid in without.values_list("pk", flat=True))


class Migration(migrations.Migration):

    dependencies = [
        ("orgs", "0007_networks"),
    ]

    operations = [
        migrations.RunPython(make_policies, migrations.RunPython.noop),
        migrations.RunPython(partial(adopt, app="orgs", sealed=SEALED), migrations.RunPython.noop),
    ]
