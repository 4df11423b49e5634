"""The whole surface as data: every address, what it is about, and which roles may use each method on it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from orgs.roles import Role

ALL = frozenset(Role)
WRITERS = frozenset({Role.OWNER, Role.ADMIN, Role.MEMBER})
MANAGERS = frozenset({Role.OWNER, Role.ADMIN})
OWNERS = frozenset({Role.OWNER})
NOBODY: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class Address:
    """`get` and `post`: who may, in the organization that the address is about. None: the method is refused (405)."""

    get: frozenset[Role] | None = None
    post: frozenset[Role] | None = None
    extra: dict[str, object] = field(default_factory=dict)
    """Arguments of the address that name no row of their own."""


@dataclass(frozen=True)
class Personal:
    """An address about nobody but the person who asks. Whoever is signed in may."""


@dataclass(frozen=True)
class Administrative:
    """An address about the whole instance: for its administrators, and not there for anybody else."""

    get: bool = False
    post: bool = False
    extra: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Public:
    """An address for strangers; what it shows them is tested where it is built."""


MATRIX: dict[str, Address | Administrative | Personal | Public] = {
    "access:break_glass": Address(get=ALL),
    "access:break_glass_break": Address(get=OWNERS, post=OWNERS),  # for the one who is named; the tests name the owner
    "access:break_glass_end": Address(post=OWNERS),  # for whoever broke it
    "access:break_glass_name": Address(get=OWNERS, post=OWNERS),
    "access:break_glass_review": Address(post=frozenset({Role.ADMIN})),  # for anybody but the owner, who broke it
    "access:break_glass_unname": Address(get=OWNERS, post=OWNERS),
    "access:break_glass_use": Address(get=MANAGERS),
    "access:leave": Address(get=ALL, post=ALL),
    "access:leave_plan": Address(get=MANAGERS, post=MANAGERS),
    "access:reach_machine": Address(get=MANAGERS),
    "access:reach_member": Address(get=MANAGERS | {Role.VIEWER}),  # the membership of the tests is the viewer's own
    "access:reach_team": Address(get=MANAGERS),
    "access:request": Address(get=MANAGERS),
    "access:request_approve": Address(post=MANAGERS),
    "access:request_deny": Address(post=MANAGERS),
    "access:request_new": Address(get=ALL, post=ALL),
    "access:request_withdraw": Address(post=NOBODY),  # for whoever asked, who has left
    "access:requests": Address(get=ALL),
    "access:review": Address(get=MANAGERS),
    "access:review_close": Address(get=MANAGERS, post=MANAGERS),
    "access:review_confirm": Address(post=MANAGERS),
    "access:review_export": Address(post=MANAGERS),
    "access:review_line": Address(get=MANAGERS, post=MANAGERS),
    "access:review_new": Address(get=MANAGERS, post=MANAGERS),
    "access:review_reviewer": Address(post=MANAGERS),
    "access:reviews": Address(get=MANAGERS),
    "access:seen": Address(get=MANAGERS),
    "access:seen_file": Address(post=MANAGERS),
    "access:who": Address(get=MANAGERS),
    "access:who_environment": Address(get=MANAGERS),
    "access:who_project": Address(get=MANAGERS),
    "access:who_secret": Address(get=MANAGERS),
    "accounts:instance": Personal(),
    "accounts:password": Personal(),
    "accounts:profile": Personal(),
    "accounts:recovery_codes": Personal(),
    "accounts:recovery_codes_file": Personal(),
    "accounts:second_factor": Personal(),
    "accounts:second_factor_confirm": Personal(),
    "accounts:second_factor_enrol": Personal(),
    "accounts:second_factor_remove": Personal(),
    "accounts:sign_in": Public(),
    "accounts:sign_in_code": Public(),
    "accounts:sign_in_recovery": Public(),
    "accounts:sign_out": Public(),
    "accounts:theme": Public(),
    "custody:advance": Address(post=MANAGERS),
    "custody:instance": Administrative(get=True),
    "custody:instance_advance": Administrative(post=True),
    "custody:instance_move": Administrative(post=True),
    "custody:instance_operation": Administrative(get=True),
    "custody:instance_organizations": Administrative(get=True),
    "custody:instance_report": Administrative(get=True),
    "custody:instance_report_file": Administrative(get=True),
    "custody:instance_rotate": Administrative(get=True, post=True, extra={"purpose": "token"}),
    "custody:instance_verify": Administrative(post=True),
    "custody:keys": Address(get=MANAGERS),
    "custody:move": Address(post=MANAGERS),
    "custody:operation": Address(get=MANAGERS),
    "custody:report": Address(get=MANAGERS),
    "custody:report_file": Address(get=MANAGERS),
    "custody:rotate": Address(get=MANAGERS, post=MANAGERS),
    "custody:shred": Address(get=OWNERS, post=OWNERS),
    "custody:shred_approve": Address(get=OWNERS, post=OWNERS),
    "custody:shred_cancel": Address(post=OWNERS),
    "custody:verify": Address(post=MANAGERS),
    "healthz": Public(),
    "home": Personal(),
    "orgs:access": Address(get=ALL),
    "orgs:activity": Address(get=MANAGERS),
    "orgs:create": Personal(),
    "orgs:environment_classify": Address(get=MANAGERS, post=MANAGERS),
    "orgs:environment_create": Address(post=MANAGERS),
    "orgs:environment_delete": Address(get=MANAGERS, post=MANAGERS),
    "orgs:environment_move": Address(post=MANAGERS),
    "orgs:environment_rename": Address(get=MANAGERS, post=MANAGERS),
    "orgs:grant": Address(get=MANAGERS, post=MANAGERS),
    "orgs:grant_create": Address(get=MANAGERS, post=MANAGERS),
    "orgs:grants": Address(get=MANAGERS),
    "orgs:grants_revoke": Address(post=MANAGERS),
    "orgs:invitation_renew": Address(post=MANAGERS),
    "orgs:invitation_revoke": Address(post=MANAGERS),
    "orgs:invite": Address(get=MANAGERS, post=MANAGERS),
    "orgs:join": Public(),
    "orgs:join_accept": Personal(),
    "orgs:join_account": Public(),
    "orgs:list": Personal(),
    "orgs:machine": Address(get=MANAGERS, post=MANAGERS),
    "orgs:machine_create": Address(get=MANAGERS, post=MANAGERS),
    "orgs:machine_disable": Address(post=MANAGERS),
    "orgs:machine_enable": Address(post=MANAGERS),
    "orgs:machines": Address(get=MANAGERS),
    "orgs:member_role": Address(post=MANAGERS),
    "orgs:members": Address(get=ALL),
    "orgs:network_add": Address(get=MANAGERS, post=MANAGERS),
    "orgs:network_remove": Address(get=MANAGERS, post=MANAGERS),
    "orgs:networks": Address(get=MANAGERS),
    "orgs:policies": Address(get=ALL),
    "orgs:policy": Address(get=OWNERS, post=OWNERS, extra={"classification": "critical"}),
    "orgs:project_create": Address(get=MANAGERS, post=MANAGERS),
    "orgs:project_delete": Address(get=MANAGERS, post=MANAGERS),
    "orgs:project_openness": Address(get=MANAGERS, post=MANAGERS),
    "orgs:project_settings": Address(get=MANAGERS, post=MANAGERS),
    "orgs:projects": Address(get=ALL),
    "orgs:role_create": Address(get=MANAGERS, post=MANAGERS),
    "orgs:role_delete": Address(get=MANAGERS, post=MANAGERS),
    "orgs:role_edit": Address(get=MANAGERS, post=MANAGERS),
    "orgs:roles": Address(get=ALL),
    "orgs:settings": Address(get=ALL, post=MANAGERS),
    "orgs:setup": Public(),
    "orgs:team": Address(get=ALL),
    "orgs:team_create": Address(get=MANAGERS, post=MANAGERS),
    "orgs:team_delete": Address(post=MANAGERS),
    "orgs:team_edit": Address(get=MANAGERS, post=MANAGERS),
    "orgs:team_member_remove": Address(post=MANAGERS),
    "orgs:team_members": Address(get=MANAGERS, post=MANAGERS),
    "orgs:teams": Address(get=ALL),
    "readyz": Public(),
    "secrets:activity": Address(get=WRITERS),
    "secrets:code": Address(post=WRITERS),
    "secrets:create": Address(get=WRITERS, post=WRITERS),
    "secrets:detail": Address(get=ALL),
    "secrets:download": Address(post=WRITERS),
    "secrets:edit": Address(get=WRITERS, post=WRITERS),
    "secrets:env_import": Address(get=WRITERS, post=WRITERS),
    "secrets:generator": Personal(),
    "secrets:list": Address(get=ALL),
    "secrets:palette": Personal(),
    "secrets:place": Address(get=WRITERS),
    "secrets:project": Address(get=ALL),
    "secrets:purge": Address(get=MANAGERS, post=MANAGERS),
    "secrets:reveal": Address(post=WRITERS),
    "secrets:search": Personal(),
    "secrets:trash": Address(get=ALL),
    "secrets:trash_one": Address(get=WRITERS, post=WRITERS),
    "secrets:untrash": Address(get=WRITERS, post=WRITERS),
    "secrets:version": Address(get=ALL, extra={"number": 1}),
    "secrets:version_restore": Address(get=WRITERS, post=WRITERS, extra={"number": 1}),
    "secrets:versions": Address(get=ALL),
}
"""Each address by name. The support desk below `/support/` has a crawl of its own (tests/accounts)."""


def addresses() -> Iterator[tuple[str, list[str]]]:
    """Every named address of the project and the names of its arguments, as the resolver has them."""
    yield from _walk(get_resolver().url_patterns, "")


def _walk(patterns: list[URLPattern | URLResolver], namespace: str) -> Iterator[tuple[str, list[str]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from _walk(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else namespace)
        else:
            yield f"{namespace}{pattern.name}", list(pattern.pattern.regex.groupindex)


def views(patterns: list[URLPattern | URLResolver]) -> Iterator[Callable[..., Any]]:
    """Every view of the project, the support desk's among them."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns)
        else:
            yield pattern.callback
