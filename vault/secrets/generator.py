"""Random passwords and passphrases, and how many guesses they withstand.

Randomness comes from the operating system (`secrets`). The words are the EFF's large list: 7,776 words, five dice each
(Electronic Frontier Foundation, CC BY 3.0 US); wordlist.txt names the source.
"""

import math
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LOWER = "abcdefghijklmnopqrstuvwxyz"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
SYMBOLS = "!#$%&*+-./:;<=>?@^_~"
AMBIGUOUS = frozenset("0O1lI|")

PASSWORD_LENGTHS = (8, 128)
PASSPHRASE_WORDS = (4, 12)
SEPARATORS = ("-", " ", ".", "_", ",")


@cache
def words() -> tuple[str, ...]:
    """The 7,776 words."""
    lines = (Path(__file__).parent / "wordlist.txt").read_text(encoding="ascii").splitlines()
    return tuple(line for line in lines if not line.startswith("#"))


@dataclass(frozen=True, slots=True, repr=False)
class Generated:
    """`text`, and `bits`: the logarithm to base 2 of how many texts the same choices could have given."""

    text: str
    bits: float

    def __repr__(self) -> str:
        return "<Generated: redacted>"

    @property
    def strength(self) -> str:
        """The bits in words, for a secret that is guessed offline."""
        return "weak" if self.bits < 60 else "fair" if self.bits < 80 else "strong"


@dataclass(frozen=True, slots=True)
class PasswordChoices:
    """`length` from PASSWORD_LENGTHS; at least one class. Raises ValueError, with a sentence for the person."""

    length: int = 20
    lower: bool = True
    upper: bool = True
    digits: bool = True
    symbols: bool = True
    ambiguous: bool = False

    def __post_init__(self) -> None:
        least, most = PASSWORD_LENGTHS
        if not least <= self.length <= most:
            raise ValueError(f"A password has between {least} and {most} characters.")
        if not self.classes():
            raise ValueError("Choose at least one kind of character.")

    def classes(self) -> list[str]:
        """The alphabets chosen, each without look-alikes unless those are wanted."""
        chosen = ((self.lower, LOWER), (self.upper, UPPER), (self.digits, DIGITS), (self.symbols, SYMBOLS))
        left_out = frozenset[str]() if self.ambiguous else AMBIGUOUS
        return ["".join(c for c in alphabet if c not in left_out) for wanted, alphabet in chosen if wanted]

    def generate(self) -> Generated:
        """A password with at least one character of each class, all such passwords being equally likely."""
        classes = self.classes()
        alphabet = "".join(classes)
        while True:  # rejecting is what keeps them equally likely; the tightest choices accept about half
            text = "".join(secrets.choice(alphabet) for _ in range(self.length))
            if all(any(c in members for c in text) for members in classes):
                return Generated(text, math.log2(self._possible(classes, self.length)))

    @staticmethod
    def _possible(classes: list[str], length: int) -> int:
        """How many texts have a character of each class: inclusion and exclusion over the classes left out."""
        total = 0
        for left_out in range(1 << len(classes)):
            size = sum(len(members) for i, members in enumerate(classes) if not left_out >> i & 1)
            total += (-1) ** left_out.bit_count() * size**length
        return total


@dataclass(frozen=True, slots=True)
class PassphraseChoices:
    """`words` from PASSPHRASE_WORDS, `separator` of SEPARATORS. Raises ValueError, with a sentence for the person."""

    words: int = 6
    separator: str = "-"
    capitalize: bool = False
    number: bool = False

    def __post_init__(self) -> None:
        least, most = PASSPHRASE_WORDS
        if not least <= self.words <= most:
            raise ValueError(f"A passphrase has between {least} and {most} words.")
        if self.separator not in SEPARATORS:
            raise ValueError("Choose one of the separators offered.")

    def generate(self) -> Generated:
        """Words drawn independently; a number, if wanted, is one digit after a word chosen at random."""
        chosen = [secrets.choice(words()) for _ in range(self.words)]
        bits = self.words * math.log2(len(words()))
        if self.capitalize:
            chosen = [word.capitalize() for word in chosen]
        if self.number:
            place = secrets.randbelow(self.words)
            chosen[place] += secrets.choice(DIGITS)
            bits += math.log2(self.words * len(DIGITS))
        return Generated(self.separator.join(chosen), bits)
