"""What is asked about accounts."""

from accounts.models import Instance, RecoveryCode, TOTPDevice, User


def instance() -> Instance:
    """The settings of the installation; without its row, the strictest ones."""
    return Instance.objects.filter(pk=1).first() or Instance()


def authenticator_of(user: User) -> TOTPDevice | None:
    """The confirmed authenticator of a person."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def pending_authenticator_of(user: User) -> TOTPDevice | None:
    """The enrolment under way, if any."""
    return TOTPDevice.objects.filter(user=user, confirmed=False).first()


def has_second_factor(user: User) -> bool:
    """Whether the person has a second factor to sign in with. Recovery codes stand in for one; they are none."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def recovery_codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(device__user=user, used_at=None).count()
