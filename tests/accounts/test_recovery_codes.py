"""Ten codes, each for one sign-in."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import RecoveryCode, RecoveryDevice
from audit.models import Event
from tests.accounts.doors import code_of, enter_recovery_code, recovery_codes_of, sign_in, wrong_code
from tests.cast import Cast, authenticator_of
from tests.orgs.parallel import in_parallel
from tests.sealing import change

ClientFor = Callable[..., Client]


def at_the_code(email: str) -> Client:
    client = Client()
    sign_in(client, email)
    return client


@pytest.mark.django_db
def test_it_signs_in_with_a_recovery_code(cast: Cast) -> None:
    codes, client = recovery_codes_of(cast.bob), at_the_code(cast.bob.email)
    assert enter_recovery_code(client, codes[3])["Location"] == reverse("home")
    assert client.get(reverse("accounts:profile")).status_code == 200
    assert Event.objects.filter(action="sign_in.succeeded").latest("id").details == {"method": "recovery code"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "spell",
    [
        str.upper,
        str.title,
        lambda c: c.replace("-", ""),
        lambda c: f" {c} ",
        lambda c: c.replace("-", " "),
        lambda c: c.replace("-", "–"),
    ],
)
def test_it_takes_a_code_however_it_is_typed(cast: Cast, spell: Callable[[str], str]) -> None:
    codes = recovery_codes_of(cast.bob)
    assert enter_recovery_code(at_the_code(cast.bob.email), spell(codes[0])).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("spell", [str, str.upper, lambda c: c.replace("-", "")])
def test_it_takes_each_code_once(cast: Cast, spell: Callable[[str], str]) -> None:
    codes = recovery_codes_of(cast.bob)
    enter_recovery_code(at_the_code(cast.bob.email), codes[0])
    assert enter_recovery_code(at_the_code(cast.bob.email), spell(codes[0])).status_code == 422
    assert RecoveryCode.objects.filter(used_at=None).count() == 9


@pytest.mark.django_db(transaction=True)
def test_it_lets_one_of_many_parallel_submissions_in(transactional_cast: Cast) -> None:
    codes = recovery_codes_of(transactional_cast.bob)
    clients = [at_the_code(transactional_cast.bob.email) for _ in range(5)]
    statuses: list[int] = []

    def submit(client: Client) -> None:
        statuses.append(enter_recovery_code(client, codes[0]).status_code)

    in_parallel(*[lambda client=client: submit(client) for client in clients])
    assert sorted(statuses) == [302, 422, 422, 422, 422]


@pytest.mark.django_db
def test_it_takes_no_code_of_somebody_else(cast: Cast) -> None:
    codes = recovery_codes_of(cast.vera)
    recovery_codes_of(cast.bob)
    assert enter_recovery_code(at_the_code(cast.bob.email), codes[0]).status_code == 422


@pytest.mark.django_db
def test_it_takes_no_code_moved_to_another_set(cast: Cast) -> None:
    codes = recovery_codes_of(cast.charlie)
    recovery_codes_of(cast.alice)
    bobs = RecoveryDevice.objects.get(user=cast.alice)
    change(RecoveryCode.objects.filter(device__user=cast.charlie), device=bobs)
    assert enter_recovery_code(at_the_code(cast.alice.email), codes[0]).status_code == 422


@pytest.mark.django_db
def test_it_stores_no_code(cast: Cast) -> None:
    codes = recovery_codes_of(cast.bob)
    stored = b"".join(bytes(mac) for mac in RecoveryCode.objects.values_list("mac", flat=True))
    assert all(len(bytes(mac)) == 48 for mac in RecoveryCode.objects.values_list("mac", flat=True))
    assert not any(code.encode() in stored or code.replace("-", "").encode() in stored for code in codes)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter one of your recovery codes."),
        ("123456", "sixteen letters and digits"),
        ("k" * 4000, "sixteen"),
        ("aaaa-aaaa-aaaa-aaaa", "This recovery code is not valid."),
        ("k7qd-93mx-2hvb-wtz5", "a to z and 2 to 7"),
    ],
)
def test_it_says_what_is_wrong(cast: Cast, typed: str, sentence: str) -> None:
    recovery_codes_of(cast.bob)
    response = enter_recovery_code(at_the_code(cast.bob.email), typed)
    assert response.status_code == 422
    assert sentence in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("used", "warned"), [(5, False), (6, True), (8, True), (9, True)])
def test_it_warns_when_few_are_left(cast: Cast, used: int, warned: bool) -> None:
    codes = recovery_codes_of(cast.bob)
    for code in RecoveryCode.objects.all()[:used]:
        code.used_at = cast.bob.created_at
        code.save()
    left = RecoveryCode.objects.filter(used_at=None).values_list("pk", flat=True)
    client = at_the_code(cast.bob.email)
    unused = [code for number, code in enumerate(codes) if RecoveryCode.objects.order_by("pk")[number].pk in left]
    enter_recovery_code(client, unused[0])
    page = client.get(reverse("accounts:second_factor")).content.decode()
    assert ("left. Make new ones" in page) == warned


@pytest.mark.django_db
def test_it_makes_new_codes_for_a_code_of_the_authenticator(cast: Cast, client_for: ClientFor) -> None:
    old, client = recovery_codes_of(cast.bob), client_for(cast.bob)
    response = client.post(reverse("accounts:recovery_codes"), {"code": code_of(authenticator_of(cast.bob))})
    new = response.context["codes"]
    assert len(set(new)) == 10
    assert all(code in response.content.decode() for code in new)
    assert "no-store" in response["Cache-Control"]
    assert enter_recovery_code(at_the_code(cast.bob.email), old[0]).status_code == 422
    assert enter_recovery_code(at_the_code(cast.bob.email), new[0]).status_code == 302
    assert Event.objects.filter(action="second_factor.recovery_codes_created").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("proof", ["", "wrong", "123"])
def test_it_makes_no_new_codes_for_a_session_alone(cast: Cast, client_for: ClientFor, proof: str) -> None:
    old, client = recovery_codes_of(cast.bob), client_for(cast.bob)
    code = wrong_code(authenticator_of(cast.bob)) if proof == "wrong" else proof
    assert client.post(reverse("accounts:recovery_codes"), {"code": code}).status_code == 422
    assert enter_recovery_code(at_the_code(cast.bob.email), old[0]).status_code == 302


@pytest.mark.django_db
def test_it_hands_the_codes_just_shown_out_as_a_file(cast: Cast, client_for: ClientFor) -> None:
    codes, client = recovery_codes_of(cast.bob), client_for(cast.bob)
    response = client.post(reverse("accounts:recovery_codes_file"), {"code": codes})
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="holdfast-recovery-codes.txt"'
    assert "no-store" in response["Cache-Control"]
    assert all(code in response.content.decode() for code in codes)


@pytest.mark.django_db
@pytest.mark.parametrize("codes", [[], ["x"], ["aaaa-aaaa-aaaa-aaaa"], ["<script>"]])
def test_it_echoes_nothing_that_is_not_a_code_of_the_person(
    cast: Cast, client_for: ClientFor, codes: list[str]
) -> None:
    recovery_codes_of(cast.bob)
    response = client_for(cast.bob).post(reverse("accounts:recovery_codes_file"), {"code": codes})
    assert response.status_code == 400
    assert b"aaaa-aaaa" not in response.content


@pytest.mark.django_db
def test_it_hands_out_no_codes_of_somebody_else(cast: Cast, client_for: ClientFor) -> None:
    codes = recovery_codes_of(cast.vera)
    recovery_codes_of(cast.bob)
    assert client_for(cast.bob).post(reverse("accounts:recovery_codes_file"), {"code": codes}).status_code == 400


@pytest.mark.django_db
def test_it_is_no_place_to_try_codes(cast: Cast, client_for: ClientFor) -> None:
    recovery_codes_of(cast.bob)
    client = client_for(cast.bob)
    data = {"code": ["aaaa-aaaa-aaaa-aaaa"]}
    statuses = [client.post(reverse("accounts:recovery_codes_file"), data).status_code for _ in range(9)]
    assert statuses == [400] * 8 + [429]
