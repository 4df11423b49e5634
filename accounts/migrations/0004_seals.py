from django.db import migrations, models

import vault.keys.peppers


def end_sessions(apps, schema_editor):
    """Sessions from before have no MAC: everybody signs in once more."""
    apps.get_model("accounts", "Session").objects.all().delete()


def note_authenticators(apps, schema_editor):
    """Who has a confirmed authenticator is asked for it, whatever becomes of its row."""
    devices = apps.get_model("accounts", "TOTPDevice").objects.filter(confirmed=True)
    apps.get_model("accounts", "User").objects.filter(pk__in=devices.values("user_id")).update(has_authenticator=True)


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0003_key_id_index"),
    ]

    operations = [
        migrations.RunPython(end_sessions, migrations.RunPython.noop),
        migrations.AlterModelOptions(
            name="recoverycode",
            options={"base_manager_name": "objects"},
        ),
        migrations.AlterModelOptions(
            name="session",
            options={"base_manager_name": "objects"},
        ),
        migrations.AddField(
            model_name="session",
            name="mac",
            field=vault.keys.peppers.KeyedHashField(default=b"", editable=False, purpose="row"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="user",
            name="has_authenticator",
            field=models.BooleanField(default=False, editable=False, verbose_name="second factor"),
        ),
        migrations.AddField(
            model_name="user",
            name="session_epoch",
            field=models.PositiveBigIntegerField(
                default=1, editable=False, help_text="Every end of a session adds one."
            ),
        ),
        migrations.RunPython(note_authenticators, migrations.RunPython.noop),
    ]
