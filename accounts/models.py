"""Who people are: accounts, second factors, sessions, and the instance they belong to."""

import time
import uuid
from base64 import b32decode
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import DatabaseError, models, transaction
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
from vault.keys.peppers import KeyedHashField, keyed_hash, keyed_hash_candidates
from vault.keys.purposes import Purpose
from vault.seals import GuardedQuerySet, SealedModel, SealedQuerySet, is_genuine, locked_row
from vault.seals.canonical import canonical_row
from vault.seals.reporting import Broken, report

if TYPE_CHECKING:
    _SealedUserManager = BaseUserManager["User"]
    _SealedDeviceManager = DeviceManager
else:
    _SealedUserManager = BaseUserManager.from_queryset(SealedQuerySet)
    _SealedDeviceManager = DeviceManager.from_queryset(SealedQuerySet)


SESSION_KIND = "accounts.session"


class UserManager(_SealedUserManager):
    """Finds people by their normalized address."""

    def create_user(self, *, email: str, name: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip(), email_key=normalize_email(email), name=name, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email_key=normalize_email(username or ""))


class User(SealedModel, AbstractBaseUser):  # type: ignore[django-manager-missing]  # that of django_otp is untyped
    """A person with an account. Membership in an organization is separate (`orgs`).

    `has_authenticator`: whether a second factor is asked for at the sign-in. Sealed with the person, so that deleting
    the device does not turn it off. `session_epoch` is part of the MACs of the person's sessions (`accounts.sessions`).
    """

    SEALED = (
        "email",
        "email_key",
        "name",
        "password",
        "is_active",
        "is_support",
        "is_instance_admin",
        "has_authenticator",
        "created_at",
        "password_changed_at",
        "limiter_epoch",
        "session_epoch",
    )
    SEAL_EXEMPT = {"last_login": "Shown, and decides nothing; every sign-in writes it."}
    SEAL_RESOURCE = ResourceKind.ACCOUNT

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
    has_authenticator = models.BooleanField("second factor", default=False, editable=False)
    created_at = models.DateTimeField("account since", default=timezone.now, editable=False)
    password_changed_at = models.DateTimeField("password changed", default=timezone.now, editable=False)
    limiter_epoch = models.PositiveIntegerField(default=0, help_text="Part of the limiter's keys; unlocking adds one.")
    session_epoch = models.PositiveBigIntegerField(
        default=1, editable=False, help_text="Every end of a session adds one."
    )

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]  # sealed, but made by a function

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


class TOTPDevice(SealedModel, TimestampMixin, Device):  # type: ignore[misc]  # django_otp ships no types
    """An authenticator app (RFC 6238: SHA-1, 6 digits, 30 s).

    django-otp's own model keeps the key in plain text, so this one stands on its `Device`. The integer primary key is
    required: django-otp finds a device by `int(id)` and silently never verifies one with a UUID. There is no throttle
    per device: whoever knew the password could keep it closed for the owner. `accounts.limiter` counts instead.

    An unconfirmed device is an enrolment under way, which is why it is here, encrypted, and not in the session.
    """

    SEALED = ("uid", "user_id", "name", "confirmed", "created_at", "last_step")
    SEAL_EXEMPT = {
        "key_ciphertext": "Rotating keys wraps it anew. It opens only under the sealed uid, and is written once.",
        "last_used_at": "Shown, and decides nothing.",
    }
    SEAL_RESOURCE = ResourceKind.SECOND_FACTOR

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="authenticators")
    key = EncryptedTextField(purpose=Purpose.TOTP, scope=None, row="uid", row_version=None)
    last_step = models.BigIntegerField(default=-1, help_text="The last time step that was accepted; never again.")

    objects: ClassVar[models.Manager["TOTPDevice"]] = _SealedDeviceManager()  # type: ignore[assignment]  # as above

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "confirmed"], name="one_authenticator_per_person")]
        indexes = [KeyIdIndex("key", name="authenticator_key_id")]

    def verify_token(self, token: str) -> bool:
        """Whether `token` is a code of now (or of the step before or after) that was never accepted before.

        The row is read again under lock, so that of two parallel submissions one wins.
        """
        digits = parse_totp_code(token)
        if digits is None:
            return False
        totp = TOTP(b32decode(self.key), step=TOTP_STEP_SECONDS)
        totp.time = time.time()
        if not totp.verify(int(digits), tolerance=TOTP_TOLERANCE, min_t=self.last_step + 1):
            return False
        step = totp.t()
        with transaction.atomic():
            locked = locked_row(TOTPDevice, self.pk)
            if locked is None or locked.last_step >= step:
                return False
            locked.last_step, locked.last_used_at = step, timezone.now()
            locked.save(update_fields=["last_step", "last_used_at"])
        self.last_step = step
        return True


class RecoveryDevice(SealedModel, TimestampMixin, Device):  # type: ignore[misc]  # django_otp ships no types
    """A person's recovery codes, as the one django-otp device that verifies them."""

    SEALED = ("uid", "user_id", "name", "confirmed", "created_at")
    SEAL_EXEMPT = {"last_used_at": "Shown, and decides nothing."}
    SEAL_RESOURCE = ResourceKind.SECOND_FACTOR

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_devices")

    objects: ClassVar[models.Manager["RecoveryDevice"]] = _SealedDeviceManager()  # type: ignore[assignment]  # as above

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user"], name="one_set_of_recovery_codes_per_person")]

    def verify_token(self, token: str) -> bool:
        """Whether `token` is an unused code of this set; it is used up by the answer. Spelling does not matter."""
        code = parse_recovery_code(token)
        if code is None:
            return False
        candidates = keyed_hash_candidates(Purpose.TOKEN, recovery_code_message(self.uid, code))
        found = RecoveryCode.objects.filter(device=self, mac__in=candidates, used_at=None).first()
        if found is None or not is_genuine(self):
            return False
        now = timezone.now()
        with transaction.atomic():
            locked = locked_row(RecoveryCode, found.pk)
            if locked is None or locked.used_at is not None:
                return False
            locked.used_at = now
            locked.save(update_fields=["used_at"])
            RecoveryDevice.objects.filter(pk=self.pk).update(last_used_at=now)
        return True


class RecoveryCode(SealedModel):
    """One code, of which only a keyed hash is stored."""

    SEALED = ("device_id", "mac", "used_at")
    SEAL_RESOURCE = ResourceKind.SECOND_FACTOR

    device = models.ForeignKey(RecoveryDevice, on_delete=models.CASCADE, related_name="codes")
    mac = KeyedHashField(purpose=Purpose.TOKEN, unique=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Recovery code {self.pk}"


class SessionManager(BaseSessionManager.from_queryset(GuardedQuerySet)):  # type: ignore[misc]  # made by a function
    """Sessions, which nothing changes in bulk."""


class Session(AbstractBaseSession):
    """A browser's session. `session_key` holds a hash of the cookie's key, so a stolen table signs nobody in.

    `created_at` counts from the sign-in for as long as the session belongs to the same person, also when its key
    changes; `seen_at` is the last request, to the minute. `mac` seals the row together with the person's
    `session_epoch`: `accounts.sessions` writes both, and nothing else may.
    """

    SEALED = ("user_id", "expire_date", "created_at", "seen_at")
    SEAL_EXEMPT = {"session_data": "Signed by Django, and bound to the key's hash (SessionStore.key_salt)."}

    session_key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(default=timezone.now, editable=False)
    mac = KeyedHashField(purpose=Purpose.ROW, editable=False)

    objects: ClassVar[models.Manager["Session"]] = SessionManager()  # type: ignore[assignment]  # as above

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"Session since {self.created_at:%Y-%m-%d %H:%M}"

    def save(self, *, force_update: bool = False, **options: Any) -> None:
        """Saves the row with its MAC, under the epoch of its person, which nobody else raises before this ends.

        What a request writes over must be genuine under that very epoch, or writing would make it so: raises
        DatabaseError, as for a row that is gone.
        """
        with transaction.atomic():
            epoch = self._locked_epoch()
            if force_update:
                self._require_genuine_before()
            self.mac = keyed_hash(Purpose.ROW, self.seal_message(epoch))
            super().save(force_update=force_update, **options)

    def seal_message(self, epoch: int) -> bytes:
        """What the MAC covers. `epoch`: the person's `session_epoch`; 1 for a session that is nobody's."""
        fields = {name: getattr(self, name) for name in self.SEALED}
        return canonical_row(kind=SESSION_KIND, row=self.session_key, organization=None, version=epoch, fields=fields)

    @classmethod
    def not_genuine(cls) -> "Iterator[Broken | None]":
        """For each session, what is wrong with it: for whoever verifies everything that grants authority."""
        from accounts import sessions

        for row in sessions.with_epoch(cls.objects.order_by("pk")).iterator(chunk_size=500):
            yield None if sessions.is_genuine(row) else sessions.confirmed_fault(row)

    def _require_genuine_before(self) -> None:
        from accounts import sessions

        stored = sessions.with_epoch(Session.objects.filter(pk=self.pk)).first()
        if stored is not None and not sessions.is_genuine(stored):
            report(sessions.broken(stored))
            raise DatabaseError("The session ended, or was altered, while it was in use.")

    def _locked_epoch(self) -> int:
        if self.user_id is None:
            return 1
        person = User.objects.select_for_update(no_key=True).filter(pk=self.user_id)
        return person.values_list("session_epoch", flat=True).first() or 1

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
