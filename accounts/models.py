"""Who people are: accounts, second factors, sessions, and the instance they belong to."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django_otp.models import Device, ThrottlingMixin, TimestampMixin

from accounts.emails import normalize_email
from audit.actions import ActorKind
from audit.actor import Actor
from vault.fields import EncryptedTextField
from vault.keys.purposes import Purpose


class UserManager(BaseUserManager["User"]):
    """Finds people by their normalized address."""

    def create_user(self, *, email: str, name: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip(), email_key=normalize_email(email), name=name, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email_key=normalize_email(username or ""))


class User(AbstractBaseUser):
    """A person with an account. Membership in an organization is separate (`orgs`)."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(max_length=254)
    email_key = models.CharField(max_length=254, unique=True, editable=False)
    name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)
    is_support = models.BooleanField(default=False, help_text="May use the support desk, which never shows a value.")
    is_instance_admin = models.BooleanField(default=False, help_text="May change what holds for the whole instance.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    password_changed_at = models.DateTimeField(default=timezone.now, editable=False)
    limiter_epoch = models.PositiveIntegerField(default=0, help_text="Part of the limiter's keys; unlocking adds one.")

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email_key"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email

    @property
    def audit_actor(self) -> Actor:
        return Actor(ActorKind.PERSON, id=str(self.uid), label=self.email)

    # What the Django admin asks. It is the support desk: it looks, and never adds, changes or deletes.
    @property
    def is_staff(self) -> bool:
        return self.is_active and self.is_support

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        return self.is_staff and perm.rpartition(".")[2].startswith("view_")

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class TOTPDevice(TimestampMixin, ThrottlingMixin, Device):
    """An authenticator app (RFC 6238: SHA-1, 6 digits, 30 s).

    django-otp's own model keeps the key in plain text, so this one stands on its `Device`. The integer primary key is
    required: django-otp finds a device by `int(id)` and silently never verifies one with a UUID.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    key = EncryptedTextField(purpose=Purpose.TOTP, scope=None, row="uid", row_version=None)
    last_step = models.BigIntegerField(default=-1, help_text="The last time step that was accepted; never again.")


class RecoveryDevice(TimestampMixin, ThrottlingMixin, Device):
    """A person's recovery codes, as the one django-otp device that verifies them."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)


class RecoveryCode(models.Model):
    """One code, of which only a keyed hash is stored."""

    device = models.ForeignKey(RecoveryDevice, on_delete=models.CASCADE, related_name="codes")
    mac = models.BinaryField(max_length=48, unique=True, editable=False)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Recovery code {self.pk}"


class Session(AbstractBaseSession):
    """A signed-in browser. `session_key` holds a hash of the cookie's key, so a stolen table signs nobody in."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    @classmethod
    def get_session_store_class(cls) -> Any:
        from accounts.sessions import SessionStore

        return SessionStore


class Instance(models.Model):
    """What holds for the whole installation: one row, made by a migration."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    setup_mac = models.BinaryField(max_length=48, null=True, editable=False)
    setup_expires_at = models.DateTimeField(null=True, editable=False)
    second_factor_required = models.BooleanField(default=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_instance")]

    def __str__(self) -> str:
        return "Instance"
