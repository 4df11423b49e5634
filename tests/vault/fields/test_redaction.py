"""What a log line, a traceback, a pickle or a debug page could take from an instance has no plaintext in it."""

import copy
import json
import logging
import pickle
import pprint
from contextlib import suppress
from io import StringIO
from uuid import UUID

import pytest
from django.template import Context, Template
from django.views.debug import ExceptionReporter

from tests.vault.fields.app.models import Note, Seed, Version
from vault.fields import Envelope

CANARY = "canary-4f1a-horse"

pytestmark = pytest.mark.usefixtures("installed")  # a copy is made by looking its model up


@pytest.fixture(params=["unsaved", "assigned", "saved", "loaded", "read"])
def row(request: pytest.FixtureRequest) -> Seed:
    """A row in each of the states in which an instance can be."""
    if request.param == "unsaved":
        return Seed(name="one", seed=CANARY)
    saved = Seed.objects.create(name="one", seed=CANARY)
    if request.param == "saved":
        return saved
    if request.param == "assigned":
        saved.seed = CANARY + "!"
        return saved
    loaded = Seed.objects.get(name="one")
    if request.param == "read":
        assert loaded.seed == CANARY
    return loaded


def test_an_instance_shows_nothing(row: Seed) -> None:
    for shown in (repr(row), str(row), repr(row.__dict__), pprint.pformat(row.__dict__), f"{vars(row)}"):
        assert CANARY not in shown


def test_what_an_instance_holds_shows_nothing(row: Seed) -> None:
    for held in vars(row).values():
        for shown in (repr(held), str(held), f"{held}", f"{held!r}", "%s" % (held,), pprint.pformat(held)):  # noqa: UP031 - logging formats this way
            assert CANARY not in shown
        with pytest.raises(TypeError):
            json.dumps([held] if not isinstance(held, str | int | type(None)) else [object()])


def test_what_walks_through_an_instance_to_show_it_finds_nothing(row: Seed) -> None:
    """As error reporters do, who take a container apart and fall back to the text of what is inside."""
    with suppress(TypeError):
        assert CANARY not in json.dumps(vars(row), default=repr)
    for held in vars(row).values():
        with suppress(TypeError):
            assert CANARY not in "".join(repr(part) for part in held)


def test_a_debug_page_shows_nothing(row: Seed) -> None:
    def fail(row: Seed) -> None:
        held = dict(vars(row))
        raise RuntimeError(f"{len(held)}")

    try:
        fail(row)
    except RuntimeError as error:
        report = ExceptionReporter(None, type(error), error, error.__traceback__)
        assert CANARY not in report.get_traceback_html()
        assert CANARY not in report.get_traceback_text()


def test_a_log_line_shows_nothing(row: Seed) -> None:
    out = StringIO()
    logger = logging.getLogger("test.redaction")
    handler = logging.StreamHandler(out)
    logger.addHandler(handler)
    try:
        logger.error("row %s %r %s", row, row, vars(row))
    finally:
        logger.removeHandler(handler)
    assert "row one" in out.getvalue()
    assert CANARY not in out.getvalue()


def test_an_envelope_shows_its_key_only() -> None:
    envelope = Seed.objects.create(name="one", seed=CANARY).seed_envelope
    shown = repr(envelope)
    assert shown.startswith("<Envelope under ")
    assert shown == str(envelope) == format(envelope)
    assert Template("{{ envelope }}").render(Context({"envelope": envelope})) == shown.replace("<", "&lt;").replace(
        ">", "&gt;"
    )
    assert repr(Envelope(b"\x07xx")) == "<Envelope of an unknown format>"


def test_a_pickled_instance_takes_its_ciphertext_along_and_no_plaintext(organization: UUID) -> None:
    Seed.objects.create(name="one", seed=CANARY)
    Version.objects.create(organization_id=organization, payload={"value": CANARY})
    for row in (Seed.objects.get(name="one"), Version.objects.get(organization_id=organization)):
        name = "seed" if isinstance(row, Seed) else "payload"
        assert CANARY in str(getattr(row, name))
        data = pickle.dumps(row)
        assert CANARY.encode() not in data
        again = pickle.loads(data)  # noqa: S301 - made two lines above
        assert CANARY in str(getattr(again, name))
        assert again == row


def test_a_plaintext_that_waits_for_its_save_is_not_pickled() -> None:
    row = Seed(name="one", seed=CANARY)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(row)
    with pytest.raises(TypeError, match="cannot be copied"):
        copy.deepcopy(row)


def test_a_pickled_query_takes_no_plaintext_along() -> None:
    Seed.objects.create(name="one", seed=CANARY)
    rows = Seed.objects.filter(name="one")
    assert [row.seed for row in rows] == [CANARY]
    assert CANARY.encode() not in pickle.dumps(rows.query)


def test_a_shallow_copy_reads_what_the_original_reads(row: Seed) -> None:
    assert copy.copy(row).seed == row.seed


def test_a_deep_copy_opens_the_value_again() -> None:
    row = Seed.objects.create(name="one", seed=CANARY)
    duplicate = copy.deepcopy(row)
    assert CANARY not in repr(vars(duplicate))
    assert duplicate.seed == CANARY
    assert row.seed == CANARY


def test_what_an_error_carries_has_no_value(organization: UUID) -> None:
    broken = f"{CANARY}\ud800"
    for assign in (
        lambda: Seed(name="one", seed=broken),
        lambda: Version(organization_id=organization, payload={"value": broken}),
        lambda: Version(organization_id=organization, payload={broken: "value"}),
        lambda: Note(organization_id=organization, body={"value": CANARY}),
    ):
        with pytest.raises((ValueError, TypeError)) as caught:
            assign()
        error: BaseException | None = caught.value
        while error is not None:
            assert CANARY not in repr(error) + str(error) + repr(vars(error))
            error = error.__cause__ or error.__context__


def test_an_instance_does_not_keep_the_value_that_was_replaced() -> None:
    row = Seed.objects.create(name="one", seed=CANARY)
    assert row.seed == CANARY
    row.seed = "other"
    assert not any(isinstance(held, tuple) for held in vars(row).values())
