from django.db import migrations

import vault.keys.peppers


class Migration(migrations.Migration):
    """The column stays as it is; only the model says now whose keyed hashes it holds."""

    dependencies = [("orgs", "0002_organization_slug")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="invitation",
                    name="token_mac",
                    field=vault.keys.peppers.KeyedHashField(purpose="token", unique=True),
                ),
            ]
        )
    ]
