"""What each address asks for, spelled out a second time: a check that asks for something else must be meant twice."""

from orgs.permissions import Permission
from tests.invariants.matrix.stage import ABOUT_ROWS, methods_of

_NEEDS = {
    "": (
        "GET orgs:settings, access:break_glass, access:leave, access:request_new, access:requests, orgs:access, "
        "orgs:members, orgs:policies, orgs:projects, orgs:roles, orgs:team, orgs:teams, secrets:list, "
        "secrets:trash"
    ),
    "audit:view": ("orgs:activity"),
    "audit:view | member:manage": ("access:reviews"),
    "audit:view | member:manage secret:list": ("GET access:review_line, access:review, access:review_export"),
    "grant:manage": ("orgs:grant, orgs:grant_create, orgs:grants, orgs:grants_revoke, orgs:project_openness"),
    "grant:manage | audit:view": ("access:reach_machine, access:reach_member, access:reach_team, access:who"),
    "grant:manage secret:list | audit:view secret:list": (
        "access:who_environment, access:who_project, access:who_secret"
    ),
    "key:rotate": (
        "custody:advance, custody:keys, custody:move, custody:operation, custody:report, custody:report_file, "
        "custody:rotate, custody:verify"
    ),
    "machine:manage": ("orgs:machine, orgs:machine_create, orgs:machine_disable, orgs:machine_enable, orgs:machines"),
    "member:invite": ("orgs:invitation_renew, orgs:invitation_revoke, orgs:invite"),
    "member:manage": ("access:leave_plan, access:review_new, access:seen, access:seen_file, orgs:member_role"),
    "member:manage audit:view | member:manage secret:list": ("access:review_close, access:review_reviewer"),
    "org:configure": ("POST orgs:settings, orgs:network_add, orgs:network_remove, orgs:networks"),
    "org:delete": (
        "access:break_glass_break, access:break_glass_name, access:break_glass_unname, custody:shred, "
        "custody:shred_approve, custody:shred_cancel, orgs:policy"
    ),
    "project:configure": (
        "orgs:environment_classify, orgs:environment_create, orgs:environment_delete, orgs:environment_move, "
        "orgs:environment_rename, orgs:project_settings"
    ),
    "project:create": ("orgs:project_create"),
    "project:delete": ("orgs:project_delete"),
    "request:approve": (
        "access:break_glass_review, access:break_glass_use, access:request, access:request_approve, access:request_deny"
    ),
    "role:manage": ("orgs:role_create, orgs:role_delete, orgs:role_edit"),
    "secret:delete": ("secrets:trash_one, secrets:untrash"),
    "secret:list": ("secrets:detail, secrets:project, secrets:version, secrets:versions"),
    "secret:list secret:reveal": ("secrets:code, secrets:download, secrets:reveal"),
    "secret:purge": ("secrets:purge"),
    "secret:reveal": ("secrets:activity"),
    "secret:reveal secret:write": ("secrets:env_import"),
    "secret:write": ("secrets:create, secrets:edit, secrets:place, secrets:version_restore"),
    "team:manage": ("orgs:team_create, orgs:team_delete, orgs:team_edit, orgs:team_member_remove, orgs:team_members"),
}
"""What somebody needs besides being a member: all of these (or, after a bar, all of those instead). With a method where
the other one asks for something else."""

BY_PERSON = {
    "POST access:break_glass_end": "for whoever broke it",
    "POST access:request_withdraw": "for whoever asked",
    "POST access:review_confirm": "for the reviewers",
    "POST access:review_line": "for the reviewers",
}
"""What no permission opens."""

Ways = tuple[frozenset[Permission], ...]


def _table() -> dict[tuple[str, str], Ways]:
    table: dict[tuple[str, str], Ways] = {}
    for needed, addresses in _NEEDS.items():
        ways = tuple(frozenset(Permission(each) for each in way.split()) for way in needed.split("|"))
        for address in addresses.split(", "):
            method, _, name = address.rpartition(" ")
            for each in [method] if method else methods_of(name):
                assert (name, each) not in table, f"{each} {name} stands there twice"
                table[name, each] = ways
    return table


NEEDS = _table()
CASES = [(name, method) for name in ABOUT_ROWS for method in methods_of(name)]
"""Every address about an organization's rows, with every method that it takes."""


def suffices(held: frozenset[Permission], name: str, method: str) -> bool:
    """Whether somebody who holds these, everywhere in the organization, may."""
    return any(way <= held for way in NEEDS[name, method])


def lacking(name: str, method: str) -> list[frozenset[Permission]]:
    """What to take from somebody who holds everything so that they may not: as little as possible, in every way."""
    found: set[frozenset[Permission]] = {frozenset()}
    for way in NEEDS[name, method]:
        found = {each | {permission} for each in found for permission in way}
    return [each for each in sorted(found, key=sorted) if not any(other < each for other in found)]
