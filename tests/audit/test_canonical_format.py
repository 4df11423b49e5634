"""The bytes that are hashed and authenticated: audit/FORMAT.md, built a second time and checked byte by byte."""

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.actions import Action, ActorKind, Outcome, ResourceKind, Risk
from audit.canonical import Body, NotCanonical, canonical_body, canonical_json, leaf_hash, mac_message
from vault.crypto.keyring import KeyUse, TenantKey

FORMAT = (Path(__file__).resolve().parents[2] / "audit" / "FORMAT.md").read_text(encoding="utf-8")

EXAMPLE = Body(
    uid=UUID("0b8fcf3c-3d6e-4a55-9f0e-0d1a2b3c4d5e"),
    occurred_at=datetime(2026, 11, 22, 13, 46, 0, 123, tzinfo=UTC),
    action=Action.SECRET_REVEALED,
    outcome=Outcome.SUCCESS,
    risk=Risk.MEDIUM,
    actor_kind=ActorKind.PERSON,
    actor_id="6f1c1c1e-0000-4000-8000-000000000001",
    actor_label="bob@example.com",
    organization_id=UUID("6f1c1c1e-0000-4000-8000-0000000000aa"),
    resource_kind=ResourceKind.SECRET,
    resource_id="6f1c1c1e-0000-4000-8000-0000000000ff",
    resource_label="DB_PASSWORD “prod” \\ ü",
    ip="203.0.113.9",
    user_agent="Firefox/146",
    correlation_id="00112233445566ff",
    key_id=bytes(range(16)),
    details={"version": 3, "fields": ["password"]},
)


def example_of_the_page() -> tuple[bytes, bytes, bytes]:
    body = re.search(r"^    (\{.*\})$", FORMAT, re.MULTILINE)
    leaf = re.search(r"leaf hash +([0-9a-f]{64})", FORMAT)
    mac = re.search(r"after its key id:\s+([0-9a-f]{64})", FORMAT)
    assert body
    assert leaf
    assert mac
    return body[1].encode(), bytes.fromhex(leaf[1]), bytes.fromhex(mac[1])


def test_it_gives_the_worked_example_byte_by_byte() -> None:
    body, leaf, mac = example_of_the_page()
    assert canonical_body(EXAMPLE) == body
    assert leaf_hash(body) == leaf
    assert leaf == hashlib.sha256(b"\x00" + body).digest()
    assert mac_message(body) == b"\x00\x00\x00\x05event" + len(body).to_bytes(4, "big") + body
    key = TenantKey(b"\x2a" * 32, scope="system", purpose="audit", version=1, use=KeyUse.MAC)
    assert key.mac("holdfast/v1/keyed-hash", mac_message(body)) == mac


def test_it_has_exactly_the_members_that_the_page_lists() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", FORMAT, re.MULTILINE))
    assert set(json.loads(canonical_body(EXAMPLE))) == listed


def test_it_writes_the_same_moment_in_one_way() -> None:
    elsewhere = EXAMPLE.occurred_at.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert canonical_body(replace(EXAMPLE, occurred_at=elsewhere)) == canonical_body(EXAMPLE)


def test_it_covers_every_field() -> None:
    other: dict[str, Any] = {
        "uid": UUID(int=1),
        "occurred_at": EXAMPLE.occurred_at + timedelta(microseconds=1),
        "action": Action.SECRET_COPIED,
        "outcome": Outcome.FAILURE,
        "risk": Risk.HIGH,
        "actor_kind": ActorKind.SYSTEM,
        "actor_id": "",
        "actor_label": "Bob@example.com",
        "organization_id": None,
        "resource_kind": ResourceKind.PROJECT,
        "resource_id": "x",
        "resource_label": "DB_PASSWORD",
        "ip": None,
        "user_agent": "",
        "correlation_id": "",
        "key_id": None,
        "details": {},
    }
    assert set(other) == set(Body.__slots__)
    for field, value in other.items():
        assert canonical_body(replace(EXAMPLE, **{field: value})) != canonical_body(EXAMPLE), field


@pytest.mark.parametrize(
    "value", [1.5, 2**53, -(2**53), "\ud800", {"ü": 1}, {1: 1}, b"x", {"a": {"b": 0.0}}, ["\udfff"], object()]
)
def test_it_refuses_what_two_libraries_could_write_differently(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical_json(value)


def test_it_refuses_a_time_without_a_zone() -> None:
    with pytest.raises(NotCanonical):
        canonical_body(replace(EXAMPLE, occurred_at=EXAMPLE.occurred_at.replace(tzinfo=None)))


# RFC 8785 §3.2.2.2 and appendix B, as far as texts go; the rest of it is about numbers that no event has.
def test_it_escapes_as_rfc_8785_does() -> None:
    text = '\u20ac$\u000f\u000aA\'B"\\\\"/'
    assert canonical_json(text) == b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'
    assert canonical_json("\x7f\u2028\U0001f600") == '"\x7f\u2028\U0001f600"'.encode()
    assert canonical_json({"b": True, "a": None, "C": [1, -2]}) == b'{"C":[1,-2],"a":null,"b":true}'


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_it_reads_back_what_it_wrote(value: object) -> None:
    written = canonical_json(value)
    assert json.loads(written) == value
    assert canonical_json(json.loads(written)) == written
