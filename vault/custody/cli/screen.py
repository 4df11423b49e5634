"""Words of a root key on a terminal: on the alternate screen, which is wiped and leaves nothing to scroll back to."""

import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from vault.crypto.shares import WORDS, BadShare, normalized
from vault.custody.cli.console import Console, DoesNotHold, Refused

# xterm's control sequences: 1049 switches to a screen without scrollback and back; 2J wipes it, 3J what scrolled off.
_ENTER = "\x1b[?1049h"
_WIPE = "\x1b[2J\x1b[3J\x1b[H"
_LEAVE = "\x1b[?1049l"

_COLUMNS = 3


@contextmanager
def wiped(console: Console) -> Iterator[Callable[[], None]]:
    """The alternate screen on standard error; yields what wipes it. Left wiped, also after an error."""
    terminal = console.stderr.isatty()

    def wipe() -> None:
        if terminal:
            console.write(_WIPE)

    with _signals_wait_for_the_wiping():
        try:
            if terminal:
                console.write(_ENTER)
            wipe()
            yield wipe
        finally:
            wipe()
            if terminal:
                console.write(_LEAVE)


@contextmanager
def _signals_wait_for_the_wiping() -> Iterator[None]:
    """What ends the program ends it as Ctrl-C does, and Ctrl-Z does nothing: a shell would stand beside the words."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)  # as shells count

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)}
    before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def show_share(console: Console, words: str, *, heading: str) -> None:
    """Shows one share until it is written down, then asks two of its words back; shows it again if one is wrong."""
    listed = words.split()
    with wiped(console) as wipe:
        while True:
            console.note(f"{heading}\n\n")
            for line in _columns(listed):
                console.note(line)
            console.ask("\nWrite these words down with their numbers. Press Enter when you have: ")
            wipe()
            if all(_asked_back(console, listed, place) for place in _two_places()):
                return
            console.note("That is not the word. Look at the share again.\n\n")


def read_share(console: Console, number: int, accept: Callable[[str], None]) -> str:
    """The words of one share, as `normalized` has them, typed over any number of lines.

    `accept` raises `BadShare` for a share that does not go with the others. Somebody at a terminal is asked again until
    it is right. Without a terminal it is one line of standard input. Raises `DoesNotHold` for a wrong one then, and
    `Refused` at the end of the input.
    """
    if not console.stdin.isatty():
        line = _line_of_input(console, number)
        try:
            words = normalized(line)
            accept(words)
        except BadShare as bad:
            raise DoesNotHold(f"Share {number}: {bad.problem}") from None
        return words
    if not console.private:
        raise Refused("Standard error must be the terminal, too: it is what wipes the words that are typed.")
    with wiped(console) as wipe:
        while True:
            console.note(f"Share {number}: type its {WORDS} words. Press Enter after as many as you like.\n\n")
            try:
                words = normalized(_typed(console))
                accept(words)
            except BadShare as bad:
                wipe()
                console.note(f"{bad.problem[:1].upper()}{bad.problem[1:]}\n\n")
            else:
                return words


def _typed(console: Console) -> str:
    words: list[str] = []
    while len(words) < WORDS:
        line = console.ask_or_end(f"Words from number {len(words) + 1}: ")
        if line is None:
            raise Refused("The input ended before the share was complete. Nothing was done.")
        words += line.split()
    return " ".join(words)


def _line_of_input(console: Console, number: int) -> str:
    while True:
        line = console.stdin.readline()
        if not line:
            raise Refused(f"Share {number} is missing: one share per line on standard input.")
        if line.strip():
            return line


def _columns(words: list[str]) -> list[str]:
    height = -(-len(words) // _COLUMNS)
    numbered = [f"{number:>4}  {word:<12}" for number, word in enumerate(words, 1)]
    return ["".join(numbered[row::height]).rstrip() for row in range(height)]


def _two_places() -> list[int]:
    return sorted(secrets.SystemRandom().sample(range(1, WORDS + 1), 2))


def _asked_back(console: Console, words: list[str], place: int) -> bool:
    return console.ask(f"To be sure: which is word {place}? ").casefold() == words[place - 1]
