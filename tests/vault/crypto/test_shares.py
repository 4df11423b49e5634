"""Root keys in word lists: any few give the key back, fewer tell nothing, and what is mistyped is found.

slip39/vectors.json has some of the official vectors of SLIP-39, which come with the passphrase TREZOR.
"""

import json
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics
from shamir_mnemonic.share import Share as Slip39Share
from shamir_mnemonic.wordlist import WORDLIST

from vault.crypto.rootkey import MalformedRootKey, generate_root_key_text, root_key_text
from vault.crypto.shares import MAX_SHARES, WORDS, BadShare, Share, combine, normalized, read_share, split

VECTORS = json.loads((Path(__file__).parent / "slip39" / "vectors.json").read_text(encoding="ascii"))
KEY = root_key_text(bytes(range(32)))
OF_FIVE = split(KEY, threshold=3, shares=5)


def _with_word(mnemonic: str, place: int, word: str) -> str:
    words = mnemonic.split()
    words[place - 1] = word
    return " ".join(words)


def _another_word(mnemonic: str, place: int, step: int = 1) -> str:
    """The mnemonic with another word of the list at a place, from 1."""
    number = WORDLIST.index(mnemonic.split()[place - 1])
    return _with_word(mnemonic, place, WORDLIST[(number + step) % len(WORDLIST)])


@pytest.mark.parametrize(("name", "mnemonics", "secret"), VECTORS, ids=[name for name, *_ in VECTORS])
def test_the_library_answers_the_official_vectors(name: str, mnemonics: list[str], secret: str) -> None:
    if secret:
        assert combine_mnemonics(mnemonics, b"TREZOR").hex() == secret
    else:
        with pytest.raises(MnemonicError):
            combine_mnemonics(mnemonics, b"TREZOR")


@pytest.mark.parametrize(("name", "mnemonics", "secret"), VECTORS, ids=[name for name, *_ in VECTORS])
def test_it_takes_of_them_what_can_be_a_root_key_and_refuses_the_rest(
    name: str, mnemonics: list[str], secret: str
) -> None:
    if secret and "256 bits" in name and "group" not in name:
        assert combine(mnemonics) == root_key_text(combine_mnemonics(mnemonics, b""))
    else:
        with pytest.raises(BadShare):
            combine(mnemonics)


@settings(deadline=None, max_examples=25)
@given(st.binary(min_size=32, max_size=32), st.data())
def test_any_as_many_as_are_needed_give_the_key_back_and_fewer_never(material: bytes, data: st.DataObject) -> None:
    shares = data.draw(st.integers(2, MAX_SHARES))
    threshold = data.draw(st.integers(2, shares))
    text = root_key_text(material)
    made = split(text, threshold=threshold, shares=shares)
    chosen = data.draw(st.permutations(made))
    count = data.draw(st.integers(1, shares))
    if count >= threshold:
        assert combine(chosen[:count]) == text
    else:
        with pytest.raises(BadShare, match=f"{threshold} shares are needed .* and {count} were given"):
            combine(chosen[:count])


def test_every_three_of_five_are_enough_in_any_order() -> None:
    for three in combinations(OF_FIVE, 3):
        assert combine(three) == combine(reversed(three)) == KEY


def test_shares_are_lists_of_33_words_that_say_what_they_are() -> None:
    assert {len(mnemonic.split(" ")) for mnemonic in OF_FIVE} == {WORDS} == {33}
    told = [read_share(mnemonic) for mnemonic in OF_FIVE]
    assert told == [Share(told[0].identifier, index, 3) for index in range(5)]
    assert 0 <= told[0].identifier < 2**15


def test_they_use_the_options_that_are_described() -> None:
    for mnemonic in OF_FIVE:
        share = Slip39Share.from_mnemonic(mnemonic)
        assert (share.extendable, share.iteration_exponent) == (True, 0)
        assert (share.group_index, share.group_count, share.group_threshold) == (0, 1, 1)


def test_a_share_of_a_split_with_groups_is_none_of_ours() -> None:
    with pytest.raises(BadShare, match="Share 1: it is of a split with groups"):
        combine(VECTORS[11][1])


def test_any_tool_for_slip39_combines_them_without_a_passphrase() -> None:
    assert combine_mnemonics(OF_FIVE[1:4]) == bytes(range(32))


def test_it_combines_what_another_tool_has_split() -> None:
    for extendable, exponent in ((True, 1), (False, 0)):
        (made,) = generate_mnemonics(1, [(2, 3)], bytes(range(32)), b"", extendable, exponent)
        assert combine(made[1:]) == KEY


def test_two_splits_of_one_key_have_nothing_in_common() -> None:
    again = split(KEY, threshold=3, shares=5)
    assert not set(again) & set(OF_FIVE)
    pairs = [list(zip(one.split(), other.split(), strict=True)) for one, other in zip(OF_FIVE, again, strict=True)]
    assert all(sum(one == other for one, other in pair[4:]) < 8 for pair in pairs)


def test_fewer_shares_that_claim_to_be_enough_are_not() -> None:
    # Who has two of three can write a smaller threshold into them, with a right checksum.
    forged = [replace(Slip39Share.from_mnemonic(mnemonic), member_threshold=2).mnemonic() for mnemonic in OF_FIVE[:2]]
    assert [read_share(mnemonic).threshold for mnemonic in forged] == [2, 2]
    with pytest.raises(BadShare, match="do not fit together"):
        combine(forged)


def test_shares_of_two_splits_are_told_apart() -> None:
    other = split(KEY, threshold=3, shares=5)
    with pytest.raises(BadShare, match="Share 3: it is of another split than share 1") as caught:
        combine([OF_FIVE[0], OF_FIVE[1], other[2], OF_FIVE[3]])
    assert caught.value.share == 3


def test_shares_that_only_look_alike_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shamir_mnemonic.shamir._random_identifier", lambda: 7)
    one, other = (split(KEY, threshold=2, shares=3) for _ in range(2))
    with pytest.raises(BadShare, match="do not fit together") as caught:
        combine([one[0], other[1]])
    assert caught.value.share is None
    for mixed in ([one[0], one[1], other[2]], [one[0], one[1], one[2]]):
        if other[2] in mixed:
            with pytest.raises(BadShare, match="do not fit together"):
                combine(mixed)
        else:
            assert combine(mixed) == KEY


def test_a_share_that_is_given_twice_counts_once() -> None:
    with pytest.raises(BadShare, match="Share 3: it is the same as share 1") as caught:
        combine([OF_FIVE[0], OF_FIVE[1], OF_FIVE[0].upper()])
    assert caught.value.share == 3


def test_no_share_is_not_enough() -> None:
    with pytest.raises(BadShare, match="no share"):
        combine([])


@pytest.mark.parametrize("place", range(1, 34))
def test_the_place_of_one_wrong_word_is_found(place: int) -> None:
    for step in (1, 512, 1023):
        with pytest.raises(BadShare, match=f"^Share 2: .* it is word {place}:") as caught:
            combine([OF_FIVE[0], _another_word(OF_FIVE[1], place, step)])
        assert (caught.value.share, caught.value.word) == (2, place)


@settings(deadline=None, max_examples=50)
@given(st.sets(st.integers(1, 33), min_size=2, max_size=3), st.integers(1, 1023), st.integers(0, 4))
def test_two_or_three_wrong_words_are_found_too(places: set[int], step: int, which: int) -> None:
    mnemonic = OF_FIVE[which]
    for place in places:
        mnemonic = _another_word(mnemonic, place, step)
    with pytest.raises(BadShare, match="checksum does not match") as caught:
        read_share(mnemonic)
    if len(places) == 2:
        assert caught.value.word is None


def test_two_words_in_the_wrong_order_are_found() -> None:
    words = OF_FIVE[0].split()
    words[9], words[10] = words[10], words[9]
    with pytest.raises(BadShare, match="in another order"):
        read_share(" ".join(words))


@pytest.mark.parametrize("word", ["hunter2", "academi", "ac\u0430demic", "aca", "-", "12"])
def test_a_word_that_is_none_is_named_by_its_number(word: str) -> None:
    for place in (1, 20, 33):
        with pytest.raises(BadShare, match=f"^Share 1: word {place} is not one") as caught:
            combine([_with_word(OF_FIVE[0], place, word)])
        assert (caught.value.share, caught.value.word) == (1, place)


@pytest.mark.parametrize("count", [0, 1, 20, 32, 34, 66])
def test_a_share_of_another_length_is_none(count: int) -> None:
    with pytest.raises(BadShare, match=f"has 33 words, and this has {count}"):
        read_share(" ".join((OF_FIVE[0] + " " + OF_FIVE[1]).split()[:count]))


def test_it_reads_shares_as_people_write_them() -> None:
    asked = OF_FIVE[0]
    short = " ".join(word[:4] for word in asked.split())
    for written in (asked, asked.upper(), asked.title(), f"\n {asked} \t", asked.replace(" ", "\n"), short):
        assert normalized(written) == asked
        assert combine([written, *OF_FIVE[1:3]]) == KEY


def test_words_may_be_cut_to_four_letters_because_they_differ_in_those() -> None:
    assert len({word[:4] for word in WORDLIST}) == len(WORDLIST) == 1024


def test_no_error_carries_a_word() -> None:
    one = VECTORS[8][1][0]
    spoilt = [
        [_another_word(one, 7)],
        [_with_word(one, 7, "hunter2")],
        [_another_word(_another_word(one, 7), 9)],
        [one[:-9]],
        [one],
        [one, one],
        [one, VECTORS[13][1][1]],
        VECTORS[7][1],
        VECTORS[11][1],
    ]
    for mnemonics in spoilt:
        with pytest.raises(BadShare) as caught:
            combine(mnemonics)
        told: list[str] = []
        error: BaseException | None = caught.value
        while error is not None:
            told += re.findall(r"[a-z]+", " ".join(map(str, error.args)).lower())
            error = error.__context__
        assert told
        assert not {word for mnemonic in mnemonics for word in mnemonic.split()} & {*told}


@pytest.mark.parametrize(("threshold", "shares"), [(1, 1), (1, 5), (0, 5), (6, 5), (-1, 3), (2, 17), (17, 17), (2, 0)])
def test_it_refuses_splits_that_are_none(threshold: int, shares: int) -> None:
    with pytest.raises(ValueError, match=f"{threshold} of {shares} is not possible"):
        split(KEY, threshold=threshold, shares=shares)


def test_it_splits_nothing_but_a_root_key() -> None:
    for text in ("hunter2", generate_root_key_text()[:-1], KEY[:-1] + ("A" if KEY[-1] != "A" else "B")):
        with pytest.raises(MalformedRootKey):
            split(text, threshold=2, shares=3)
