"""Initials stand beside a name, escaped and in a colour that stays."""

import pytest

from vault.templatetags.holdfast import avatar, grouped


@pytest.mark.parametrize(
    ("name", "email", "initials"),
    [
        ("Alice Stone", "", "AS"),
        ("alice", "", "A"),
        ("Ana María de la Cruz", "", "AC"),
        ("", "bob.miller@example.com", "BM"),
        ("数据 保管", "", "数保"),
        ("ßtraße", "", "S"),
        ("<script>", "", "&lt;"),
        ("   ", "", "?"),
        ("", "", "?"),
    ],
)
def test_it_takes_the_first_letters_of_the_first_and_the_last_word(name: str, email: str, initials: str) -> None:
    assert avatar(name, email).endswith(f'aria-hidden="true">{initials}</span>')


def test_it_gives_a_person_the_same_colour_under_every_name() -> None:
    assert avatar("Alice", "a@example.com").split('"')[1] == avatar("Alicia", "a@example.com").split('"')[1]


def test_it_groups_a_key_so_that_it_can_be_typed() -> None:
    assert grouped("JBSWY3DPEHPK3", 4) == "JBSW Y3DP EHPK 3"
