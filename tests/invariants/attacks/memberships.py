"""Gaining access by writing memberships, their seals and the tallies."""

from collections.abc import Iterator
from uuid import UUID

from orgs.models import Membership
from orgs.permissions import Permission
from orgs.roles import Role
from orgs.services import change_member_role
from orgs.services.memberships import remove_member
from tests.cast import Cast
from tests.invariants import attacker as sql
from tests.invariants.attacks.stage import MEMBERSHIP, SEAL, TALLY, attack, may, membership_of, seal_of


@attack("insert a membership as owner")
def insert_membership(cast: Cast) -> Iterator[bool]:
    row = sql.one(MEMBERSHIP, uid=membership_of(cast, cast.alice).uid)
    sql.insert(MEMBERSHIP, row, uid=sql.new_uid(), user_id=cast.charlie.uid)
    yield may(cast.charlie, Permission.ORG_VIEW, cast.acme)


@attack("insert a membership with the seal of another row")
def insert_sealed_membership(cast: Cast) -> Iterator[bool]:
    owner = membership_of(cast, cast.alice)
    made = UUID(int=77)
    sql.insert(MEMBERSHIP, sql.one(MEMBERSHIP, uid=owner.uid), uid=made, user_id=cast.charlie.uid)
    copied = {name: value for name, value in seal_of(owner).items() if name != "id"}
    sql.insert(SEAL, {**copied, "row": made.hex})
    yield may(cast.charlie, Permission.ORG_VIEW, cast.acme)


@attack("raise the role of a membership")
def raise_role(cast: Cast) -> Iterator[bool]:
    sql.update(MEMBERSHIP, {"uid": membership_of(cast, cast.bob).uid}, role="owner")
    yield may(cast.bob, Permission.ORG_CONFIGURE, cast.acme)


@attack("raise the role, with the seal of an owner's membership")
def raise_role_with_a_seal(cast: Cast) -> Iterator[bool]:
    mine, owners = membership_of(cast, cast.bob), membership_of(cast, cast.alice)
    sql.update(MEMBERSHIP, {"uid": mine.uid}, role="owner")
    sql.update(SEAL, {"kind": "orgs.membership", "row": mine.seal_row()}, mac=seal_of(owners)["mac"])
    yield may(cast.bob, Permission.ORG_CONFIGURE, cast.acme)


@attack("give an owner's membership to another person")
def move_membership_to_person(cast: Cast) -> Iterator[bool]:
    sql.update(MEMBERSHIP, {"uid": membership_of(cast, cast.alice).uid}, user_id=cast.charlie.uid)
    yield may(cast.charlie, Permission.ORG_VIEW, cast.acme)


@attack("move a membership to another organization")
def move_membership_to_organization(cast: Cast) -> Iterator[bool]:
    own = Membership.objects.get(organization=cast.initech, user=cast.charlie)
    sql.update(MEMBERSHIP, {"uid": own.uid}, organization_id=cast.acme.uid)
    yield may(cast.charlie, Permission.ORG_VIEW, cast.acme)


@attack("move a membership and its seal to another organization")
def move_membership_and_seal(cast: Cast) -> Iterator[bool]:
    own = Membership.objects.get(organization=cast.initech, user=cast.charlie)
    sql.update(MEMBERSHIP, {"uid": own.uid}, organization_id=cast.acme.uid)
    sql.update(SEAL, {"row": own.seal_row()}, organization_id=cast.acme.uid)
    yield may(cast.charlie, Permission.ORG_VIEW, cast.acme)


@attack("make a removed membership active")
def reactivate_membership(cast: Cast) -> Iterator[bool]:
    remove_member(actor=cast.alice, membership=membership_of(cast, cast.bob))
    sql.update(MEMBERSHIP, {"uid": membership_of(cast, cast.bob).uid}, status="active")
    yield may(cast.bob, Permission.ORG_VIEW, cast.acme)


@attack("bring back a removed member's old row")
def old_membership(cast: Cast) -> Iterator[bool]:
    old = sql.one(MEMBERSHIP, uid=membership_of(cast, cast.bob).uid)
    remove_member(actor=cast.alice, membership=membership_of(cast, cast.bob))
    sql.put_back(MEMBERSHIP, old, "uid")
    yield may(cast.bob, Permission.ORG_VIEW, cast.acme)


@attack("bring back a removed member's old row with its old seal", refused=False)
def old_membership_and_seal(cast: Cast) -> Iterator[bool]:
    mine = membership_of(cast, cast.bob)
    old, seal = sql.one(MEMBERSHIP, uid=mine.uid), seal_of(mine)
    remove_member(actor=cast.alice, membership=mine)
    sql.put_back(MEMBERSHIP, old, "uid")
    sql.put_back(SEAL, seal, "id")
    yield may(cast.bob, Permission.ORG_VIEW, cast.acme)


@attack("bring back a demoted owner's old row, its old seal and the old tally's row", refused=False)
def old_membership_seal_and_tally(cast: Cast) -> Iterator[bool]:
    mine = membership_of(cast, cast.adam)
    old, seal = sql.one(MEMBERSHIP, uid=mine.uid), seal_of(mine)
    tally = sql.one(TALLY, scope=str(cast.acme.uid))
    change_member_role(actor=cast.alice, membership=mine, role=Role.VIEWER)
    change_member_role(actor=cast.alice, membership=membership_of(cast, cast.bob), role=Role.VIEWER)
    sql.put_back(MEMBERSHIP, old, "uid")
    sql.put_back(SEAL, seal, "id")
    sql.put_back(TALLY, tally, "id")
    yield may(cast.adam, Permission.ORG_CONFIGURE, cast.acme)


@attack("bring back row and seal where a process has seen newer ones")
def old_membership_where_seen(cast: Cast) -> Iterator[bool]:
    from vault.seals import seen

    mine = membership_of(cast, cast.bob)
    old, seal = sql.one(MEMBERSHIP, uid=mine.uid), seal_of(mine)
    remove_member(actor=cast.alice, membership=mine)
    newer = (mine.seal_kind(), mine.seal_row(), int(seal_of(mine)["version"]))
    seen._note([newer])  # what the commit of the removal does, in a test that commits nothing
    sql.put_back(MEMBERSHIP, old, "uid")
    sql.put_back(SEAL, seal, "id")
    yield may(cast.bob, Permission.ORG_VIEW, cast.acme)


@attack("lower the version of a seal")
def lower_version(cast: Cast) -> Iterator[bool]:
    change_member_role(actor=cast.alice, membership=membership_of(cast, cast.adam), role=Role.VIEWER)
    sql.update(MEMBERSHIP, {"uid": membership_of(cast, cast.adam).uid}, role="admin")
    sql.update(SEAL, {"row": membership_of(cast, cast.adam).seal_row()}, version=1)
    yield may(cast.adam, Permission.ORG_CONFIGURE, cast.acme)


@attack("delete the tally of an organization", refused=False)
def delete_tally(cast: Cast) -> Iterator[bool]:
    sql.delete(TALLY, scope=str(cast.acme.uid))
    yield False


@attack("delete the tally, and let the application make a new one", refused=False)
def renew_tally(cast: Cast) -> Iterator[bool]:
    sql.delete(TALLY, scope=str(cast.acme.uid))
    change_member_role(actor=cast.alice, membership=membership_of(cast, cast.bob), role=Role.VIEWER)
    yield False


@attack("delete an owner's membership with its seal", refused=False)
def delete_membership(cast: Cast) -> Iterator[bool]:
    mine = membership_of(cast, cast.adam)
    seal = seal_of(mine)
    sql.delete("orgs_teammembership", membership_id=mine.uid)
    sql.delete(MEMBERSHIP, uid=mine.uid)
    sql.delete(SEAL, id=seal["id"])
    yield False
