"""Takes each permission check of the program away, one at a time, and runs the matrix: something must fail.

    python -m tests.mutation                       every check
    python -m tests.mutation --only orgs/services  those of paths that begin so
    python -m tests.mutation --list                say which there are
    python -m tests.mutation --json                end with one JSON object

A check that can go without a test noticing is alive. The exit code is 0 if none is, except for those that are listed
in `tests.mutation.equivalent` with what stands behind them. Nothing is written to the tree: a mutant is a process with
changed code.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.harness.environment import ROOT, clean_environment

TESTS = (
    "tests/invariants/matrix",
    "tests/invariants/test_permission_matrix.py",
    "tests/invariants/test_services_authorize.py",
    "tests/orgs/test_permission_matrix.py",
    "tests/orgs/test_decide.py",
    "tests/orgs/test_denials.py::test_it_records_what_outsiders_try_where_it_was_tried",
    "tests/orgs/test_environment_class.py::test_it_is_for_those_who_configure_the_project",
    "tests/orgs/test_invitations.py",
    "tests/orgs/test_join_pages.py::test_it_keeps_the_name_and_says_what_is_wrong_with_the_password",
    "tests/orgs/test_lists_stay_at_home.py",
    "tests/orgs/test_members_page.py::test_it_says_who_has_a_second_factor",
    "tests/orgs/test_members_page.py::test_it_shows_who_gains_and_loses_before_a_role_is_changed",
    "tests/orgs/test_memberships.py",
    "tests/orgs/test_policies.py",
    "tests/orgs/test_selectors.py",
    "tests/orgs/test_setup.py::test_it_makes_the_holder_of_the_link_owner_and_administrator",
    "tests/orgs/access/test_class_ceiling.py",
    "tests/orgs/access/test_escalation.py",
    "tests/orgs/access/test_grants.py",
    "tests/orgs/access/test_makers_of_projects.py",
    "tests/orgs/access/test_pages.py::test_a_machine_is_made_disabled_and_enabled",
    "tests/orgs/access/test_pages.py::test_what_has_not_begun_is_said_to_be_so_and_leads_nowhere",
    "tests/orgs/access/test_pages.py::test_whoever_manages_a_part_learns_nothing_of_a_grant_elsewhere_by_revoking_it",
    "tests/orgs/access/test_reach.py",
    "tests/orgs/access/test_teams_and_roles.py",
    "tests/orgs/access/test_unseen_places.py",
    "tests/orgs/network/test_decision.py::test_lists_across_organizations_leave_it_out",
    "tests/orgs/network/test_decision.py::test_a_member_outside_learns_why_and_a_stranger_nothing",
    "tests/orgs/network/test_services.py::test_a_machine_of_another_organization_is_as_one_that_is_not_there",
    "tests/orgs/network/test_services.py::test_a_rule_of_another_organization_is_as_one_that_is_not_there",
    "tests/orgs/network/test_services.py::test_it_counts_who_was_here_from_outside",
    "tests/orgs/network/test_services.py::test_the_operator_lets_people_in_again_whatever_was_wrong",
    "tests/vault/access/test_preview.py::test_it_counts_what_a_grant_gives_and_nothing_is_saved",
    "tests/vault/access/test_lists_stay_at_home.py",
    "tests/vault/access/leaving/test_ending.py::test_nobody_hands_over_what_they_do_not_hold",
    "tests/vault/access/leaving/test_plan.py",
    "tests/vault/access/leaving/test_seen.py",
    "tests/vault/access/test_who_pages.py",
    "tests/vault/access/requests/test_approvers_by_request.py",
    "tests/vault/access/requests/test_approving.py",
    "tests/vault/access/requests/test_asking.py",
    "tests/vault/access/requests/test_break_glass.py",
    "tests/vault/access/requests/test_deactivated.py",
    "tests/vault/access/requests/test_in_between.py",
    "tests/vault/access/requests/test_pages.py",
    "tests/vault/access/requests/test_reached.py",
    "tests/vault/access/requests/test_self_approval.py",
    "tests/vault/access/requests/test_unseen_answers.py",
    "tests/vault/access/requests/test_unseen_projects.py",
    "tests/vault/access/reviews/test_beginning.py",
    "tests/vault/access/reviews/test_bulk.py",
    "tests/vault/access/reviews/test_chasing.py",
    "tests/vault/access/reviews/test_deciding.py",
    "tests/vault/access/reviews/test_pages.py",
    "tests/vault/access/reviews/test_whose_names.py",
    "tests/accounts/test_gate.py",
    "tests/accounts/test_instance_settings.py",
    "tests/accounts/test_other_people.py",
    "tests/accounts/test_removal.py",
    "tests/accounts/test_sign_in.py",
    "tests/accounts/test_support_door.py",
    "tests/audit/test_own_tenant.py",
    "tests/audit/test_selectors.py",
    "tests/vault/custody/pages/test_missing_instance_pages.py",
    "tests/vault/custody/pages/test_reports_on_pages.py",
    "tests/vault/custody/test_another_organization.py",
    "tests/vault/custody/test_losing_the_right_meanwhile.py",
    "tests/vault/custody/test_shred.py",
    "tests/vault/secrets/test_classifying.py",
    "tests/vault/secrets/test_create.py",
    "tests/vault/secrets/test_env_import_authority.py",
    "tests/vault/secrets/test_lowering_takes_consent.py",
    "tests/vault/secrets/test_opening_table.py",
    "tests/vault/secrets/test_partly_reached.py",
    "tests/vault/secrets/test_renaming_gains_nothing.py",
    "tests/vault/secrets/test_restore_version.py",
)
"""What must notice that a check is gone: the matrix, and what asks for authority where no address shows it. Each can be
run again and again in one process, and leaves nothing behind."""


def main() -> int:
    """0: whatever is alive is known to be without effect."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", metavar="PATH", help="only checks of paths that begin so")
    parser.add_argument("--way", action="append", default=[], help="only checks taken away like this (see --list)")
    parser.add_argument("--list", action="store_true", help="list the checks and stop")
    parser.add_argument("--json", action="store_true", help="end with the findings as one JSON object")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="so many at a time")
    parser.add_argument("tests", nargs="*", default=list(TESTS), help="tests to hold against them")
    chosen = parser.parse_args()
    if chosen.list:
        return _list(chosen.only)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="holdfast-mutation-") as scratch:
        out = Path(scratch) / "found.jsonl"
        environment = clean_environment() | {
            "HOLDFAST_ENV": "development",
            "HOLDFAST_VAR_DIR": str(Path(scratch) / "var"),
            "HOLDFAST_TEST_DATABASE": "sqlite",
            "HOLDFAST_TEST_IN_MEMORY": "1",
            "HOLDFAST_MUTATION_OUT": str(out),
            "HOLDFAST_MUTATION_ONLY": chosen.only,
            "HOLDFAST_MUTATION_WAYS": " ".join(chosen.way),
            "HOLDFAST_MUTATION_JOBS": str(chosen.jobs),
        }
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tests.mutation.session",
            "-p",
            "no:logging",
            "-q",
            "--no-header",
        ]
        code = subprocess.call([*command, *chosen.tests], cwd=ROOT, env=environment)
        found = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    return _tell(found, code, as_json=chosen.json, seconds=time.monotonic() - began)


def _list(only: str) -> int:
    _set_up()
    from tests.mutation.checks import all_checks

    for check in all_checks(only):
        sys.stdout.write(f"{check.path}:{check.line} {check.way} {check.text}\n")
    return 0


def _set_up() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vault.settings")
    django.setup()


def _tell(found: list[dict[str, str]], code: int, *, as_json: bool, seconds: float) -> int:
    from tests.mutation.equivalent import EQUIVALENT

    alive = [each for each in found if not each.get("killed") and not each.get("error")]
    errors = [each for each in found if each.get("error")]
    known = [each for each in alive if each["key"] in EQUIVALENT]
    unknown = [each for each in alive if each["key"] not in EQUIVALENT]
    for each in [*unknown, *errors]:
        sys.stdout.write(f"{'not tried' if each.get('error') else 'alive'}: {each['key']} (line {each['line']})")
        sys.stdout.write(f" {each.get('error') or ''} {each['tests']} tests pass by it\n")
    if as_json:
        sys.stdout.write(f"{json.dumps({'seconds': round(seconds), 'mutants': found, 'equivalent': EQUIVALENT})}\n")
    killed = len(found) - len(alive) - len(errors)
    sys.stdout.write(
        f"{len(found)} checks taken away, {killed} noticed by the matrix, {len(known)} without effect, "
        f"{len(unknown)} alive, {len(errors)} not tried ({seconds:.0f} s)\n"
    )
    return 1 if unknown or errors or not found or (code and not found) else 0


if __name__ == "__main__":
    sys.exit(main())
