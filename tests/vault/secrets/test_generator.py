"""Passwords and passphrases: what they are made of, and how many there could have been."""

import itertools
import math

import pytest

from vault.secrets import generator
from vault.secrets.generator import PassphraseChoices, PasswordChoices


def test_it_has_the_7776_words() -> None:
    words = generator.words()
    assert len(words) == len(set(words)) == 7776
    assert words[0] == "abacus"
    assert words[-1] == "zoom"
    assert all(word.islower() and word.isascii() for word in words)


@pytest.mark.parametrize("length", [8, 20, 128])
def test_it_gives_a_password_of_the_length_and_classes_asked_for(length: int) -> None:
    for _ in range(50):
        text = PasswordChoices(length=length).generate().text
        assert len(text) == length
        for members in (generator.LOWER, generator.UPPER, generator.DIGITS, generator.SYMBOLS):
            assert set(text) & set(members)
        assert not set(text) & generator.AMBIGUOUS


def test_it_uses_only_the_classes_that_were_chosen() -> None:
    choices = PasswordChoices(length=12, lower=False, upper=False, symbols=False, ambiguous=True)
    assert all(choices.generate().text.isdigit() for _ in range(20))


def test_it_counts_exactly_how_many_passwords_there_are() -> None:
    classes = ["ab", "1", "XY"]
    every = ["".join(text) for text in itertools.product("ab1XY", repeat=4)]
    having_all = [text for text in every if all(set(text) & set(members) for members in classes)]
    assert PasswordChoices._possible(classes, 4) == len(having_all)


def test_it_says_the_bits_of_a_password() -> None:
    choices = PasswordChoices(length=10, lower=False, upper=False, symbols=False, ambiguous=True)
    assert choices.generate().bits == pytest.approx(10 * math.log2(10))


@pytest.mark.parametrize(
    "wrong", [{"length": 7}, {"length": 129}, {"lower": False, "upper": False, "digits": False, "symbols": False}]
)
def test_it_refuses_choices_that_give_no_password(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        PasswordChoices(**wrong)  # type: ignore[arg-type]  # booleans among the numbers


def test_it_gives_a_passphrase_of_the_words_asked_for() -> None:
    made = PassphraseChoices(words=5, separator=" ").generate()
    parts = made.text.split(" ")
    assert len(parts) == 5
    assert set(parts) <= set(generator.words())
    assert made.bits == pytest.approx(5 * math.log2(7776))


def test_it_adds_capitals_and_a_digit() -> None:
    made = PassphraseChoices(words=4, separator=".", capitalize=True, number=True).generate()
    assert sum(character.isdigit() for character in made.text) == 1
    assert all(part[0].isupper() for part in made.text.split("."))
    assert made.bits == pytest.approx(4 * math.log2(7776) + math.log2(40))


@pytest.mark.parametrize("wrong", [{"words": 3}, {"words": 13}, {"separator": "\n"}])
def test_it_refuses_choices_that_give_no_passphrase(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        PassphraseChoices(**wrong)  # type: ignore[arg-type]  # on purpose


def test_it_does_not_repeat_itself_and_hides_in_repr() -> None:
    made = [PasswordChoices().generate() for _ in range(100)]
    assert len({each.text for each in made}) == 100
    assert made[0].text not in repr(made[0])
