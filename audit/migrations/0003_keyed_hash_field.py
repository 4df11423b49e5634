from django.db import migrations

import vault.keys.peppers


class Migration(migrations.Migration):
    """The column stays as it is; only the model says now whose keyed hashes it holds."""

    dependencies = [("audit", "0002_append_only")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="event",
                    name="mac",
                    field=vault.keys.peppers.KeyedHashField(
                        help_text="The id of the audit key and its HMAC over the canonical body.", purpose="audit"
                    ),
                ),
            ]
        )
    ]
