from functools import partial

from django.db import migrations

from vault.seals.adoption import adopt

SEALED = {
    "Secret": ("organization_id", "project_id", "environment_id", "kind", "name", "classification", "trashed_at"),
}


class Migration(migrations.Migration):

    dependencies = [
        ("secrets", "0004_tags_carry_the_organization"),
        ("keys", "0002_life"),
        ("seals", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(partial(adopt, app="secrets", sealed=SEALED), migrations.RunPython.noop),
    ]
