"""What can be wrong with a request that was allowed. Every message says what to do next and shows no token."""


class OrganizationError(Exception):
    """Base of the refusals below; `str(error)` is the sentence for the person, `field` the form field it is about."""

    field: str | None = None

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        if field is not None:
            self.field = field


class LastOwner(OrganizationError):
    """An organization without an owner could never be managed again."""

    def __init__(self) -> None:
        super().__init__("An organization needs an owner. Make somebody else an owner first.")


class RoleOutOfReach(OrganizationError):
    """Giving or taking away authority that the actor does not have."""

    field = "role"


class AlreadyMember(OrganizationError):
    """The invited address belongs to an active member."""

    field = "email"

    def __init__(self) -> None:
        super().__init__("This person is already a member. Change the role on the members page instead.")


class NameTaken(OrganizationError):
    """Names are compared folded: Website and website are the same name."""

    field = "name"


class InvalidEnvironments(OrganizationError):
    """The list of environments of a new project cannot be used as it is."""

    field = "environments"


class InvalidPolicy(OrganizationError):
    """A number that a policy cannot have."""


class ProofNeeded(OrganizationError):
    """Whoever lowers what protects values proves first that it is himself."""

    def __init__(self) -> None:
        super().__init__("This lowers what protects values. To go on, prove that it is you.")


class LoweringNotConfirmed(OrganizationError):
    """A lower class for `inheriting` secrets at once, which nobody has said yes to."""

    def __init__(self, inheriting: int) -> None:
        secrets = "1 secret" if inheriting == 1 else f"{inheriting:,} secrets"
        super().__init__(f"{secrets} would be protected less. Confirm that, or choose another class.")
        self.inheriting = inheriting


class NotEmpty(OrganizationError):
    """Secrets are destroyed one by one and on purpose, never along with the place they are in."""


class LastEnvironment(OrganizationError):
    """Secrets live in an environment, so a project keeps at least one."""


class InvitationUnusable(OrganizationError):
    """One message for every reason, so that the link of somebody else says nothing; `status` is the HTTP status."""

    def __init__(self, reason: str, *, status: int) -> None:
        super().__init__(
            "This invitation link cannot be used. A link works once, for a limited time, and for one person only. "
            "Ask whoever invited you for a new one."
        )
        self.reason = reason
        self.status = status


class InvitationForOtherPerson(OrganizationError):
    """The invitation is bound to an address that is not the signed-in person's."""

    def __init__(self) -> None:
        super().__init__(
            "This invitation was made for somebody else. Sign out, then open the link again with the account that it "
            "was sent to."
        )


class AccountExists(OrganizationError):
    """The invited address has an account: its password decides, not the link."""

    def __init__(self) -> None:
        super().__init__("There is an account for this invitation already. Sign in to accept it.")


class SetupRefused(OrganizationError):
    """The set-up link is wrong, too old, or the instance has an owner."""

    field = "token"

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class BeyondReach(OrganizationError):
    """Giving, changing or taking away authority that the actor does not hold, there, for that class and that long."""


class InvalidTeam(OrganizationError):
    """Teams are nested once, and have members of their own organization."""

    field = "parent"


class InUse(OrganizationError):
    """Grants that still hold, or teams below, name what was to be deleted."""


class InvalidGrant(OrganizationError):
    """The scope, the window or the class of a grant cannot be as it was asked for."""


class InvalidNetwork(OrganizationError):
    """The list of networks cannot be as it was asked for."""

    field = "cidr"


class LockedOut(OrganizationError):
    """Whoever changes the list would be outside themselves, and has not said that this is meant."""

    field = "confirmation"

    def __init__(self, address: str | None) -> None:
        super().__init__(
            f"You come from {address or 'an address that is not known'}, which would be outside: you could not come "
            "back from there. Put a network with it on the list first, or type the name of the organization if that is "
            "meant."
        )
        self.address = address


class NothingChosen(OrganizationError):
    """An act upon several things was asked for without naming one."""
