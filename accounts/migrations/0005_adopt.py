from functools import partial

from django.db import migrations

from vault.seals.adoption import adopt

SEALED = {
    "User": (
        "email", "email_key", "name", "password", "is_active", "is_support", "is_instance_admin", "has_authenticator",
        "created_at", "password_changed_at", "limiter_epoch", "session_epoch",
    ),
    "TOTPDevice": ("uid", "user_id", "name", "confirmed", "created_at", "last_step"),
    "RecoveryDevice": ("uid", "user_id", "name", "confirmed", "created_at"),
    "RecoveryCode": ("device_id", "mac", "used_at"),
    "Instance": ("claimed_at", "setup_mac", "setup_expires_at", "second_factor_required"),
}


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0004_seals"),
        ("keys", "0002_life"),
        ("seals", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(partial(adopt, app="accounts", sealed=SEALED), migrations.RunPython.noop),
    ]
