"""`setup_link` and `bootstrap` as an operator meets them."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from orgs.models import Membership
from orgs.services import claim_instance
from tests.cast import PASSWORD


def run(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\n")
    path.chmod(0o600)
    return path


def bootstrap(path: Path | str, *more: str, email: str = "olga@example.com") -> tuple[str, str]:
    return run("bootstrap", "--email", email, "--org", "Acme", "--password-file", str(path), *more)


@pytest.mark.django_db
def test_it_prints_a_link_that_works() -> None:
    out, err = run("setup_link")
    assert err == ""
    link = out.split()[-1]
    membership = claim_instance(
        token=link.rpartition("#")[2], email="o@example.com", name="O", password=PASSWORD, organization_name="Acme"
    )
    assert membership.organization.name == "Acme"


@pytest.mark.django_db
def test_it_prints_the_link_as_json() -> None:
    printed = json.loads(run("setup_link", "--json")[0])
    assert printed["claimed"] is False
    assert "/setup/#" in printed["url"]
    assert printed["expires_at"]


def test_it_prints_no_link_once_there_is_an_owner(cast: object) -> None:
    out, err = run("setup_link")
    assert out == ""
    assert err.count("\n") == 1
    assert json.loads(run("setup_link", "--json")[0]) == {"claimed": True}


@pytest.mark.django_db
def test_it_sets_up_without_a_browser(password_file: Path) -> None:
    out, err = bootstrap(password_file)
    assert "olga@example.com owns Acme" in out
    assert err == ""
    membership = Membership.objects.select_related("user", "organization").get()
    assert membership.user.check_password(PASSWORD)
    assert membership.user.name == "olga"
    assert membership.user.is_instance_admin


@pytest.mark.django_db
def test_it_prints_what_it_made_as_json(password_file: Path) -> None:
    printed = json.loads(bootstrap(password_file, "--json", "--name", "Olga Stone")[0])
    membership = Membership.objects.select_related("user", "organization").get()
    assert printed == {
        "email": "olga@example.com",
        "user": str(membership.user.uid),
        "organization": str(membership.organization.uid),
        "organization_name": "Acme",
    }
    assert membership.user.name == "Olga Stone"


def test_it_is_refused_once_there_is_an_owner(cast: object, password_file: Path) -> None:
    with pytest.raises(CommandError, match="has an owner already"):
        bootstrap(password_file)


@pytest.mark.django_db
def test_it_reads_the_password_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{PASSWORD}\n".encode())))
    bootstrap("-")
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.django_db
def test_it_warns_of_a_password_file_that_others_can_read(password_file: Path) -> None:
    password_file.chmod(0o640)
    assert "can be read by others" in bootstrap(password_file)[1]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff\xfe\xfa long enough", "not UTF-8"),
        (b"x" * 5000, "no password"),
        (b"qzwx", "at least 12"),
        (b"qwerty123456", "common"),
    ],
)
def test_it_says_what_is_wrong_with_the_password_and_never_shows_it(
    password_file: Path, content: bytes, says: str
) -> None:
    password_file.write_bytes(content)
    with pytest.raises(CommandError) as caught:
        bootstrap(password_file)
    assert says in str(caught.value)
    if content.strip():
        assert content.decode("latin-1") not in str(caught.value)
    assert not User.objects.exists()


@pytest.mark.django_db
def test_it_says_which_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"missing cannot be read: No such file"):
        bootstrap(tmp_path / "missing")
    with pytest.raises(CommandError, match=r"cannot be read"):
        bootstrap(tmp_path)


@pytest.mark.django_db
def test_it_says_what_is_wrong_with_the_address(password_file: Path) -> None:
    with pytest.raises(CommandError, match="e-mail address"):
        bootstrap(password_file, email="nobody")
