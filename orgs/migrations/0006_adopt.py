from functools import partial

from django.db import migrations

from vault.seals.adoption import adopt

SEALED = {
    "Membership": ("organization_id", "user_id", "role", "status", "joined_at"),
    "Invitation": (
        "organization_id", "email", "email_key", "role", "token_mac", "invited_by_id", "created_at", "expires_at",
        "accepted_at", "accepted_by_id", "revoked_at",
    ),
}


class Migration(migrations.Migration):

    dependencies = [
        ("orgs", "0005_inviters"),
        ("keys", "0002_life"),
        ("seals", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(partial(adopt, app="orgs", sealed=SEALED), migrations.RunPython.noop),
    ]
