"""The bytes of an event that are hashed and authenticated. FORMAT.md says why each is as it is; change neither alone.

Format 1 is the JSON Canonicalization Scheme (RFC 8785) over strings, integers, booleans, null, arrays and objects: an
exported line is these very bytes, and any language can check it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Union
from uuid import UUID

from audit.actions import Action, ActorKind, Outcome, ResourceKind, Risk
from vault.crypto.signing import length_prefixed

FORMAT = 1
LEAF_PREFIX = b"\x00"
"""What makes a leaf differ from an inner node of the tree (RFC 6962 §2.1)."""
MAC_LABEL = b"event"
"""What the audit key authenticates here; another kind of record under the same key would have another label."""
_SAFE_INTEGER = 2**53 - 1
"""The largest integer that RFC 8785 can carry exactly (an IEEE 754 double)."""

Json = Union[str, int, bool, None, Sequence["Json"], Mapping[str, "Json"]]  # noqa: UP007 - quoted names have no |


class NotCanonical(ValueError):
    """A value has no canonical form: a float, a large integer, a lone surrogate, a key beyond ASCII, a naive time."""


@dataclass(frozen=True, slots=True)
class Body:
    """Everything an event says. `resource_*` are empty together when the event is about nothing in particular."""

    uid: UUID
    occurred_at: datetime
    action: Action
    outcome: Outcome
    risk: Risk
    actor_kind: ActorKind
    actor_id: str
    actor_label: str
    organization_id: UUID | None
    resource_kind: ResourceKind | None
    resource_id: str
    resource_label: str
    ip: str | None
    user_agent: str
    correlation_id: str
    key_id: bytes | None
    details: Mapping[str, Json]


def canonical_time(moment: datetime) -> str:
    """`2026-11-22T13:46:00.000123Z`: UTC, always six digits of microseconds, the finest that both databases keep.

    Raises NotCanonical for a naive datetime.
    """
    if moment.tzinfo is None:
        raise NotCanonical("an event's time needs a time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}Z"


def _checked(value: object, where: str) -> Json:
    """`value`, if RFC 8785 and Python's JSON agree about it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotCanonical(f"{where} holds a lone surrogate") from None
        return str(value)
    if isinstance(value, int):
        if abs(value) > _SAFE_INTEGER:
            raise NotCanonical(f"{where} is an integer beyond 2^53 - 1")
        return int(value)
    if isinstance(value, list | tuple):
        return [_checked(item, where) for item in value]
    if isinstance(value, Mapping):
        for key in value:
            # RFC 8785 sorts keys by UTF-16 code unit, Python by code point; within ASCII they agree.
            if not isinstance(key, str) or not key.isascii():
                raise NotCanonical(f"{where} has a key that is not ASCII text")
        return {str(key): _checked(value[key], where) for key in value}
    raise NotCanonical(f"{where} holds a {type(value).__name__}")


def canonical_json(value: object, *, where: str = "the body") -> bytes:
    """RFC 8785: keys sorted, no white space, the shortest escapes, UTF-8. Raises NotCanonical."""
    return json.dumps(
        _checked(value, where), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def canonical_body(body: Body) -> bytes:
    """The canonical bytes of an event. Raises NotCanonical."""
    resource = (
        None
        if body.resource_kind is None
        else {"id": body.resource_id, "kind": str(body.resource_kind), "label": body.resource_label}
    )
    return canonical_json(
        {
            "action": str(body.action),
            "actor": {"id": body.actor_id, "kind": str(body.actor_kind), "label": body.actor_label},
            "correlation_id": body.correlation_id,
            "details": dict(body.details),
            "format": FORMAT,
            "ip": body.ip,
            "key_id": body.key_id.hex() if body.key_id is not None else None,
            "occurred_at": canonical_time(body.occurred_at),
            "organization": str(body.organization_id) if body.organization_id is not None else None,
            "outcome": str(body.outcome),
            "resource": resource,
            "risk": str(body.risk),
            "uid": str(body.uid),
            "user_agent": body.user_agent,
        }
    )


def leaf_hash(canonical: bytes) -> bytes:
    """The leaf of the Merkle tree for a canonical body: SHA-256(0x00 ‖ body), 32 bytes (RFC 6962 §2.1)."""
    return hashlib.sha256(LEAF_PREFIX + canonical).digest()


def mac_message(canonical: bytes) -> bytes:
    """What the audit key authenticates for a canonical body: the label and the body, each after its length."""
    return length_prefixed(MAC_LABEL, canonical)
