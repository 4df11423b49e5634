from functools import partial

from django.db import migrations

from vault.seals.adoption import adopt

SEALED = {
    "Project": ("organization_id", "kind", "name", "name_key"),
    "Environment": ("organization_id", "project_id", "name", "name_key", "classification"),
}


class Migration(migrations.Migration):

    dependencies = [
        ("orgs", "0008_adopt_networks"),
    ]

    operations = [
        migrations.RunPython(partial(adopt, app="orgs", sealed=SEALED), migrations.RunPython.noop),
    ]
