"""What commands call an organization: made from its name for those that are there."""

from django.db import migrations, models

import orgs.names


def name_them(apps, schema_editor):
    organizations = apps.get_model("orgs", "Organization").objects.using(schema_editor.connection.alias)
    for organization in organizations.filter(slug__isnull=True).order_by("created_at", "uid"):
        organization.slug = orgs.names.free_slug(
            organization.name, organizations.exclude(slug__isnull=True).values_list("slug", flat=True)
        )
        organization.save(update_fields=["slug"])


class Migration(migrations.Migration):
    dependencies = [("orgs", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="slug",
            field=models.SlugField(max_length=60, null=True, editable=False, db_index=False),
        ),
        migrations.RunPython(name_them, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="organization",
            name="slug",
            field=models.SlugField(
                max_length=60,
                unique=True,
                editable=False,
                help_text="What commands call it: made from the first name, kept when the name changes.",
            ),
        ),
    ]
