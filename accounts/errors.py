"""What can be wrong with a request about an account. Every message says what to do next and repeats no input."""


class AccountError(Exception):
    """Base of the refusals below; `str(error)` is the sentence for the person, `field` the form field it is about."""

    field: str | None = None


class SignInRefused(AccountError):
    """One message for an unknown address, a wrong password and a deactivated account."""

    def __init__(self) -> None:
        super().__init__("This e-mail address and password do not match. Check both and try again.")


class PasswordRefused(AccountError):
    """The current password, asked for again, is wrong."""

    field = "password"

    def __init__(self) -> None:
        super().__init__("This is not your current password. Try again.")


class CodeRefused(AccountError):
    """The code is wrong, too old, or was used before."""

    field = "code"

    def __init__(self) -> None:
        super().__init__(
            "This code is not valid. Each code works once and for half a minute: wait for the next one. If none is "
            "accepted, set the clock of your device to automatic."
        )


class RecoveryCodeRefused(AccountError):
    """The recovery code is wrong or used up."""

    field = "code"

    def __init__(self) -> None:
        super().__init__("This recovery code is not valid. Each one works once: cross it out and try another.")


class SignInExpired(AccountError):
    """The password was accepted, but the second step came too late, or the password has changed since."""

    def __init__(self) -> None:
        super().__init__("The sign-in took too long. Start again with your password.")


class NoEnrolment(AccountError):
    """There is no authenticator waiting to be confirmed."""

    def __init__(self) -> None:
        super().__init__("No authenticator is waiting to be confirmed. Start the set-up again.")


class NoSecondFactor(AccountError):
    """What was asked for needs a second factor, and there is none."""

    def __init__(self) -> None:
        super().__init__("Set up an authenticator app first.")


class SecondFactorRequired(AccountError):
    """The instance requires a second factor, so the only one cannot be removed."""

    def __init__(self) -> None:
        super().__init__(
            "Everybody needs a second factor here, so it cannot be removed. You can replace it with another one."
        )
