"""Who people are: accounts, second factors, sessions, and the instance they belong to."""

import time
import uuid
from base64 import b32decode
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django_otp.models import Device, DeviceManager, TimestampMixin
from django_otp.oath import TOTP

from accounts.codes import (
    TOTP_STEP_SECONDS,
    TOTP_TOLERANCE,
    parse_recovery_code,
    parse_totp_code,
    recovery_code_message,
)
from accounts.emails import normalize_email
from audit.actions import ActorKind, ResourceKind
from audit.actor import Actor
from audit.resource import Resource
from vault.fields import EncryptedTextField, KeyIdIndex
from vault.keys.peppers import KeyedHashField, keyed_hash_candidates
from vault.keys.purposes import Purpose
from vault.seals import SealedManager, SealedModel, SealedQuerySet


class UserManager(BaseUserManager["User"]):
    """Finds people by their normalized address."""

    def create_user(self, *, email: str, name: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip(), email_key=normalize_email(email), name=name, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email_key=normalize_email(username or ""))


class User(AbstractBaseUser):  # type: ignore[django-manager-missing]  # that of django_otp is untyped
    """A person with an account. Membership in an organization is separate (`orgs`)."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField("e-mail address", max_length=254)
    email_key = models.CharField(max_length=254, unique=True, editable=False)
    name = models.CharField(max_length=100)
    is_active = models.BooleanField("active", default=True)
    is_support = models.BooleanField(
        "support staff", default=False, help_text="May use the support desk, which never shows a value."
    )
    is_instance_admin = models.BooleanField(
        "instance administrator", default=False, help_text="May change what holds for the whole instance."
    )
    created_at = models.DateTimeField("account since", default=timezone.now, editable=False)
    password_changed_at = models.DateTimeField("password changed", default=timezone.now, editable=False)
    limiter_epoch = models.PositiveIntegerField(default=0, help_text="Part of the limiter's keys; unlocking adds one.")

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email_key"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"

    # Set on each request's user by django_otp's middleware: the device that verified this session.
    otp_device: Device | None = None

    def is_verified(self) -> bool:
        """Whether this person's second factor was used in the session of the request under way."""
        return self.otp_device is not None

    def __str__(self) -> str:
        return self.email

    @property
    def audit_actor(self) -> Actor:
        return Actor(ActorKind.PERSON, id=str(self.uid), label=self.email)

    @property
    def audit_resource(self) -> Resource:
        return Resource(ResourceKind.ACCOUNT, id=str(self.uid), label=self.email)

    # What the Django admin asks. It is the support desk: it looks, and never adds, changes or deletes.
    @property
    def is_staff(self) -> bool:
        return self.is_active and self.is_support

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        return self.is_staff and perm.rpartition(".")[2].startswith("view_")

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class TOTPDevice(TimestampMixin, Device):  # type: ignore[misc]  # django_otp ships no types
    """An authenticator app (RFC 6238: SHA-1, 6 digits, 30 s).

    django-otp's own model keeps the key in plain text, so this one stands on its `Device`. The integer primary key is
    required: django-otp finds a device by `int(id)` and silently never verifies one with a UUID. There is no throttle
    per device: whoever knew the password could keep it closed for the owner. `accounts.limiter` counts instead.

    An unconfirmed device is an enrolment under way, which is why it is here, encrypted, and not in the session.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="authenticators")
    key = EncryptedTextField(purpose=Purpose.TOTP, scope=None, row="uid", row_version=None)
    last_step = models.BigIntegerField(default=-1, help_text="The last time step that was accepted; never again.")

    objects: ClassVar[models.Manager["TOTPDevice"]] = DeviceManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "confirmed"], name="one_authenticator_per_person")]
        indexes = [KeyIdIndex("key", name="authenticator_key_id")]

    def verify_token(self, token: str) -> bool:
        """Whether `token` is a code of now (or of the step before or after) that was never accepted before.

        To be called through `django_otp.verify_token`, which locks the row; the conditional UPDATE stands behind that
        lock (SQLite has none), so that of two parallel submissions one wins.
        """
        digits = parse_totp_code(token)
        if digits is None:
            return False
        totp = TOTP(b32decode(self.key), step=TOTP_STEP_SECONDS)
        totp.time = time.time()
        if not totp.verify(int(digits), tolerance=TOTP_TOLERANCE, min_t=self.last_step + 1):
            return False
        step = totp.t()
        accepted = TOTPDevice.objects.filter(pk=self.pk, last_step__lt=step).update(
            last_step=step, last_used_at=timezone.now()
        )
        if accepted:
            self.last_step = step
        return bool(accepted)


class RecoveryDevice(TimestampMixin, Device):  # type: ignore[misc]  # django_otp ships no types
    """A person's recovery codes, as the one django-otp device that verifies them."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_devices")

    objects: ClassVar[models.Manager["RecoveryDevice"]] = DeviceManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user"], name="one_set_of_recovery_codes_per_person")]

    def verify_token(self, token: str) -> bool:
        """Whether `token` is an unused code of this set; it is used up by the answer. Spelling does not matter."""
        code = parse_recovery_code(token)
        if code is None:
            return False
        candidates = keyed_hash_candidates(Purpose.TOKEN, recovery_code_message(self.uid, code))
        now = timezone.now()
        used = RecoveryCode.objects.filter(device=self, mac__in=candidates, used_at=None).update(used_at=now)
        if used:
            RecoveryDevice.objects.filter(pk=self.pk).update(last_used_at=now)
        return bool(used)


class RecoveryCode(models.Model):
    """One code, of which only a keyed hash is stored."""

    device = models.ForeignKey(RecoveryDevice, on_delete=models.CASCADE, related_name="codes")
    mac = KeyedHashField(purpose=Purpose.TOKEN, unique=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Recovery code {self.pk}"


class Session(AbstractBaseSession):
    """A browser's session. `session_key` holds a hash of the cookie's key, so a stolen table signs nobody in.

    `created_at` counts from the sign-in for as long as the session belongs to the same person, also when its key
    changes; `seen_at` is the last request, to the minute.
    """

    session_key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"Session since {self.created_at:%Y-%m-%d %H:%M}"

    @classmethod
    def get_session_store_class(cls) -> Any:
        from accounts.sessions import SessionStore

        return SessionStore


class Instance(SealedModel):
    """What holds for the whole installation: one row, made when the database is migrated."""

    SEALED = ("claimed_at", "setup_mac", "setup_expires_at", "second_factor_required")
    SEAL_RESOURCE = ResourceKind.INSTANCE

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    setup_mac = KeyedHashField(purpose=Purpose.TOKEN, null=True)
    setup_expires_at = models.DateTimeField(null=True, editable=False)
    second_factor_required = models.BooleanField(default=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_instance")]

    def __str__(self) -> str:
        return "Instance"
