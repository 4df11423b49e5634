"""Two answers at the same moment, in transactions of their own."""

import pytest
from django.utils import timezone

from orgs.classification import Classification
from orgs.models import Grant
from orgs.services import remove_member
from tests.cast import Cast
from tests.orgs.parallel import in_parallel, one_inside_the_other, uncommitted
from tests.sealing import change
from tests.vault.access.requests.conftest import make_scene
from vault.access.errors import GlassHeld, RequestClosed
from vault.access.models import AccessRequest, BreakGlassUse, RequestApproval
from vault.access.services import approve_request, break_glass, deny_request, name_for_break_glass, withdraw_request

ROUNDS = 3


def test_two_approvals_at_once_make_one_grant(transactional_cast: Cast) -> None:
    scene = make_scene(transactional_cast)
    for number in range(ROUNDS):
        request = scene.ask(minutes=60 + number)
        raised = in_parallel(
            lambda: approve_request(actor=scene.cast.alice, request=request),  # noqa: B023
            lambda: approve_request(actor=scene.olga, request=request),  # noqa: B023
            lambda: approve_request(actor=scene.cast.adam, request=request),  # noqa: B023
        )
        assert sorted(type(each).__name__ for each in raised) == ["NoneType", "RequestClosed", "RequestClosed"]
        assert Grant.objects.filter(origin="requested").count() == number + 1
        assert RequestApproval.objects.filter(request=request).count() == 1
        request.refresh_from_db()
        assert request.grant_id is not None
        _end(request)


@pytest.mark.parametrize("needed", [0, 2])
def test_the_second_approval_waits_for_the_first(transactional_cast: Cast, needed: int) -> None:
    """What the first has not committed yet counts all the same: the second is the second."""
    scene = make_scene(transactional_cast)
    scene.policy(Classification.INTERNAL, approvals=needed)
    request = scene.ask()
    order = one_inside_the_other(
        uncommitted(lambda: approve_request(actor=scene.cast.alice, request=request)),
        lambda: approve_request(actor=scene.olga, request=request),
    )
    assert (order.first, order.waited) == (None, True)
    assert order.other is None if needed else isinstance(order.other, RequestClosed)
    grant = Grant.objects.get(origin="requested")
    assert grant.approvals == RequestApproval.objects.filter(request=request).count() == max(needed, 1)
    request.refresh_from_db()
    assert request.grant_id == grant.pk


def test_the_two_that_are_needed_at_once_make_one_grant(transactional_cast: Cast) -> None:
    scene = make_scene(transactional_cast)
    scene.policy(Classification.INTERNAL, approvals=2)
    for number in range(ROUNDS):
        request = scene.ask(minutes=60 + number)
        raised = in_parallel(
            lambda: approve_request(actor=scene.cast.alice, request=request),  # noqa: B023
            lambda: approve_request(actor=scene.olga, request=request),  # noqa: B023
        )
        assert raised == [None, None]
        request.refresh_from_db()
        assert request.grant is not None
        assert request.grant.approvals == 2
        assert Grant.objects.filter(origin="requested").count() == number + 1
        _end(request)


def test_an_approval_and_the_end_of_the_request_at_once(transactional_cast: Cast) -> None:
    scene = make_scene(transactional_cast)
    for number in range(ROUNDS):
        request = scene.ask(minutes=60 + number)
        other = (
            (lambda: deny_request(actor=scene.olga, request=request, reason="No"))  # noqa: B023
            if number % 2
            else (lambda: withdraw_request(actor=scene.cast.bob, request=request))  # noqa: B023
        )
        raised = in_parallel(lambda: approve_request(actor=scene.cast.alice, request=request), other)  # noqa: B023
        assert sorted(type(each).__name__ for each in raised) == ["NoneType", "RequestClosed"]
        request.refresh_from_db()
        assert (request.status == "approved") == (request.grant_id is not None)
        assert Grant.objects.filter(access_request=request).count() == (request.status == "approved")
        if request.grant_id:
            _end(request)


def test_an_approval_and_the_removal_of_whoever_asked_at_once(transactional_cast: Cast) -> None:
    """Whichever is first: afterwards nothing opens."""
    scene = make_scene(transactional_cast)
    request = scene.ask()
    raised = in_parallel(
        lambda: approve_request(actor=scene.cast.alice, request=request),
        lambda: remove_member(actor=scene.olga, membership=scene.member(scene.cast.bob)),
    )
    assert raised[1] is None
    assert raised[0] is None or isinstance(raised[0], RequestClosed)
    assert not scene.may_reveal(scene.cast.bob)


def test_the_glass_breaks_once_at_a_time(transactional_cast: Cast) -> None:
    scene = make_scene(transactional_cast)
    person = name_for_break_glass(
        actor=scene.cast.alice, organization=scene.cast.acme, membership=scene.member(scene.cast.bob).pk
    )
    raised = in_parallel(
        *(lambda: break_glass(actor=scene.cast.bob, person=person, reason="Fire", again=True) for _ in range(2))
    )
    assert [type(each) for each in raised if each is not None] == [GlassHeld]
    assert BreakGlassUse.objects.count() == 1


def _end(request: AccessRequest) -> None:
    """So that the same can be asked for again."""
    change(Grant.objects.filter(access_request=request), revoked_at=timezone.now())
