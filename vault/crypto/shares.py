"""Shares of a root key: word lists for people to keep, any few of which give the key back (SLIP-39, Shamir's scheme).

A root key of 32 bytes becomes up to 16 lists of 33 words; as many as the threshold says rebuild it, and fewer tell
nothing about it. Each list ends with a checksum that finds up to three wrong words, and the place of a single one
(https://github.com/satoshilabs/slips/blob/master/slip-0039.md). FORMAT.md says which of its options are used.

For offline use: the library calls itself unhardened against who can measure the time that it takes.

Nothing that is raised here carries a word: the library's own errors quote words, and none of them is let out, not even
as what another error came from.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shamir_mnemonic import MnemonicError, generate_mnemonics, recover_ems, rs1024, wordlist
from shamir_mnemonic.constants import CUSTOMIZATION_STRING_EXTENDABLE, MAX_SHARE_COUNT
from shamir_mnemonic.shamir import ShareGroup
from shamir_mnemonic.share import Share as Slip39Share

from vault.crypto.errors import CryptoError
from vault.crypto.rootkey import root_key_material, root_key_text
from vault.crypto.secrecy import scrubbed

WORDS = 33
"""Words in a share of a root key: 4 of description, 26 of the key (256 bits), 3 of checksum."""
MAX_SHARES = MAX_SHARE_COUNT
"""The most shares of one split: 16."""

_CHECKSUM_WORDS = 3
_WORD_BITS = 10
_ITERATION_EXPONENT = 0
"""The fewest rounds of PBKDF2. They slow down who guesses a passphrase, and there is none."""

_ABBREVIATED = 4
"""SLIP-39's words differ in their first four letters, and what is punched into metal often has no more."""
_NUMBER_OF_WORD = {
    text: number for number, word in enumerate(wordlist.WORDLIST) for text in (word, word[:_ABBREVIATED])
}


class BadShare(CryptoError, ValueError):
    """A share is mistyped, incomplete, or of another split. The message names no word, only numbers, from 1.

    ``share``: the number of the share among those given; None if there was one only, or all of them are meant.
    ``word``: the number of the word in its share that is or may be wrong; None if it is not known.
    """

    def __init__(self, problem: str, *, share: int | None = None, word: int | None = None) -> None:
        self.problem = problem
        self.share = share
        self.word = word
        super().__init__(problem if share is None else f"Share {share}: {problem}")


@dataclass(frozen=True, slots=True)
class Share:
    """What a share says about itself; nothing of the key.

    ``identifier``: of its split, 0 to 32,767. ``index``: its place in the list that ``split`` gave, from 0.
    ``threshold``: how many shares rebuild the key.
    """

    identifier: int
    index: int
    threshold: int


@scrubbed
def split(root_key_text: str, *, threshold: int, shares: int) -> list[str]:
    """The ``shares`` word lists of a root key's text (``hfroot1-…``), any ``threshold`` of which give it back.

    Words are in lower case, with one space between. Two splits of one key have shares that do not go together.
    Raises MalformedRootKey; ValueError unless 2 <= threshold <= shares <= 16: one share that is enough by itself is
    nothing but a copy of the key.
    """
    if not 2 <= threshold <= shares <= MAX_SHARES:
        raise ValueError(
            f"A root key is split into 2 to {MAX_SHARES} shares, and at least 2 of them, and at most all, are needed "
            f"to rebuild it: {threshold} of {shares} is not possible."
        )
    made: list[str]
    (made,) = generate_mnemonics(
        group_threshold=1,
        groups=[(threshold, shares)],
        master_secret=root_key_material(root_key_text),
        passphrase=b"",
        extendable=True,
        iteration_exponent=_ITERATION_EXPONENT,
    )
    return made


@scrubbed
def combine(mnemonics: Iterable[str]) -> str:
    """The text of the root key (``hfroot1-…``) whose shares these are.

    Takes shares as ``normalized`` does, in any order; more than are needed are all checked. Raises BadShare: for a
    share that is not right in itself, for too few, for one given twice, for one of another split, and for shares that
    do not fit together although each is right.
    """
    read = [_numbered(mnemonic, number) for number, mnemonic in enumerate(mnemonics, 1)]
    if not read:
        raise BadShare("There is no share.")
    threshold = read[0].member_threshold
    for number, share in enumerate(read, 1):
        if share.group_parameters() != read[0].group_parameters():
            raise BadShare("it is of another split than share 1, and they do not go together.", share=number)
        same = next(earlier for earlier, other in enumerate(read, 1) if other.index == share.index)
        if same < number:
            raise BadShare(f"it is the same as share {same}. Give another one.", share=number)
    if len(read) < threshold:
        raise BadShare(f"{threshold} shares are needed to rebuild the key, and {len(read)} were given.")
    needed, further = read[:threshold], read[threshold:]
    key = _rebuilt(needed)
    if key is None or any(_rebuilt([*needed[1:], share]) != key for share in further):
        raise BadShare(
            "The shares do not fit together, although each is right in itself: one of them is of another split or was "
            "made up. Try other ones."
        )
    return root_key_text(key)


@scrubbed
def read_share(mnemonic: str) -> Share:
    """What a share says about itself, once its words and its checksum are right. Raises BadShare, without a number."""
    share = _share(mnemonic)
    return Share(share.identifier, share.index, share.member_threshold)


@scrubbed
def normalized(mnemonic: str) -> str:
    """A share as ``split`` wrote it: the one form of it, for comparing.

    Takes words in upper or lower case, with any white space between, whole or cut to their first four letters. Raises
    BadShare, without a number.
    """
    mnemonic_as_written: str = _share(mnemonic).mnemonic()
    return mnemonic_as_written


def _numbered(mnemonic: str, number: int) -> Slip39Share:
    try:
        return _share(mnemonic)
    except BadShare as bad:
        raise BadShare(bad.problem, share=number, word=bad.word) from None


def _share(mnemonic: str) -> Slip39Share:
    numbers = _numbers(mnemonic.casefold().split())
    share = _read(numbers)
    if share is None:
        raise _wrong_words(numbers)
    if share.group_count != 1:
        raise BadShare("it is of a split with groups, which Holdfast does not make.")
    return share


def _numbers(words: Sequence[str]) -> list[int]:
    """The number of each word in SLIP-39's list. Raises BadShare."""
    for place, word in enumerate(words, 1):
        if word not in _NUMBER_OF_WORD:
            raise BadShare(f"word {place} is not one of the word list. Look for a letter that was misread.", word=place)
    if len(words) != WORDS:
        raise BadShare(f"a share of a root key has {WORDS} words, and this has {len(words)}.")
    return [_NUMBER_OF_WORD[word] for word in words]


def _read(numbers: Sequence[int]) -> Slip39Share | None:
    """The share in the numbers of its words; None if the checksum or the padding is wrong."""
    try:
        return Slip39Share.from_mnemonic(wordlist.mnemonic_from_indices(numbers))
    except MnemonicError:
        return None


def _rebuilt(shares: Sequence[Slip39Share]) -> bytes | None:
    """The key in exactly as many shares as are needed; None if the digest in them says that it is not theirs."""
    group = ShareGroup()
    for share in shares:
        group.add(share)
    try:
        key: bytes = recover_ems({shares[0].group_index: group}).decrypt(b"")
    except MnemonicError:
        return None
    return key


def _wrong_words(numbers: Sequence[int]) -> BadShare:
    place = _wrong_word(numbers)
    if place is None:
        return BadShare("its checksum does not match: two or more words are wrong, or in another order.")
    return BadShare(
        f"its checksum does not match. If only one word is wrong, it is word {place}: look at it again.", word=place
    )


def _wrong_word(numbers: Sequence[int]) -> int | None:
    """The place, from 1, of the one word that another would have to stand for to make the checksum right.

    The checksum is a Reed-Solomon code over words, with a distance of 4: for one wrong word there is one such place,
    for two there is none. It is linear, so what a word at one place can do to the checksum is the span of what its ten
    bits do. Which word it would be is not worked out: SLIP-39 asks to point at errors, and not to correct them.
    """
    described, checksum = numbers[:-_CHECKSUM_WORDS], numbers[-_CHECKSUM_WORDS:]
    nothing = _checksum([0] * len(described))
    difference = _checksum(described) ^ _joined(checksum)
    for place in range(len(numbers)):
        span = {0}
        for bit in range(_WORD_BITS):
            word = [0] * len(numbers)
            word[place] = 1 << bit
            effect = _checksum(word[:-_CHECKSUM_WORDS]) ^ nothing ^ _joined(word[-_CHECKSUM_WORDS:])
            span |= {sum_of_bits ^ effect for sum_of_bits in span}
        if difference in span:
            return place + 1
    return None


def _checksum(numbers: Sequence[int]) -> int:
    return _joined(rs1024.create_checksum(numbers, CUSTOMIZATION_STRING_EXTENDABLE))


def _joined(numbers: Iterable[int]) -> int:
    joined = 0
    for number in numbers:
        joined = joined << _WORD_BITS | number
    return joined
