from django.db import migrations

import vault.keys.peppers


class Migration(migrations.Migration):
    """The columns stay as they are; only the model says now whose keyed hashes they hold."""

    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="instance",
                    name="setup_mac",
                    field=vault.keys.peppers.KeyedHashField(null=True, purpose="token"),
                ),
                migrations.AlterField(
                    model_name="recoverycode",
                    name="mac",
                    field=vault.keys.peppers.KeyedHashField(purpose="token", unique=True),
                ),
            ]
        )
    ]
