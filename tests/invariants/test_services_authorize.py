"""Every service decides for itself: whoever lost the right after the page was fetched is refused, and nothing changed.

Views fetch through selectors that decide as well, so no page would show that a service had stopped asking.
"""

import inspect

import pytest

from accounts.models import User
from orgs.models import Membership
from orgs.permissions import AccessDenied
from orgs.roles import Role
from tests.cast import Cast
from tests.invariants.authority_services import AUTHORITY_CASES
from tests.invariants.key_services import INSTANCE_CASES
from tests.invariants.leaving_services import LEAVING_LEAST
from tests.invariants.request_services import REQUEST_LEAST
from tests.invariants.review_services import REVIEW_LEAST
from tests.invariants.services import CASES, PACKAGES, SILENT, make_world
from tests.invariants.snapshot import take_snapshot
from tests.sealing import change
from vault.custody.services.authority import InstanceAdministratorsOnly

ROLES = [Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER]

LEAST = {
    **REQUEST_LEAST,
    **LEAVING_LEAST,
    **REVIEW_LEAST,
    **dict.fromkeys(AUTHORITY_CASES, Role.ADMIN),
    "custody.advance_compromise": Role.ADMIN,
    "custody.advance_operation": Role.ADMIN,
    "custody.advance_verification": Role.ADMIN,
    "custody.approve_shred": Role.OWNER,
    "custody.cancel_shred": Role.OWNER,
    "custody.declare_compromise": Role.ADMIN,
    "custody.destroy_key": Role.ADMIN,
    "custody.request_shred": Role.OWNER,
    "custody.retire_unneeded": Role.ADMIN,
    "custody.rotate_key": Role.ADMIN,
    "custody.start_operation": Role.ADMIN,
    "custody.verify_values": Role.ADMIN,
    "orgs.change_member_role": Role.ADMIN,
    "orgs.change_policy": Role.OWNER,
    "orgs.classify_environment": Role.ADMIN,
    "orgs.create_environment": Role.ADMIN,
    "orgs.create_project": Role.ADMIN,
    "orgs.delete_environment": Role.ADMIN,
    "orgs.delete_project": Role.ADMIN,
    "orgs.invite_member": Role.ADMIN,
    "orgs.leave_organization": Role.VIEWER,
    "orgs.move_environment": Role.ADMIN,
    "orgs.remove_member": Role.ADMIN,
    "orgs.rename_environment": Role.ADMIN,
    "orgs.rename_organization": Role.ADMIN,
    "orgs.revoke_invitation": Role.ADMIN,
    "orgs.update_project": Role.ADMIN,
    "secrets.create_secret": Role.MEMBER,
    "secrets.download_file": Role.MEMBER,
    "secrets.import_env": Role.MEMBER,
    "secrets.preview_env_import": Role.MEMBER,
    "secrets.purge_secret": Role.ADMIN,
    "secrets.restore_version": Role.MEMBER,
    "secrets.reveal_secret": Role.MEMBER,
    "secrets.show_code": Role.MEMBER,
    "secrets.trash_secret": Role.MEMBER,
    "secrets.untrash_secret": Role.MEMBER,
    "secrets.update_secret": Role.MEMBER,
}
"""The role with the least authority that each service lets through."""

NOT_BY_ROLE = {
    "custody.confirm_share": "for instance administrators",
    "custody.execute_shred": "for the operator, after two owners agreed",
    "custody.finish_root_rotation": "for instance administrators",
    "custody.rotate_root": "for instance administrators",
    "custody.split_root_key": "for instance administrators",
    "orgs.accept_invitation": "the invitation is the authority",
    "orgs.clear_networks": "for the operator on the server",
    "orgs.create_organization": "anybody with an account may found one",
}


def test_every_service_with_an_actor_is_here() -> None:
    acting = {
        f"{package}.{name}"
        for package in ("access", "custody", "orgs", "secrets")
        for name in PACKAGES[package].__all__
        if inspect.isfunction(service := getattr(PACKAGES[package], name))
        and "actor" in inspect.signature(service).parameters
    }
    assert acting == LEAST.keys() | NOT_BY_ROLE.keys() | (SILENT.keys() & acting)


@pytest.mark.parametrize("name", LEAST)
def test_a_service_refuses_somebody_who_was_removed_meanwhile(name: str, cast: Cast) -> None:
    call = CASES[name](make_world(cast))
    change(Membership.objects.filter(organization=cast.acme), status=Membership.Status.REMOVED)
    before = take_snapshot()
    with pytest.raises(AccessDenied) as refused:
        call()
    assert not refused.value.visible
    assert take_snapshot() == before


@pytest.mark.parametrize(
    ("name", "role"), [(name, role) for name, least in LEAST.items() for role in ROLES[: ROLES.index(least)]]
)
def test_a_service_refuses_a_role_that_is_too_small_by_now(name: str, role: Role, cast: Cast) -> None:
    call = CASES[name](make_world(cast))
    change(Membership.objects.filter(organization=cast.acme), role=role)
    before = take_snapshot()
    with pytest.raises(AccessDenied) as refused:
        call()
    assert refused.value.visible
    assert take_snapshot() == before


@pytest.mark.parametrize("name", LEAST)
def test_a_service_refuses_an_account_that_was_deactivated(name: str, cast: Cast) -> None:
    call = CASES[name](make_world(cast))
    for person in (cast.alice, cast.adam, cast.bob, cast.vera):
        person.is_active = False
    before = take_snapshot()
    with pytest.raises(AccessDenied):
        call()
    assert take_snapshot() == before


@pytest.mark.parametrize("change_of_alice", [{"is_instance_admin": False}, {"is_active": False}], ids=str)
@pytest.mark.parametrize("name", INSTANCE_CASES)
def test_a_service_refuses_whoever_looks_after_the_instance_no_longer(
    name: str, change_of_alice: dict[str, bool], cast: Cast
) -> None:
    call = INSTANCE_CASES[name](make_world(cast))
    change(User.objects.filter(pk=cast.alice.pk), **change_of_alice)
    before = take_snapshot()
    with pytest.raises(InstanceAdministratorsOnly):
        call()
    assert take_snapshot() == before
