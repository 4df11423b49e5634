"""What was destroyed on purpose is no failure: an organization whose keys are all gone is left out, and counted."""

from uuid import UUID, uuid4

from tests.vault.fields.app.models import Fragment, Version
from vault.fields.verification import Position, count_values, shredded_organizations, verify, verify_part
from vault.keys.lifecycle import activate, add_pending_key, destroy_scope
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState, Purpose
from vault.keys.services import create_tenant_key


def _two_organizations(organization: UUID) -> UUID:
    """Values of another organization beside those of the given one."""
    other = uuid4()
    create_tenant_key(scope=str(other), purpose=Purpose.DATA)
    for number, each in enumerate((organization, other, other)):
        Version.objects.create(organization_id=each, number=number + 1, payload={"value": "x"})
        Fragment.objects.create(organization_id=each, position=number + 1, text="x")
    return other


def _in_parts() -> int:
    checked, position = 0, Position()
    while True:
        part = verify_part(None, position)
        assert part.failures == ()
        checked += part.checked
        if part.following is None:
            return checked
        position = part.following


def test_it_is_left_out_and_counted(organization: UUID) -> None:
    other = _two_organizations(organization)
    before = verify()
    assert (before.holds, before.left_out) == (True, 0)
    destroy_scope(str(other))
    found = verify()
    assert shredded_organizations() == [other]
    assert (found.holds, found.left_out, found.checked) == (True, 1, before.checked - 1 - 4)
    assert count_values(None) == _in_parts() == found.checked


def test_no_sample_has_any_of_it(organization: UUID) -> None:
    destroy_scope(str(_two_organizations(organization)))
    for _ in range(5):
        found = verify(sample=2)
        assert (found.holds, found.checked) == (True, WrappedKey.objects.exclude(state="destroyed").count() + 2)


def test_one_that_lost_a_key_that_rows_need_is_not_left_out(organization: UUID) -> None:
    Version.objects.create(organization_id=organization, number=1, payload={"value": "x"})
    old = WrappedKey.objects.get(scope=str(organization), state=KeyState.ACTIVE.value)
    activate(add_pending_key(scope=str(organization), purpose=Purpose.DATA))
    WrappedKey.objects.filter(pk=old.pk).update(state=KeyState.DESTROYED.value, wrapped=b"")
    found = verify()
    assert (found.failed, found.left_out) == (1, 0)
