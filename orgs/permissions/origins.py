"""Whether somebody may use an organization from where their request comes.

Asked while a standing is loaded, and nowhere else, so that every page, list and search has the same answer. A command
comes from nowhere: whoever runs one reaches the database anyway.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

from orgs.models import Machine, NetworkPolicy, NetworkRule
from orgs.networks import fingerprint_of, is_inside
from orgs.permissions.authority import Subject
from vault.context import current
from vault.seals import Fault, genuine, with_seal
from vault.seals.reporting import Broken, report

BROKEN = (
    "the networks from which the organization can be used are not as this program wrote them, so nobody is let in; "
    "whoever runs the server looks into it, and clears them with `manage.py access networks`"
)


def barred(subjects: Collection[Subject]) -> Mapping[UUID, str]:
    """By uid, the members and machines that may not use their organization from here, and why. Two queries at most."""
    request = current()
    if not request.is_request or not subjects:
        return {}
    rules = rules_of({each.organization_id for each in subjects})
    return {
        subject.uid: why for subject in subjects if (why := _why(subject, rules[subject.organization_id], request.ip))
    }


def rules_of(organization_ids: Collection[UUID]) -> Mapping[UUID, list[NetworkRule] | None]:
    """The rules of each organization; None where they do not come to what its policy says, which is reported. One
    query, two where there are any rules."""
    rules, faults = _read(organization_ids)
    if faults:
        again, faults = _read(faults)  # somebody may have changed the rules between the two queries
        rules |= again
    for uid, fault in faults.items():
        report(Broken(NetworkPolicy.seal_kind(), uid.hex, fault, uid, NetworkPolicy.SEAL_RESOURCE))
    return rules


def _read(organization_ids: Collection[UUID]) -> tuple[dict[UUID, list[NetworkRule] | None], dict[UUID, str]]:
    """The rules of each organization, and what is wrong with those that have None."""
    found = NetworkPolicy.objects.filter(organization_id__in=organization_ids)
    stored = list(with_seal(found))
    policies = {policy.organization_id: policy for policy in genuine(stored)}
    limited = [uid for uid, policy in policies.items() if policy.fingerprint]
    rules: dict[UUID, list[NetworkRule]] = defaultdict(list)
    if limited:
        for rule in genuine(with_seal(NetworkRule.objects.filter(organization_id__in=limited))):
            rules[rule.organization_id].append(rule)
    faults: dict[UUID, str] = {}
    for uid in set(organization_ids).difference(each.organization_id for each in stored):
        faults[uid] = str(Fault.GONE)
    for uid, policy in policies.items():
        if policy.fingerprint != fingerprint_of((each.machine_id, each.cidr) for each in rules[uid]):
            faults[uid] = "does not fit its networks"
    return {uid: rules[uid] if uid in policies and uid not in faults else None for uid in organization_ids}, faults


def _why(subject: Subject, rules: list[NetworkRule] | None, address: str | None) -> str:
    """Why the subject is not let in from this address; empty if it is."""
    if rules is None:
        return BROKEN
    shared = [rule.cidr for rule in rules if rule.machine_id is None]
    if shared and not is_inside(address, shared):
        return f"the organization can be used from its own networks only, and this request {_came_from(address)}"
    own = [rule.cidr for rule in rules if rule.machine_id == subject.uid] if isinstance(subject, Machine) else []
    if own and not is_inside(address, own):
        return f"this machine can be used from its own networks only, and this request {_came_from(address)}"
    return ""


def _came_from(address: str | None) -> str:
    return f"comes from {address}" if address else "comes from an address that is not known"
