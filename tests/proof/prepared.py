"""What the fork server imports once, so that its children need not."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vault.settings")
django.setup()

import tests.proof.acts  # noqa: E402 - after the set-up, as all that has models
import tests.proof.failpoints  # noqa: E402 - as above
import tests.proof.operations  # noqa: E402 - as above
import tests.proof.writers  # noqa: E402, F401 - as above
from tests.harness.tenants import touch_every_organization  # noqa: E402 - as above

touch_every_organization()
