"""An instance with values in it, people who go on working, and what must be true of it whenever anybody looks."""

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from accounts.models import TOTPDevice, User
from orgs.models import Environment, Membership, Organization, Project
from orgs.roles import Role
from orgs.services import create_project
from tests.cast import Cast, authenticator_of, make_organization
from tests.proof.children import Child, Surroundings
from tests.proof.writers import Journal, content_of, write_until_stopped
from vault.crypto.envelope import key_id_of
from vault.crypto.errors import CryptoError
from vault.crypto.rootkey import RootKey, generate_root_key_text
from vault.custody.services.shredding import approve_shred, request_shred
from vault.keys import keyrings
from vault.keys.models import WrappedKey
from vault.keys.purposes import LIVE_STATES, SYSTEM_PURPOSES, SYSTEM_SCOPE, KeyState, Purpose
from vault.secrets.kinds import Kind
from vault.secrets.models import SecretVersion
from vault.secrets.services import create_secret, update_secret

_LIVE = {state.value for state in LIVE_STATES}
Acknowledged = dict[tuple[UUID, int], str]
"""(secret, version number) → its content."""


class Scene:
    """Values as they must be, whatever happens to keys meanwhile."""

    def __init__(self, cast: Cast, folder: Path) -> None:
        self.cast, self._folder = cast, folder
        self._stored: Acknowledged = {}
        self._journals: list[Journal] = []
        self._doomed: set[UUID] = set()
        self._next_root_keys: list[RootKey] = []
        self._authenticators = {
            device.uid: device.key for device in (authenticator_of(cast.alice), authenticator_of(cast.bob))
        }

    @property
    def surroundings(self) -> Surroundings:
        """For children: with the root keys as they are configured now."""
        return Surroundings.of_this_test(self._folder / "children.log")

    def fill(self, organization: Organization, owner: User, *, secrets: int, versions: int = 2) -> Environment:
        """A new project with so many secrets of so many versions each."""
        name = f"Store {organization.name} {len(self._stored)}"
        project = create_project(actor=owner, organization=organization, kind=Project.Kind.PASSWORDS, name=name)
        place = project.environments.get()
        for index in range(secrets):
            named = f"{name} {index}"
            secret = create_secret(
                actor=owner, environment=place, kind=Kind.VALUE, name=named, values={"value": content_of(named, 1)}
            )
            for number in range(2, versions + 1):
                secret = update_secret(
                    actor=owner, secret=secret, base_version=number - 1, name=named, description="", tags=(),
                    values={"value": content_of(named, number)},
                )  # fmt: skip
            self._stored |= {(secret.pk, number): content_of(named, number) for number in range(1, versions + 1)}
        return place

    @property
    def scope(self) -> str:
        """Whose keys most operations are about."""
        return self.cast.acme.key_scope

    def doomed(self) -> Organization:
        """An organization with a few values, of which two owners agreed that its keys are to be destroyed."""
        owners = self.cast.alice, self.cast.adam
        organization = make_organization(f"Doomed {len(self._doomed)}", {Role.OWNER: owners[0]})
        Membership.objects.create(organization=organization, user=owners[1], role=Role.OWNER)
        self.fill(organization, owners[0], secrets=3, versions=1)
        request = request_shred(actor=owners[0], organization=organization, confirmation=organization.name)
        approve_shred(actor=owners[1], request=request, execute=False)
        self._doomed.add(organization.pk)
        return organization

    def configure_root_keys(self, number: int) -> None:
        """So many root keys more than the one that wraps, for everybody who is started from now on."""
        texts = [generate_root_key_text() for _ in range(number)]
        settings.ROOT_KEY = " ".join([settings.ROOT_KEY or "", *texts])
        self._next_root_keys = [RootKey.from_text(text) for text in texts]
        keyrings.forget()

    def next_root_key(self) -> str:
        """The fingerprint of a root key that never wrapped."""
        return self._next_root_keys.pop().fingerprint

    @contextmanager
    def people_at_work(self, place: Environment, *people: User, pause: float = 0.01) -> Iterator[None]:
        """Each writes and reads back in a process of its own until the block ends, and none may have had a problem."""
        journals = [Journal(self._folder / f"journal-{len(self._journals) + index}") for index, _ in enumerate(people)]
        self._journals += journals
        children = [
            Child(self.surroundings, write_until_stopped, journal.path, person.pk, place.pk, f"{person.name}'s", pause)
            for journal, person in zip(journals, people, strict=True)
        ]
        try:
            yield
        finally:
            for journal in journals:
                journal.stop_file.touch()
            for child in children:
                child.result()
        for journal in journals:
            assert not journal.problems(), "\n".join(journal.problems()[:3])
            assert sum("number" in entry for entry in journal.entries()) > 5, "nobody wrote anything"

    def _expected(self) -> Acknowledged:
        expected = dict(self._stored)
        for journal in self._journals:
            expected |= journal.must_be_there()
        return expected

    def check(self) -> int:
        """Every value opens with its right content, every acknowledged one is there, every key is as keys must be.

        Looks at one moment of the database with keys that are read anew, as a process that has just been started would.
        Gives the number of values that were opened.
        """
        keyrings.forget()
        connection.close()
        before = self._expected()
        with _snapshot():
            shredded = {uid for uid in self._doomed if is_shredded(uid)}
            versions = list(SecretVersion.objects.exclude(organization__in=shredded).select_related("secret"))
            devices = list(TOTPDevice.objects.all())
            for version in versions:
                content = content_of(version.secret.name, version.number)
                assert version.payload["value"] == content, f"version {version.number} has another content"
            assert {device.uid: device.key for device in devices} == self._authenticators
            events = _keys_of_events()
            keys = list(WrappedKey.objects.all())
            organizations = Organization.objects.exclude(pk__in=shredded)
            scopes = {organization.key_scope for organization in organizations}
        # What somebody removed while we looked is no loss.
        expected = before.keys() & self._expected().keys()
        there = set(SecretVersion.objects.filter(organization__in=shredded).values_list("secret_id", "number"))
        lost = expected - there - {(version.secret_id, version.number) for version in versions}
        assert not lost, f"{len(lost)} acknowledged versions are gone"
        _assert_one_active(keys, scopes)
        live = {bytes(key.key_id) for key in keys if key.state in _LIVE}
        for what, used in (
            ("secrets", {key_id_of(bytes(version.payload_envelope)) for version in versions}),
            ("authenticators", {key_id_of(bytes(device.key_envelope)) for device in devices}),
            ("events", events),
        ):
            assert used <= live, f"{what} are under keys that are not live"
        return len(versions) + len(devices)


@contextmanager
def _snapshot() -> Iterator[None]:
    """A transaction that sees one moment: SQLite's keeps writers out, PostgreSQL's looks at a copy."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _keys_of_events() -> set[bytes]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT SUBSTR(mac, 1, 16) FROM audit_event")
        return {bytes(row[0]) for row in cursor.fetchall()}


def _assert_one_active(keys: Collection[WrappedKey], scopes: Collection[str]) -> None:
    active = Counter((key.scope, key.purpose) for key in keys if key.state == KeyState.ACTIVE.value)
    needed = {(SYSTEM_SCOPE, purpose.value) for purpose in SYSTEM_PURPOSES}
    needed |= {(scope, Purpose.DATA.value) for scope in scopes}
    assert active == Counter(dict.fromkeys(needed, 1)), "not exactly one active key per scope and purpose"


def unfinished(scope: str, purpose: Purpose) -> list[str]:
    """Keys of a scope and purpose that still wait for something: pending ones, and superseded ones not yet retired."""
    waiting = (KeyState.PENDING.value, KeyState.DECRYPT_ONLY.value)
    return [str(key) for key in WrappedKey.objects.filter(scope=scope, purpose=purpose.value, state__in=waiting)]


def is_shredded(organization: UUID) -> bool:
    """Whether an organization's keys are all destroyed. All or none: destroying some would be half a shredding."""
    states = set(WrappedKey.objects.filter(scope=str(organization)).values_list("state", flat=True))
    assert KeyState.DESTROYED.value not in states or len(states) == 1, "some of the keys are destroyed"
    return KeyState.DESTROYED.value in states


def opens(organization: UUID) -> bool:
    """Whether any value of an organization opens for a process that has just been started."""
    keyrings.forget()
    for version in SecretVersion.objects.filter(organization_id=organization):
        with suppress(CryptoError):
            return bool(version.payload)
    return False
