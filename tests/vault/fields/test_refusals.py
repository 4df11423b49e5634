"""Every side door for a plaintext into the column, and every question about it, is shut."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.core.exceptions import FieldError
from django.db import transaction
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Concat, Lower
from django.forms import modelform_factory

from tests.vault.fields.app.models import Note, Seed, Version
from tests.vault.fields.conftest import stored
from vault.crypto.errors import UnsupportedFormat
from vault.fields import Envelope, PlaintextRefused

CANARY = "canary-4f1a"


@pytest.fixture
def row() -> Seed:
    """A row whose value must stay as it is."""
    return Seed.objects.create(name="one", seed="secret")


@pytest.mark.parametrize(
    "value",
    [
        CANARY,
        CANARY.encode(),
        memoryview(CANARY.encode()),
        F("name"),
        Value(CANARY),
        Concat(Value(CANARY), F("name")),
        Lower("name"),
        Case(When(name="one", then=Value(CANARY)), default=Value("")),
        Subquery(Seed.objects.filter(pk=OuterRef("pk")).values("name")[:1]),
        Subquery(Seed.objects.filter(pk=OuterRef("pk")).values("seed")[:1]),
        F("seed"),
        7,
        {"value": CANARY},
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("name", ["seed", "seed_ciphertext"])
def test_update_takes_no_plaintext_and_no_expression(name: str, value: object, row: Seed) -> None:
    before = stored(row, "seed")
    with pytest.raises(PlaintextRefused, match=r"fields_app\.Seed\.seed") as caught, transaction.atomic():
        Seed.objects.filter(pk=row.pk).update(**{name: value})
    assert CANARY not in str(caught.value)
    assert stored(row, "seed") == before


def test_update_takes_an_envelope(row: Seed) -> None:
    envelope = row.seed_envelope
    row.seed = "changed"
    row.save()
    assert Seed.objects.filter(pk=row.pk).update(seed=envelope) == 1
    assert Seed.objects.get(pk=row.pk).seed == "secret"


@pytest.mark.parametrize("assigned", [True, False])
def test_bulk_update_does_not_write_it(assigned: bool, row: Seed) -> None:
    before = stored(row, "seed")
    if assigned:
        row.seed = CANARY
    with pytest.raises(PlaintextRefused) as caught, transaction.atomic():
        Seed.objects.bulk_update([row], ["seed"])
    assert CANARY not in str(caught.value)
    assert stored(row, "seed") == before
    row.name = "renamed"
    assert Seed.objects.bulk_update([row], ["name"]) == 1


_LOOKUPS = [
    *("exact", "iexact", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith"),
    *("regex", "iregex", "in", "gt", "gte", "lt", "lte", "range", "date", "year", "length"),
]


@pytest.mark.parametrize("lookup", _LOOKUPS)
def test_it_cannot_be_looked_up(lookup: str) -> None:
    value: object = [CANARY, CANARY] if lookup in ("in", "range") else CANARY
    for manner in (Seed.objects.filter, Seed.objects.exclude, Seed.objects.get):
        with pytest.raises(PlaintextRefused, match=rf"cannot be looked up \({lookup}\)"):
            manner(**{f"seed__{lookup}": value})


def test_it_cannot_be_looked_up_by_value_through_relations_or_through_an_envelope(row: Seed) -> None:
    questions: list[Callable[[], object]] = [
        lambda: Seed.objects.filter(seed=CANARY),
        lambda: Seed.objects.filter(seed=None),
        lambda: Seed.objects.filter(Q(name="one") | Q(seed=CANARY)),
        lambda: Seed.objects.filter(seed=F("name")),
        lambda: Seed.objects.filter(seed=row.seed_envelope),
        lambda: Seed.objects.filter(seed_ciphertext=CANARY),
        lambda: Seed.objects.filter(seed__anything=CANARY),
        lambda: Seed.objects.get_or_create(seed=CANARY),
        lambda: Seed.objects.update_or_create(seed=CANARY, defaults={"name": "x"}),
        lambda: Version.objects.filter(seed__seed__startswith="c"),
        lambda: Version.objects.filter(payload__password=CANARY),
        lambda: Version.objects.filter(payload__has_key="password"),
        lambda: Seed.objects.annotate(found=Case(When(seed=CANARY, then=1), default=0)).count(),
    ]
    for ask in questions:
        with pytest.raises(PlaintextRefused):
            ask()


def test_it_can_be_asked_whether_it_is_there(row: Seed) -> None:
    assert Seed.objects.filter(seed__isnull=False).count() == 1
    assert not Seed.objects.filter(seed__isnull=True).exists()


@pytest.mark.parametrize("value", [F("name"), Value("x"), b"bytes", 7, ["x"], {"a": "b"}, object()])
def test_the_attribute_takes_nothing_but_a_text(value: object) -> None:
    row = Seed(name="one")
    with pytest.raises(PlaintextRefused, match="takes a text"):
        row.seed = value
    with pytest.raises(PlaintextRefused):
        Seed(name="one", seed=value)


@pytest.mark.parametrize(
    "value", [F("note"), "text", b"bytes", 7, ["x"], {"a": 1}, {1: "a"}, {"a": None}, {"a": {"b": "c"}}, {"a": ["b"]}]
)
def test_the_attribute_takes_nothing_but_a_mapping_of_texts(value: object, organization: UUID) -> None:
    with pytest.raises(PlaintextRefused, match="takes a mapping of text to text"):
        Version(organization_id=organization, payload=value)


def test_a_plaintext_by_position_is_refused_on_saving(row: Seed) -> None:
    smuggled = Seed(99, row.uid, "by position", CANARY)
    for use in (lambda: smuggled.seed, smuggled.save, smuggled.full_clean, lambda: smuggled.seed_envelope):
        with pytest.raises(PlaintextRefused) as caught, transaction.atomic():
            use()
        assert CANARY not in str(caught.value)


def test_bytes_under_the_attname_are_refused_on_saving(row: Seed) -> None:
    row.seed_ciphertext = CANARY.encode()
    with pytest.raises(UnsupportedFormat) as caught, transaction.atomic():
        row.save()
    assert CANARY not in str(caught.value)


def test_no_form_is_generated_for_it() -> None:
    assert set(modelform_factory(Note, fields="__all__").base_fields) == {"organization_id", "title"}
    with pytest.raises(FieldError, match="non-editable"):
        modelform_factory(Note, fields=["body"])


def test_ordering_by_it_orders_ciphertext(row: Seed) -> None:
    assert [type(value) for value in Seed.objects.order_by("seed").values_list("seed", flat=True)] == [Envelope]
