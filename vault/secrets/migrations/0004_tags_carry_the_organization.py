import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery

from django.apps.registry import Apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def carry(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Each row gets the organization of its secret."""
    tagged, secrets = apps.get_model("secrets", "SecretTag"), apps.get_model("secrets", "Secret")
    owner = secrets.objects.filter(pk=OuterRef("secret_id")).values("organization_id")[:1]
    tagged.objects.using(schema_editor.connection.alias).update(organization_id=Subquery(owner))


class Migration(migrations.Migration):
    """The table of the tags that secrets have gets a model of its own, which says whose each row is."""

    dependencies = [("secrets", "0003_access")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="SecretTag",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("secret", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="secrets.secret")),
                        ("tag", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="secrets.tag")),
                    ],
                    options={"db_table": "secrets_secret_tags", "unique_together": {("secret", "tag")}},
                ),
                migrations.AlterField(
                    model_name="secret",
                    name="tags",
                    field=models.ManyToManyField(
                        blank=True, related_name="secrets", through="secrets.SecretTag", to="secrets.tag"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="secrettag",
            name="organization",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="orgs.organization"
            ),
        ),
        migrations.RunPython(carry, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="secrettag",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="orgs.organization"
            ),
        ),
    ]
